package org.realm4j.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.realm4j.io.RealmException;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.Vectors;

/** What an exact index must do, to be inherited by its test class. */
public interface MipsIndexContract {
  MipsIndexProvider provider();

  /** How exact scores are, as a share of |query| |row|. */
  default double scoreTolerance() {
    return 2e-6;
  }

  @Test
  default void isFoundByItsName() {
    assertFalse(provider().name().isBlank());
  }

  @TestFactory
  default Stream<DynamicTest> equalsBruteForce() {
    int[][] shapes = { // rows, dimension, queries, k
      {1, 1, 1, 1},
      {3, 2, 1, 2},
      {7, 3, 3, 7},
      {13, 7, 2, 5},
      {64, 8, 8, 10},
      {65, 13, 3, 64},
      {193, 31, 7, 17},
      {207, 48, 1, 100},
      {702, 49, 5, 8},
      {1031, 64, 9, 50},
      {4098, 17, 4, 33},
      {2500, 100, 17, 5}
    };
    return Arrays.stream(shapes)
        .flatMap(
            shape ->
                Stream.of(1, 2)
                    .map(
                        threads ->
                            DynamicTest.dynamicTest(
                                Arrays.toString(shape) + ", threads " + threads,
                                () -> equalsBruteForce(shape, threads))));
  }

  private void equalsBruteForce(int[] shape, int threads) {
    int dimension = shape[1];
    float[] vectors = Samples.normal(shape[0] * dimension, 1, 80);
    float[] queries = Samples.normal(shape[2] * dimension, 1, 81);
    try (MipsIndex index = provider().build(vectors.clone(), dimension, threads)) {
      assertEquals(shape[0], index.size());
      assertEquals(dimension, index.dimension());
      MipsIndex.Hits[] hits = index.search(queries, shape[2], shape[3]);
      assertEquals(shape[2], hits.length);
      for (int q = 0; q < hits.length; q++) {
        float[] query = Arrays.copyOfRange(queries, q * dimension, (q + 1) * dimension);
        check(hits[q], query, vectors, Math.min(shape[3], shape[0]));
      }
    }
  }

  /**
   * Nothing is missing, nothing is twice, the scores are inner products, and the order is that of
   * the scores, ties by row. Which of two rows within the tolerance is better is left open.
   */
  private void check(MipsIndex.Hits hits, float[] query, float[] vectors, int expected) {
    int dimension = query.length;
    int rows = vectors.length / dimension;
    assertEquals(expected, hits.rows().length);
    assertEquals(expected, hits.scores().length);
    assertEquals(expected, Arrays.stream(hits.rows()).distinct().count(), "a row came twice");
    double[] truth = new double[rows];
    double scale = 0;
    for (int r = 0; r < rows; r++) {
      double norm = 0;
      for (int c = 0; c < dimension; c++) {
        truth[r] += (double) query[c] * vectors[r * dimension + c];
        norm += (double) vectors[r * dimension + c] * vectors[r * dimension + c];
      }
      scale = Math.max(scale, norm);
    }
    double length =
        Math.sqrt(IntStream.range(0, dimension).mapToDouble(c -> query[c] * query[c]).sum());
    double tolerance = scoreTolerance() * length * Math.sqrt(scale);
    double worst = Double.POSITIVE_INFINITY;
    for (int i = 0; i < expected; i++) {
      int row = hits.rows()[i];
      assertEquals(truth[row], hits.scores()[i], tolerance, "score of row " + row);
      worst = Math.min(worst, truth[row]);
      if (i > 0) {
        boolean ordered =
            hits.scores()[i - 1] > hits.scores()[i]
                || (hits.scores()[i - 1] == hits.scores()[i] && hits.rows()[i - 1] < row);
        assertTrue(ordered, "rank " + i + " is out of order");
      }
    }
    for (int r = 0; r < rows; r++) {
      int row = r;
      if (truth[r] > worst + 2 * tolerance) {
        assertTrue(Arrays.stream(hits.rows()).anyMatch(x -> x == row), "row " + r + " is missing");
      }
    }
  }

  @Test
  default void tiesGoToTheLowerRow() {
    // Small whole numbers: every inner product is exact, in whatever order it is added up.
    int rows = 500;
    int dimension = 13;
    int[] draws = Samples.indices(rows * dimension, 3, 82);
    float[] vectors = new float[draws.length];
    for (int i = 0; i < draws.length; i++) {
      vectors[i] = draws[i] - 1;
    }
    float[] query = new float[dimension];
    Arrays.fill(query, 1);
    Integer[] order = new Integer[rows];
    float[] truth = new float[rows];
    for (int r = 0; r < rows; r++) {
      order[r] = r;
      for (int c = 0; c < dimension; c++) {
        truth[r] += vectors[r * dimension + c];
      }
    }
    Arrays.sort(order, (a, b) -> truth[a] != truth[b] ? Float.compare(truth[b], truth[a]) : a - b);
    for (int threads : new int[] {1, 2, 4}) {
      try (MipsIndex index = provider().build(vectors.clone(), dimension, threads)) {
        for (int k : new int[] {1, 2, 10, 77, 500}) {
          int[] expected = Arrays.stream(order).limit(k).mapToInt(i -> i).toArray();
          assertArrayEquals(expected, index.search(query, 1, k)[0].rows());
        }
      }
    }
  }

  @Test
  default void duplicatesAllCome() {
    float[] vectors = {1, 2, 1, 2, 0, 1, 1, 2};
    try (MipsIndex index = provider().build(vectors, 2, 1)) {
      MipsIndex.Hits hits = index.search(new float[] {1, 1}, 1, 4)[0];
      assertArrayEquals(new int[] {0, 1, 3, 2}, hits.rows());
      assertArrayEquals(new float[] {3, 3, 3, 1}, hits.scores());
    }
  }

  @Test
  default void moreThanThereAreGivesAll() {
    try (MipsIndex index = provider().build(new float[] {3, -1, 2}, 1, 2)) {
      MipsIndex.Hits hits = index.search(new float[] {1}, 1, 100)[0];
      assertArrayEquals(new int[] {0, 2, 1}, hits.rows());
      assertArrayEquals(new float[] {3, 2, -1}, hits.scores());
    }
  }

  /** A zero query has no preference; a zero row beats what points away. Raw, not normalised. */
  @Test
  default void zerosAndLengthsCount() {
    float[] vectors = {0, 0, -1, 0, 10, 0, 1, 0};
    try (MipsIndex index = provider().build(vectors, 2, 1)) {
      assertArrayEquals(new int[] {0, 1, 2, 3}, index.search(new float[2], 1, 4)[0].rows());
      int[] rows = index.search(new float[] {1, 5}, 1, 4)[0].rows();
      assertArrayEquals(new int[] {2, 3, 0, 1}, rows);
    }
  }

  @Test
  default void allNegativeScoresStillCome() {
    float[] vectors = {-3, -1, -2};
    try (MipsIndex index = provider().build(vectors, 1, 2)) {
      assertArrayEquals(new int[] {1, 2}, index.search(new float[] {7}, 1, 2)[0].rows());
    }
  }

  @Test
  default void aBatchIsItsQueriesOneByOne() {
    int dimension = 31;
    float[] vectors = Samples.normal(1000 * dimension, 1, 83);
    float[] queries = Samples.normal(23 * dimension, 1, 84);
    try (MipsIndex index = provider().build(vectors, dimension, 2)) {
      MipsIndex.Hits[] batch = index.search(queries, 23, 11);
      for (int q = 0; q < 23; q++) {
        float[] query = Arrays.copyOfRange(queries, q * dimension, (q + 1) * dimension);
        MipsIndex.Hits single = index.search(query, 1, 11)[0];
        assertArrayEquals(single.rows(), batch[q].rows(), "query " + q);
        assertArrayEquals(single.scores(), batch[q].scores(), "query " + q);
      }
      assertEquals(0, index.search(new float[0], 0, 3).length);
    }
  }

  @Test
  default void valuesThatAreNotFiniteAreRefusedWithTheirPlace() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] values = Samples.normal(50 * 7, 1, 85);
      values[23 * 7 + 5] = bad;
      RealmException.BadInput atBuild =
          assertThrows(RealmException.BadInput.class, () -> provider().build(values, 7, 2));
      assertPlace(atBuild);
      try (MipsIndex index = provider().build(Samples.normal(50 * 7, 1, 86), 7, 2)) {
        RealmException.BadInput atSearch =
            assertThrows(RealmException.BadInput.class, () -> index.search(values, 50, 3));
        assertPlace(atSearch);
      }
    }
  }

  private static void assertPlace(RealmException e) {
    String message = String.valueOf(e.getMessage());
    assertTrue(
        message.matches("(?s).*\\b23\\b.*") && message.matches("(?s).*\\b5\\b.*"),
        "row 23 and column 5 are not named: " + message);
  }

  /** Their inner products could be infinite, or no number at all. */
  @Test
  default void vectorsThatCouldOverflowAreRefused() {
    float[] values = Samples.normal(50 * 7, 1, 85);
    Arrays.fill(values, 23 * 7, 24 * 7, 0x1p62f);
    RealmException.BadInput atBuild =
        assertThrows(RealmException.BadInput.class, () -> provider().build(values, 7, 2));
    assertTrue(String.valueOf(atBuild.getMessage()).contains("row 23"), atBuild.getMessage());
    try (MipsIndex index = provider().build(Samples.normal(50 * 7, 1, 86), 7, 2)) {
      assertThrows(RealmException.BadInput.class, () -> index.search(values, 50, 3));
    }
    // The longest that are allowed still give their products.
    float[] longest = {0x1p61f, 0x1p61f, -0x1p61f, -0x1p61f, 0, 0};
    try (MipsIndex index = provider().build(longest, 2, 1)) {
      MipsIndex.Hits hits = index.search(new float[] {0x1p61f, 0x1p61f}, 1, 3)[0];
      assertArrayEquals(new int[] {0, 2, 1}, hits.rows());
      assertArrayEquals(new float[] {0x1p123f, 0, -0x1p123f}, hits.scores());
    }
  }

  /** What is left is answered as if it alone were there. */
  @Test
  default void excludedRowsAreNoAnswer() {
    int dimension = 19;
    int rows = 3000;
    float[] vectors = Samples.normal(rows * dimension, 1, 89);
    float[] queries = Samples.normal(20 * dimension, 1, 90);
    int[] draws = Samples.indices(rows, 3, 91);
    BitSet excluded = new BitSet();
    IntStream.range(0, rows).filter(r -> draws[r] > 0).forEach(excluded::set);
    int[] left = IntStream.range(0, rows).filter(r -> draws[r] == 0).toArray();
    float[] alone = new float[left.length * dimension];
    for (int i = 0; i < left.length; i++) {
      System.arraycopy(vectors, left[i] * dimension, alone, i * dimension, dimension);
    }
    try (MipsIndex index = provider().build(vectors, dimension, 2);
        MipsIndex fresh = provider().build(alone, dimension, 2)) {
      for (int count : new int[] {1, 20}) {
        for (int k : new int[] {1, 9, left.length, rows}) {
          MipsIndex.Hits[] hits = index.search(queries, count, k, excluded);
          MipsIndex.Hits[] expected = fresh.search(queries, count, k);
          for (int q = 0; q < count; q++) {
            int[] renamed = Arrays.stream(expected[q].rows()).map(r -> left[r]).toArray();
            assertArrayEquals(renamed, hits[q].rows());
            assertArrayEquals(expected[q].scores(), hits[q].scores());
          }
        }
      }
      BitSet all = new BitSet();
      all.set(0, rows);
      assertEquals(0, index.search(queries, 1, 5, all)[0].rows().length);
    }
  }

  /** Opened from its parts it is the same index. */
  @Test
  default void opensFromItsParts() {
    int dimension = 21;
    Vectors vectors = Vectors.of(Samples.normal(1000 * dimension, 1, 92), dimension);
    float[] queries = Samples.normal(20 * dimension, 1, 93);
    try (MipsIndex built = provider().build(vectors, 2);
        MipsIndex opened = provider().open(vectors, built.parts(), 1)) {
      assertEquals(1000, opened.size());
      for (int count : new int[] {1, 20}) {
        MipsIndex.Hits[] expected = built.search(queries, count, 13);
        MipsIndex.Hits[] found = opened.search(queries, count, 13);
        for (int q = 0; q < count; q++) {
          assertArrayEquals(expected[q].rows(), found[q].rows());
          assertArrayEquals(expected[q].scores(), found[q].scores());
        }
      }
    }
  }

  @Test
  default void manyThreadsMaySearchAtOnce() throws InterruptedException, ExecutionException {
    int dimension = 17;
    float[] queries = Samples.normal(5 * dimension, 1, 87);
    try (MipsIndex index = provider().build(Samples.normal(2000 * dimension, 1, 88), dimension, 2);
        ExecutorService pool = Executors.newFixedThreadPool(4)) {
      MipsIndex.Hits[] truth = index.search(queries, 5, 9);
      List<Future<MipsIndex.Hits[]>> all = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        all.add(pool.submit(() -> index.search(queries, 5, 9)));
      }
      for (Future<MipsIndex.Hits[]> one : all) {
        for (int q = 0; q < 5; q++) {
          assertArrayEquals(truth[q].rows(), one.get()[q].rows());
          assertArrayEquals(truth[q].scores(), one.get()[q].scores());
        }
      }
    }
  }

  @Test
  default void closesTwice() {
    MipsIndex index = provider().build(new float[] {1, 2}, 1, 1);
    index.close();
    index.close();
  }
}
