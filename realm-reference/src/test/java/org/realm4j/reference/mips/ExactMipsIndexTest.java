package org.realm4j.reference.mips;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;
import org.realm4j.reference.KernelChoice;
import org.realm4j.reference.KernelsHere;
import org.realm4j.reference.kernels.ScalarKernels;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndex.Hits;
import org.realm4j.retrieval.Vectors;
import org.realm4j.tensor.CounterRandom;

/** Every scan, thread, batch and width gives what a plain loop over all rows gives, bit by bit. */
class ExactMipsIndexTest {
  /** What vectors may look like: each is an attack on a bound or on an order. */
  enum Shape {
    NORMAL,
    /** Few different values, so that equal scores and equal rows are frequent. */
    COARSE,
    /** Lengths over many magnitudes, one row longer than all others together. */
    WIDE,
    /** One row with its last bits changed: nothing but rounding tells them apart. */
    NEARLY_EQUAL,
    /** Half of the rows are the same one. */
    DUPLICATES,
    ZEROS,
    DENORMAL,
    /** Near the longest that are allowed. */
    HUGE,
    /** One large value hides the others from the codes' scale. */
    ONE_LARGE_VALUE,
    /** Each value lies halfway between two codes. */
    HALFWAY,
    /** Rows that cancel: large values of both signs and a small product. */
    CANCELLING
  }

  private static float[] values(Shape shape, int rows, int d, int key) {
    float[] x = new float[rows * d];
    for (int i = 0; i < x.length; i++) {
      int row = i / d;
      int col = i % d;
      float g = CounterRandom.gaussian(key, i);
      x[i] =
          switch (shape) {
            case NORMAL -> g;
            case COARSE -> CounterRandom.below(3, key, i) - 1;
            case WIDE -> g * (float) Math.pow(10, CounterRandom.below(25, key + 1, row) - 12);
            case NEARLY_EQUAL ->
                Float.intBitsToFloat(
                    Float.floatToIntBits(CounterRandom.gaussian(key, col))
                        + CounterRandom.below(3, key + 1, i)
                        - 1);
            case DUPLICATES -> row % 2 == 0 ? CounterRandom.gaussian(key, col) : g;
            case ZEROS -> row % 3 == 0 ? g : 0;
            case DENORMAL -> g * Float.MIN_NORMAL / (1 << CounterRandom.below(24, key + 1, row));
            case HUGE -> (float) (Math.tanh(g) * Vectors.LONGEST / Math.sqrt(d)) * 0.999f;
            case ONE_LARGE_VALUE -> col == row % d ? g * 1e6f : g;
            case HALFWAY ->
                col == 0 ? 127 : CounterRandom.below(200, key, i) - 100 + 0.5f * Math.signum(g);
            case CANCELLING -> (col % 2 == 0 ? 1e7f : -1e7f) + g;
          };
    }
    return x;
  }

  private static Hits bruteForce(float[] vectors, int dimension, float[] q, int k, BitSet gone) {
    int n = vectors.length / dimension;
    float[] scores = new float[n];
    for (int r = 0; r < n; r++) {
      scores[r] = new ScalarKernels().dot(vectors, r * dimension, q, 0, dimension) + 0f;
    }
    int[] rows =
        IntStream.range(0, n)
            .filter(r -> !gone.get(r))
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

  @Property(tries = 400, seed = "1963")
  void equalsSortingByBruteForce(
      @ForAll Shape rowShape,
      @ForAll Shape queryShape,
      @ForAll @IntRange(min = 0, max = 700) int rows,
      @ForAll @IntRange(min = 1, max = 70) int dimension,
      @ForAll @IntRange(min = 1, max = 19) int count,
      @ForAll @IntRange(min = 1, max = 40) int k,
      @ForAll boolean int8,
      @ForAll @IntRange(min = 0, max = 1000) int key) {
    float[] vectors = values(rowShape, rows, dimension, key);
    // Some queries are near a row, so that the best scores are large and many.
    float[] queries = values(queryShape, count, dimension, key + (key % 2 == 0 ? 0 : 7));
    BitSet gone = new BitSet();
    IntStream.range(0, key % 3 == 0 ? rows : 0)
        .filter(r -> CounterRandom.below(4, key, r) == 0)
        .forEach(gone::set);
    Hits[] expected = new Hits[count];
    for (int q = 0; q < count; q++) {
      float[] query = Arrays.copyOfRange(queries, q * dimension, (q + 1) * dimension);
      expected[q] = bruteForce(vectors, dimension, query, k, gone);
    }
    for (KernelChoice choice : KernelsHere.choices()) {
      try (MipsIndex index =
          ExactMipsIndex.build(Vectors.of(vectors, dimension), int8, 1 + key % 3, choice)) {
        Hits[] batch = index.search(queries, count, k, gone);
        for (int q = 0; q < count; q++) {
          assertArrayEquals(expected[q].rows(), batch[q].rows());
          assertArrayEquals(expected[q].scores(), batch[q].scores());
          float[] query = Arrays.copyOfRange(queries, q * dimension, (q + 1) * dimension);
          Hits one = index.search(query, 1, k, gone)[0];
          assertArrayEquals(expected[q].rows(), one.rows());
          assertArrayEquals(expected[q].scores(), one.scores());
        }
      }
    }
  }

  /**
   * Rows without any error of their codes, whose scores differ by less than rounding does: only the
   * slack for rounding keeps the best.
   */
  @Property(tries = 150, seed = "1965")
  void whereNothingButRoundingDiffers(
      @ForAll @IntRange(min = 20, max = 90) int dimension,
      @ForAll @IntRange(min = 0, max = 1000) int key,
      @ForAll @IntRange(min = 0, max = 146) int scale,
      @ForAll boolean int8) {
    int rows = 600;
    int count = 8;
    float[] vectors = new float[rows * dimension];
    float[] queries = new float[count * dimension];
    for (int i = 0; i < vectors.length; i++) {
      int col = i % dimension;
      // the first columns are the same in all rows, and 127 makes the codes' scale a power of 2
      float value =
          col == 0
              ? 127
              : CounterRandom.below(200, key, col < dimension / 2 ? col : dimension + i) - 100;
      vectors[i] = Math.scalb(value, -Math.min(scale, 120));
    }
    for (int i = 0; i < queries.length; i++) {
      float value = CounterRandom.gaussian(key + 1, i);
      // what tells the rows apart weighs next to nothing, in each query less
      int query = i / dimension;
      float weight = (float) Math.pow(10, -5 - 0.5 * query);
      value = i % dimension < dimension / 2 ? value : value * weight;
      queries[i] = Math.scalb(value, -Math.max(0, scale - 120));
    }
    try (MipsIndex index =
        ExactMipsIndex.build(Vectors.of(vectors, dimension), int8, 1, KernelChoice.AUTO)) {
      Hits[] batch = index.search(queries, count, 5);
      for (int q = 0; q < count; q++) {
        float[] query = Arrays.copyOfRange(queries, q * dimension, (q + 1) * dimension);
        Hits expected = bruteForce(vectors, dimension, query, 5, new BitSet());
        Hits one = index.search(query, 1, 5)[0];
        assertArrayEquals(expected.rows(), batch[q].rows());
        assertArrayEquals(expected.rows(), one.rows());
        assertArrayEquals(expected.scores(), one.scores());
      }
    }
  }

  /**
   * Products below the normal range are rounded to whole multiples of 2^-149, up to half of one
   * each: more than what is a share of the lengths. With the first query every product is rounded
   * up, so a score is twice what the bound of the codes tells. With the second the sums of the
   * lanes are rounded up and a sum without lanes is not.
   */
  @Test
  void roundingBelowTheNormalRangeHidesNothing() {
    int d = 64;
    int best = 100;
    float[] vectors = new float[150 * d];
    Arrays.fill(vectors, Float.MIN_VALUE);
    vectors[best * d] = 3 * Float.MIN_VALUE;
    float[] up = new float[d];
    Arrays.fill(up, 0.51f);
    float[] lanes = new float[d];
    Arrays.fill(lanes, 0, 16, 1);
    Arrays.fill(lanes, 16, d, 0.5f);
    for (float[] query : List.of(up, lanes)) {
      Hits expected = bruteForce(vectors, d, query, 1, new BitSet());
      assertArrayEquals(new int[] {best}, expected.rows());
      float[] batch = new float[8 * d];
      for (int q = 0; q < 8; q++) {
        System.arraycopy(query, 0, batch, q * d, d);
      }
      for (KernelChoice choice : KernelsHere.choices()) {
        for (boolean int8 : new boolean[] {false, true}) {
          try (MipsIndex index = ExactMipsIndex.build(Vectors.of(vectors, d), int8, 1, choice)) {
            assertArrayEquals(expected.rows(), index.search(query, 1, 1)[0].rows());
            assertArrayEquals(expected.rows(), index.search(batch, 8, 1)[7].rows());
          }
        }
      }
    }
  }

  @Test
  void sameHitsForAnyThreadsBatchWidthAndMemory() {
    int dimension = 48; // a multiple of 16, so that rows outside the heap are read where they lie
    float[] array = values(Shape.NORMAL, 20_000, dimension, 11);
    float[] queries = values(Shape.NORMAL, 300, dimension, 12);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment outside = arena.allocate(4L * array.length, 4);
      MemorySegment.copy(array, 0, outside, ValueLayout.JAVA_FLOAT, 0, array.length);
      Hits[] expected = null;
      for (Vectors vectors :
          List.of(Vectors.of(array, dimension), Vectors.of(outside, dimension))) {
        for (KernelChoice choice : KernelsHere.choices()) {
          for (int threads : new int[] {1, 2, 4}) {
            for (boolean int8 : new boolean[] {false, true}) {
              try (MipsIndex index = ExactMipsIndex.build(vectors, int8, threads, choice)) {
                int most = 1000; // which batches find without the codes
                Hits[] many = index.search(Arrays.copyOf(queries, 5 * dimension), 5, most);
                float[] first = Arrays.copyOf(queries, dimension);
                assertArrayEquals(many[0].rows(), index.search(first, 1, most)[0].rows());
                Hits[] hits = index.search(queries, 300, 100);
                assertArrayEquals(hits[0].rows(), Arrays.copyOf(many[0].rows(), 100));
                expected = expected == null ? hits : expected;
                for (int q = 0; q < 300; q++) {
                  assertArrayEquals(expected[q].rows(), hits[q].rows());
                  assertArrayEquals(expected[q].scores(), hits[q].scores());
                }
                float[] last = Arrays.copyOfRange(queries, 299 * dimension, 300 * dimension);
                Hits one = index.search(last, 1, 100)[0];
                assertArrayEquals(hits[299].rows(), one.rows());
                assertArrayEquals(hits[299].scores(), one.scores());
              }
            }
          }
        }
      }
    }
  }

  @Test
  void failuresNameTheirPlace() {
    float[] vectors = new float[12];
    vectors[7] = Float.NaN;
    assertEquals("vectors: row 2, column 1 is NaN", refusal(vectors));
    vectors[7] = 1e19f;
    assertEquals(
        "vectors: row 2: expected a length of at most 4.61e+18, found 1.00e+19: inner products"
            + " could overflow",
        refusal(vectors));
    try (MipsIndex index = build(new float[12], 3, 2)) {
      float[] query = {0, 1, Float.NEGATIVE_INFINITY};
      var e = assertThrows(RealmException.BadInput.class, () -> index.search(query, 1, 1));
      assertEquals("queries: row 0, column 2 is -Infinity", e.getMessage());
      e = assertThrows(RealmException.BadInput.class, () -> index.search(query, 2, 1));
      assertEquals("queries: expected 2 x 3 values, found 3", e.getMessage());
      e = assertThrows(RealmException.BadInput.class, () -> index.search(new float[3], 1, 0));
      assertEquals("k: expected at least 1, found 0", e.getMessage());
      assertEquals(4, index.search(new float[3], 1, 9)[0].rows().length);
    }
  }

  private static String refusal(float[] vectors) {
    return String.valueOf(
        assertThrows(RealmException.BadInput.class, () -> build(vectors, 3, 2)).getMessage());
  }

  private static MipsIndex build(float[] vectors, int dimension, int threads) {
    return ExactMipsIndex.build(Vectors.of(vectors, dimension), false, threads, KernelChoice.AUTO);
  }

  @Test
  void partsOfAnotherIndexAreRefused() {
    Vectors vectors = Vectors.of(new float[3 * 65], 3);
    try (MipsIndex small = build(new float[12], 3, 1)) {
      Map<String, MemorySegment> parts = small.parts();
      var e =
          assertThrows(
              RealmException.CorruptFile.class,
              () -> ExactMipsIndex.open(vectors, parts, false, 1, KernelChoice.AUTO));
      assertEquals("index: part 'lengths': expected 8 bytes, found 4", e.getMessage());
      e =
          assertThrows(
              RealmException.CorruptFile.class,
              () ->
                  ExactMipsIndex.open(
                      Vectors.of(new float[12], 3), parts, true, 1, KernelChoice.AUTO));
      assertEquals("index: part 'codes': expected 704 bytes, found none", e.getMessage());
    }
  }

  @Test
  void useAfterCloseThrows() {
    MipsIndex index = build(new float[4], 2, 2);
    index.close();
    index.close();
    assertThrows(IllegalStateException.class, () -> index.search(new float[2], 1, 1));
  }
}
