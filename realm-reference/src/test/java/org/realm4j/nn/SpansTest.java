package org.realm4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;
import org.realm4j.text.Vocabulary;

class SpansTest {
  private static final String SEED = "1906003";
  private static final int TRIES = 100;
  private static final Vocabulary VOCABULARY =
      Vocabulary.of(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d"));

  /** Gaps before passages and their lengths, in turn. */
  private static ReadWindow window(List<Integer> gapsAndLengths) {
    int n = gapsAndLengths.size() / 2;
    int[] from = new int[n];
    int[] to = new int[n];
    int row = 0;
    for (int i = 0; i < n; i++) {
      from[i] = row + gapsAndLengths.get(2 * i);
      to[i] = from[i] + gapsAndLengths.get(2 * i + 1);
      row = to[i];
    }
    return new ReadWindow(from, to);
  }

  @Provide
  Arbitrary<ReadWindow> windows() {
    return Arbitraries.integers().between(0, 14).list().ofMaxSize(8).map(SpansTest::window);
  }

  @Property(tries = TRIES, seed = SEED)
  void areAllPairsInsideAPassageByWidthThenStart(
      @ForAll("windows") ReadWindow window, @ForAll @IntRange(min = 1, max = 11) int maxWidth) {
    List<List<Integer>> expected = new ArrayList<>();
    for (int q = 0; q < window.sequences(); q++) {
      for (int width = 1; width <= maxWidth; width++) {
        for (int start = window.from()[q]; start < window.to()[q]; start++) {
          if (start + width <= window.to()[q]) {
            expected.add(List.of(q, start, start + width - 1));
          }
        }
      }
    }
    Spans spans = Spans.of(window, maxWidth);
    List<List<Integer>> found = new ArrayList<>();
    int[] sequenceOf = spans.sequenceOf();
    for (int i = 0; i < spans.size(); i++) {
      found.add(List.of(sequenceOf[i], spans.startRow(i), spans.endRow(i)));
    }
    assertEquals(expected, found);
  }

  @Property(tries = TRIES, seed = SEED)
  void thereAreAsManyAsTheSumOverWidths(
      @ForAll("windows") ReadWindow window, @ForAll @IntRange(min = 1, max = 11) int maxWidth) {
    Spans spans = Spans.of(window, maxWidth);
    for (int q = 0; q < window.sequences(); q++) {
      int length = window.to()[q] - window.from()[q];
      int count = 0;
      for (int w = 1; w <= Math.min(maxWidth, length); w++) {
        count += length - w + 1;
      }
      assertEquals(count, spans.offsets()[q + 1] - spans.offsets()[q], "sequence " + q);
    }
  }

  @Property(tries = TRIES, seed = SEED)
  void indexOfFindsEverySpanAndNothingElse(
      @ForAll("windows") ReadWindow window, @ForAll @IntRange(min = 1, max = 11) int maxWidth) {
    Spans spans = Spans.of(window, maxWidth);
    int rows = window.sequences() == 0 ? 0 : window.to()[window.sequences() - 1] + 2;
    for (int q = 0; q < window.sequences(); q++) {
      for (int start = 0; start < rows; start++) {
        for (int end = Math.max(0, start - 2); end < rows; end++) {
          int expected = -1;
          for (int i = spans.offsets()[q]; i < spans.offsets()[q + 1]; i++) {
            if (spans.startRow(i) == start && spans.endRow(i) == end) {
              expected = i;
            }
          }
          assertEquals(expected, spans.indexOf(q, start, end), q + ": " + start + " to " + end);
        }
      }
    }
  }

  @Property(tries = TRIES, seed = SEED)
  void theWindowIsThePassageAsFarAsItFits(
      @ForAll @Size(max = 5) List<@IntRange(min = 5, max = 8) Integer> question,
      @ForAll @Size(max = 9) List<@IntRange(min = 5, max = 8) Integer> passage,
      @ForAll @IntRange(min = 3, max = 20) int limit) {
    int[] q = ints(question);
    int[] z = ints(passage);
    InputSequence one = InputSequence.join(VOCABULARY, limit, q, z);
    TokenBatch batch = TokenBatch.of(List.of(one, one));
    ReadWindow window = ReadWindow.of(batch);
    int fits = Math.min(z.length, limit - 3 - Math.min(q.length, limit - 3));
    for (int i = 0; i < 2; i++) {
      assertArrayEquals(
          Arrays.copyOf(z, fits),
          Arrays.copyOfRange(batch.ids(), window.from()[i], window.to()[i]));
    }
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  @Test
  void aQuestionAloneHasNoPassage() {
    InputSequence alone = InputSequence.join(VOCABULARY, 9, new int[] {5, 6});
    ReadWindow window = ReadWindow.of(TokenBatch.of(List.of(alone)));
    assertEquals(0, Spans.of(window, 10).size());
  }

  @Test
  void wrongWidthsAndWindowsAreSaid() {
    ReadWindow window = new ReadWindow(new int[] {2}, new int[] {4});
    assertThrows(RealmException.BadInput.class, () -> Spans.of(window, 0));
    assertThrows(
        IllegalArgumentException.class, () -> new ReadWindow(new int[] {2, 3}, new int[] {4, 5}));
    assertThrows(
        IllegalArgumentException.class, () -> new ReadWindow(new int[] {2}, new int[] {1}));
  }
}
