package org.realm4j.qa;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.ReadWindow;
import org.realm4j.nn.Spans;
import org.realm4j.nn.TokenBatch;
import org.realm4j.text.Vocabulary;

class TokenMatchesTest {
  private static final Vocabulary VOCABULARY =
      Vocabulary.of(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"));

  private static TokenBatch joint(int limit, int[] question, int[]... passages) {
    return TokenBatch.of(
        Arrays.stream(passages)
            .map(z -> InputSequence.join(VOCABULARY, limit, question, z))
            .toList());
  }

  private static TokenMatches matches(TokenBatch joint, int[]... answers) {
    return TokenMatches.of(
        joint, ReadWindow.of(joint), Collections.nCopies(joint.sequences(), List.of(answers)));
  }

  @Property(tries = 200, seed = "1906003")
  void startsAreAllPlacesWhereTheTokensAreEqual(
      @ForAll @Size(max = 20) List<@IntRange(max = 1) Integer> tokens,
      @ForAll @Size(min = 1, max = 4) List<@IntRange(max = 1) Integer> wanted,
      @ForAll @IntRange(max = 20) int a,
      @ForAll @IntRange(max = 20) int b) {
    int from = Math.min(Math.min(a, b), tokens.size());
    int to = Math.min(Math.max(a, b), tokens.size());
    List<Integer> expected = new ArrayList<>();
    for (int at = from; at <= to; at++) {
      if (at + wanted.size() <= to && tokens.subList(at, at + wanted.size()).equals(wanted)) {
        expected.add(at);
      }
    }
    assertArrayEquals(ints(expected), TokenMatches.starts(ints(tokens), from, to, ints(wanted)));
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  @Test
  void overlappingOnesCountAndNothingMatchesNothing() {
    int[] tokens = {5, 6, 5, 6, 5};
    assertArrayEquals(new int[] {0, 2}, TokenMatches.starts(tokens, 0, 5, new int[] {5, 6, 5}));
    assertArrayEquals(new int[0], TokenMatches.starts(tokens, 0, 5, new int[0]));
  }

  @Test
  void onlyPassagesCountAndOnlyAsFarAsTheyAreRead() {
    int[] question = {5, 6};
    int[] passage = {7, 5, 6, 7, 7, 6};
    // The question holds the answer, the passage at 1; [CLS] 5 6 [SEP] comes before.
    TokenMatches whole = matches(joint(20, question, passage), new int[] {5, 6});
    assertArrayEquals(new int[] {5}, whole.starts());
    assertArrayEquals(new int[] {6}, whole.ends());
    // After 7 5 the limit cuts.
    TokenMatches cut = matches(joint(7, question, passage), new int[] {5, 6});
    assertEquals(0, cut.starts().length);
    assertArrayEquals(new boolean[] {false}, cut.hasAnswer());
  }

  @Test
  void marksPassagesAndSpans() {
    int[] question = {5};
    TokenBatch all = joint(20, question, new int[] {6, 7, 6}, new int[] {5, 5}, new int[] {7, 6});
    TokenMatches found = matches(all, new int[] {6}, new int[] {6, 7, 6}, new int[] {7, 6});
    assertArrayEquals(new boolean[] {true, false, true}, found.hasAnswer());
    // By answer, then by place: 6 twice, 6 7 6, 7 6 in the first, 6 and 7 6 in the third.
    assertArrayEquals(new int[] {0, 0, 0, 0, 2, 2}, found.sequences());
    Spans spans = Spans.of(ReadWindow.of(joint(20, question, new int[] {6, 7, 6})), 2);
    // 6, 7, 6, 6 7, 7 6; the answer of three is too wide, the third passage is not read.
    assertArrayEquals(new boolean[] {true, false, true, false, true}, found.correct(spans));
  }

  @Test
  void answersOfAnotherBatchAreSaid() {
    TokenBatch joint = joint(20, new int[] {5}, new int[] {6});
    assertThrows(
        IllegalArgumentException.class,
        () -> TokenMatches.of(joint, ReadWindow.of(joint), List.of()));
  }
}
