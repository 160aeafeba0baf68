package org.realm4j.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.realm4j.reference.GemmProbe.Form;

/** Products of every form, on both sides of every border between blocks, panels and tiles. */
class ProductsTest {
  /**
   * Each element takes its k products in order, each rounded once: so the bits are those of the
   * plainest loop, whatever is packed, blocked and shared out.
   */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1", // less than a vector
    "12, 8, 32", // one tile
    "13, 9, 33", // and a rest of everything
    "7, 256, 48", // a block of k, a panel and a half
    "95, 257, 190", // two blocks of k
    "97, 40, 31", // two tasks of rows
    "230, 1025, 70", // one step of k more than is packed at a time, B for all
    "70, 1030, 230", // the same, A for all
    "430, 530, 450", // tasks of packed rows that do not begin at 0
    "3, 70, 1700" // panels for more than one task
  })
  void everyFormHasTheBitsOfThePlainLoop(int m, int k, int n) {
    float[] a = normal(m * k, 1); // [m, k]
    float[] b = normal(k * n, 2); // [k, n]
    float[] expected = plain(a, b, m, k, n);
    for (KernelChoice choice : KernelsHere.choices()) {
      for (int threads : new int[] {1, 3}) {
        try (GemmProbe probe = new GemmProbe(choice, threads)) {
          for (Form form : Form.values()) {
            boolean straight = form == Form.NN || form == Form.TN;
            float[] c = new float[m * n];
            Arrays.fill(c, Float.NaN);
            probe
                .product(
                    form,
                    m,
                    k,
                    n,
                    form == Form.TN ? transposed(a, m, k) : a,
                    straight ? b : transposed(b, k, n),
                    c)
                .run();
            assertArrayEquals(expected, c, form + ", " + choice + ", threads " + threads);
          }
        }
      }
    }
  }

  private static float[] plain(float[] a, float[] b, int m, int k, int n) {
    float[] c = new float[m * n];
    for (int r = 0; r < m; r++) {
      for (int i = 0; i < k; i++) {
        for (int j = 0; j < n; j++) {
          c[r * n + j] = Math.fma(a[r * k + i], b[i * n + j], c[r * n + j]);
        }
      }
    }
    return c;
  }

  private static float[] normal(int n, long seed) {
    Random random = new Random(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private static float[] transposed(float[] x, int rows, int cols) {
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i % cols * rows + i / cols] = x[i];
    }
    return y;
  }
}
