package org.realm4j.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;
import org.realm4j.reference.kernels.ScalarKernels;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndex.Hits;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.tensor.CounterRandom;

class ExactMipsIndexTest {
  /** Few different values, so that equal scores and equal rows are frequent. */
  private static float[] coarse(int n, int key) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = CounterRandom.below(3, key, i) - 1;
    }
    return x;
  }

  private static Hits bruteForce(float[] vectors, int dimension, float[] q, int k) {
    int n = vectors.length / dimension;
    float[] scores = new float[n];
    for (int r = 0; r < n; r++) {
      scores[r] = new ScalarKernels().dot(vectors, r * dimension, q, 0, dimension) + 0f;
    }
    int[] rows =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer r) -> -scores[r]).thenComparing(r -> r))
            .limit(k)
            .mapToInt(r -> r)
            .toArray();
    float[] best = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      best[i] = scores[rows[i]];
    }
    return new Hits(rows, best);
  }

  @Property(tries = 150)
  void equalsSortingByBruteForce(
      @ForAll @IntRange(min = 0, max = 700) int rows,
      @ForAll @IntRange(min = 1, max = 70) int dimension,
      @ForAll @IntRange(min = 1, max = 9) int count,
      @ForAll @IntRange(min = 1, max = 40) int k,
      @ForAll @IntRange(min = 0, max = 1000) int key) {
    float[] vectors = coarse(rows * dimension, key);
    float[] queries = coarse(count * dimension, key + 1);
    for (KernelChoice choice : SameBitsTest.choices()) {
      try (MipsIndex index = new ExactMipsIndex(vectors, dimension, 1 + key % 3, choice)) {
        Hits[] hits = index.search(queries, count, k);
        for (int q = 0; q < count; q++) {
          float[] query = Arrays.copyOfRange(queries, q * dimension, (q + 1) * dimension);
          Hits expected = bruteForce(vectors, dimension, query, k);
          assertArrayEquals(expected.rows(), hits[q].rows());
          assertArrayEquals(expected.scores(), hits[q].scores());
        }
      }
    }
  }

  @Test
  void sameHitsForAnyThreadsBatchAndWidth() {
    int dimension = 37;
    float[] vectors = Network.floats(20_000 * dimension, 1f, "vectors");
    float[] queries = Network.floats(5 * dimension, 1f, "queries");
    Hits[] expected = null;
    for (KernelChoice choice : SameBitsTest.choices()) {
      for (int threads : new int[] {1, 2, 4}) {
        try (MipsIndex index = new ExactMipsIndex(vectors, dimension, threads, choice)) {
          Hits[] hits = index.search(queries, 5, 100);
          expected = expected == null ? hits : expected;
          for (int q = 0; q < 5; q++) {
            assertArrayEquals(expected[q].rows(), hits[q].rows());
            assertArrayEquals(expected[q].scores(), hits[q].scores());
            float[] one = Arrays.copyOfRange(queries, q * dimension, (q + 1) * dimension);
            assertArrayEquals(hits[q].scores(), index.search(one, 1, 100)[0].scores());
          }
        }
      }
    }
  }

  @Test
  void notFiniteIsRefusedWithItsPlace() {
    float[] vectors = new float[12];
    vectors[7] = Float.NaN;
    var e =
        assertThrows(
            RealmException.BadInput.class,
            () -> new ExactMipsIndex(vectors, 3, 1, KernelChoice.AUTO));
    assertEquals("vectors: row 2, column 1 is NaN", e.getMessage());
    try (MipsIndex index = MipsIndexProvider.named("exact").build(new float[12], 3, 2)) {
      float[] query = {0, 1, Float.NEGATIVE_INFINITY};
      e = assertThrows(RealmException.BadInput.class, () -> index.search(query, 1, 1));
      assertEquals("queries: row 0, column 2 is -Infinity", e.getMessage());
      assertEquals(4, index.search(new float[3], 1, 9)[0].rows().length);
    }
  }

  @Test
  void useAfterCloseThrows() {
    MipsIndex index = new ExactMipsIndex(new float[4], 2, 2, KernelChoice.AUTO);
    index.close();
    index.close();
    assertThrows(IllegalStateException.class, () -> index.search(new float[2], 1, 1));
  }
}
