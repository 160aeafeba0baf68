package org.realm4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.text.Vocabulary;

/** Invariant 18: how texts become inputs. */
class InputSequenceTest {
  private static final Vocabulary VOCABULARY = TinyRealm.vocabulary();

  @Provide
  Arbitrary<int[]> parts() {
    return Arbitraries.integers()
        .between(5, VOCABULARY.size() - 1)
        .array(int[].class)
        .ofMaxSize(12);
  }

  @Property(seed = "18", tries = 300)
  void joinsPartsWithinTheLimit(
      @ForAll @Size(min = 1, max = 4) List<@net.jqwik.api.From("parts") int[]> parts,
      @ForAll @IntRange(min = 5, max = 30) int limit) {
    int[][] array = parts.toArray(int[][]::new);
    InputSequence s = InputSequence.join(VOCABULARY, limit, array);
    int content = parts.stream().mapToInt(p -> p.length).sum();
    assertEquals(Math.min(limit, 1 + array.length + content), s.length());
    assertEquals(VOCABULARY.cls(), s.ids()[0]);
    assertEquals(0, s.segments()[0]);
    int at = 1;
    boolean full = false; // once a part was cut, nothing of the later ones is left
    for (int i = 0; i < array.length; i++) {
      int taken = 0;
      while (s.ids()[at + taken] != VOCABULARY.sep()) {
        taken++;
      }
      assertArrayEquals(
          Arrays.copyOf(array[i], taken), Arrays.copyOfRange(s.ids(), at, at + taken));
      assertTrue(!full || taken == 0);
      full |= taken < array[i].length;
      for (int t = at; t <= at + taken; t++) {
        assertEquals(i, s.segments()[t]);
      }
      at += taken + 1;
    }
    assertEquals(s.length(), at);
  }

  @Test
  void specialTokensAlwaysFit() {
    assertEquals(3, InputSequence.join(VOCABULARY, 3, new int[9], new int[9]).length());
    RealmException e =
        assertThrows(
            RealmException.BadInput.class,
            () -> InputSequence.join(VOCABULARY, 2, new int[9], new int[9]));
    assertEquals("sequence limit: expected at least 3 tokens, found 2", e.getMessage());
  }

  @Test
  void theModelsInputsAreThoseOfThePaper() {
    RealmModel model = TinyRealm.model(); // 24 tokens a query, 40 a passage
    int cls = VOCABULARY.cls();
    int sep = VOCABULARY.sep();
    int[] long100 = new int[100];
    Arrays.fill(long100, 7);
    assertArrayEquals(new int[] {cls, 8, 9, sep}, model.query(new int[] {8, 9}).ids());
    assertEquals(24, model.query(long100).length());
    assertArrayEquals(
        new int[] {cls, 8, sep, 9, 9, sep}, model.document(new int[] {8}, new int[] {9, 9}).ids());
    assertEquals(40, model.document(long100, long100).length());
    // The encoder: [CLS] x [SEP] z [SEP], x and z cut as they are when they stand alone.
    InputSequence joint = model.joint(long100, long100);
    assertEquals(1 + 22 + 1 + 38 + 1, joint.length());
    assertEquals(sep, joint.ids()[23]);
    assertEquals(1 + 1 + 1 + 38 + 1, model.joint(new int[] {8}, long100).length());
    assertArrayEquals(
        new int[] {cls, 8, sep, 9, sep}, model.joint(new int[] {8}, new int[] {9}).ids());
    assertArrayEquals(
        new int[] {0, 0, 0, 1, 1}, model.joint(new int[] {8}, new int[] {9}).segments());
  }

  @Test
  void theNullDocumentHasThreeTokens() {
    RealmModel model = TinyRealm.model();
    InputSequence empty = model.document(new int[0], new int[0]);
    assertArrayEquals(
        new int[] {VOCABULARY.cls(), VOCABULARY.sep(), VOCABULARY.sep()}, empty.ids());
    assertArrayEquals(new int[] {0, 0, 1}, empty.segments());
  }

  @Test
  void aBatchPacksWithoutPadding() {
    List<InputSequence> sequences = new ArrayList<>();
    for (int n : new int[] {1, 4, 2}) {
      sequences.add(InputSequence.join(VOCABULARY, 20, new int[n]));
    }
    TokenBatch batch = TokenBatch.of(sequences);
    assertArrayEquals(new int[] {0, 3, 9, 13}, batch.offsets());
    assertArrayEquals(new int[] {0, 1, 2, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3}, batch.positions());
    assertArrayEquals(new int[] {0, 3, 9}, batch.firstRows());
  }
}
