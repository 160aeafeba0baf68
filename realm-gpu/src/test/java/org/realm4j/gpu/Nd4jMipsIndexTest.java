package org.realm4j.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.testkit.contract.MipsIndexContract;

class Nd4jMipsIndexTest implements MipsIndexContract {
  @Override
  public MipsIndexProvider provider() {
    return MipsIndexProvider.named("nd4j");
  }

  /**
   * The device's rounding loses nobody, not even where scores differ by it alone: rows are one row
   * with its last bits changed.
   */
  @Property(tries = 60, seed = "2020")
  void nearlyEqualRowsAreFoundAsByAPlainLoop(
      @ForAll @IntRange(min = 1, max = 900) int rows,
      @ForAll @IntRange(min = 1, max = 70) int dimension,
      @ForAll @IntRange(min = 1, max = 40) int k,
      @ForAll int seed) {
    int key = CounterRandom.key(seed);
    float[] vectors = new float[rows * dimension];
    float[] query = new float[dimension];
    for (int c = 0; c < dimension; c++) {
      query[c] = CounterRandom.gaussian(key, c);
    }
    for (int i = 0; i < vectors.length; i++) {
      float v = CounterRandom.gaussian(key, 1000 + i % dimension);
      int bits = CounterRandom.below(3, key, 5000 + i) - 1;
      vectors[i] = Float.intBitsToFloat(Float.floatToIntBits(v) + bits);
    }
    try (MipsIndex found = provider().build(vectors, dimension, 1)) {
      MipsIndex.Hits hits = found.search(query, 1, k)[0];
      int n = Math.min(k, rows);
      assertEquals(n, hits.rows().length);
      float[] all = new float[rows];
      for (int r = 0; r < rows; r++) {
        double sum = 0;
        double odd = 0;
        for (int c = 0; c < dimension; c++) {
          double product = (double) query[c] * vectors[r * dimension + c];
          sum += c % 2 == 0 ? product : 0;
          odd += c % 2 == 1 ? product : 0;
        }
        all[r] = (float) (sum + odd);
      }
      Integer[] order = new Integer[rows];
      for (int r = 0; r < rows; r++) {
        order[r] = r;
      }
      java.util.Arrays.sort(
          order, (a, b) -> all[a] != all[b] ? Float.compare(all[b], all[a]) : a - b);
      int[] expected = new int[n];
      for (int i = 0; i < n; i++) {
        expected[i] = order[i];
      }
      assertArrayEquals(expected, hits.rows());
    }
  }
}
