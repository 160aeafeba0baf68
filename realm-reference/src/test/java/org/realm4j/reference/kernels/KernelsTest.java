package org.realm4j.reference.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.realm4j.reference.KernelChoice;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.CounterRandom;

/** Every kernel against its scalar twin, bit by bit, over lengths that hit every tail. */
class KernelsTest {
  private static final int[] LENGTHS = {
    1, 2, 3, 7, 8, 9, 13, 15, 16, 17, 23, 24, 25, 31, 32, 33, 48, 49, 64, 100, 193, 1027
  };
  private static final float[] SPECIAL = {
    0f,
    -0f,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    1e-40f,
    -1e-40f,
    3e38f,
    -3e38f,
    88.7f,
    -86.9f,
    -87.5f,
    0.6f,
    1f,
    4f,
    1e-8f
  };

  private interface Use {
    /** Whatever a kernel made of these, in one array. */
    float[] run(Kernels k, float[] a, float[] b, float[] c, int n);
  }

  private static List<Kernels> vectors() {
    List<Kernels> found = new ArrayList<>();
    for (KernelChoice c : new KernelChoice[] {KernelChoice.SIMD_256, KernelChoice.SIMD_512}) {
      if (c.unavailableBecause().isEmpty()) {
        found.add(c.kernels());
      }
    }
    return found;
  }

  private static List<Kernels> all() {
    List<Kernels> all = vectors();
    all.add(new ScalarKernels());
    return all;
  }

  private static float[] floats(int n, int key, boolean special) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = CounterRandom.gaussian(key, i) * (i % 5 == 0 ? 30f : 2f);
      if (special && i % 3 == 1) {
        x[i] = SPECIAL[CounterRandom.below(SPECIAL.length, key, i)];
      }
    }
    return x;
  }

  private static void same(String what, boolean special, Use use) {
    Kernels scalar = new ScalarKernels();
    for (Kernels k : vectors()) {
      for (int n : LENGTHS) {
        for (int round = 0; round < 2; round++) {
          float[][] in = new float[6][];
          for (int i = 0; i < 6; i++) {
            in[i] = floats(n + 5, n * 10 + i % 3, special && round == 1);
          }
          assertArrayEquals(
              use.run(scalar, in[0], in[1], in[2], n),
              use.run(k, in[3], in[4], in[5], n),
              what + ", " + k.describe() + ", n = " + n);
        }
      }
    }
  }

  private static float[] all(float[]... arrays) {
    int n = 0;
    for (float[] a : arrays) {
      n += a.length;
    }
    float[] all = new float[n];
    n = 0;
    for (float[] a : arrays) {
      System.arraycopy(a, 0, all, n, a.length);
      n += a.length;
    }
    return all;
  }

  @Test
  void vectorsAreUsedWhereTheyAre() {
    assertTrue(
        ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
        "the tests run with --add-modules jdk.incubator.vector");
    int bits = SimdLoader.preferredBits();
    if (bits >= 256) {
      assertEquals("SIMD " + Math.min(bits, 512) + " bit", KernelChoice.AUTO.kernels().describe());
    }
  }

  @Test
  void activations() {
    for (Activation f : Activation.values()) {
      same(
          f + "",
          true,
          (k, a, b, _, n) -> {
            k.activations().activate(f, a, 2, b, 3, n);
            return b;
          });
      same(
          f + " gradient",
          true,
          (k, a, b, _, n) -> {
            k.activations().activationGradient(f, a, 2, b, 3, n);
            return b;
          });
    }
  }

  @Test
  void sums() {
    same("dot", true, (k, a, b, _, n) -> new float[] {k.dot(a, 1, b, 3, n)});
    same("sum", true, (k, a, _, _, n) -> new float[] {k.sum(a, 1, n)});
    same("max", true, (k, a, _, _, n) -> new float[] {k.max(a, 1, n)});
    same("sumExp", true, (k, a, _, _, n) -> new float[] {k.sumExp(a, 1, n, k.max(a, 1, n))});
  }

  @Test
  void elementwise() {
    same(
        "add",
        true,
        (k, a, b, c, n) -> {
          k.add(a, 1, b, 2, n);
          k.addScaled(0.3f, a, 2, b, 3, n);
          k.addProduct(a, 1, c, 2, b, 0, n);
          k.addRelu(a, 4, b, 1, c, 3, n);
          k.scale(b, 1, n, 0.7f);
          return all(b, c);
        });
    same(
        "dropout",
        true,
        (k, a, b, _, n) -> {
          k.dropout(a, 1, b, 2, n, 12345, 65536 * 3, (int) (0.3f * 0x1p24f), 1 / 0.7f);
          return b;
        });
    AdamStep step = new AdamStep(1e-3f, 0.9f, 0.999f, 1e-6f, 0.01f, 0.5f, 0.25f, 0.8f);
    same(
        "adam",
        false,
        (k, a, b, c, n) -> {
          float[] v = new float[n + 5];
          k.adam(a, b, c, v, 1, n, step);
          return all(a, c, v);
        });
  }

  @Test
  void rows() {
    same(
        "exp",
        true,
        (k, a, _, _, n) -> {
          k.exp(a, 2, n, k.max(a, 2, n));
          k.scale(a, 2, n, 0.3f);
          return a;
        });
    same(
        "layer norm",
        false,
        (k, a, b, c, n) -> {
          float[] y = new float[n + 5];
          float factor = k.layerNorm(a, 3, n, b, c, 1e-12f, y, 2);
          k.layerNormGradient(y, 2, a, 3, factor, n, b);
          return all(a, y, new float[] {factor});
        });
  }

  /** n rows of 16, 32 or 48 columns. */
  @Test
  void columns() {
    for (int cols : new int[] {16, 32, 48}) {
      int stride = cols + 16;
      same(
          "softmax of " + cols + " columns",
          true,
          (k, _, _, _, n) -> {
            float[] x = floats(n * stride, 7, n % 2 == 0);
            float[] dp = floats(n * stride, 8, false);
            float[] max = new float[stride];
            float[] sum = new float[stride + 2];
            k.maxColumns(x, 0, n, cols, stride, 0.35f, max);
            k.expColumns(x, 0, n, cols, stride, 0.35f, max, sum, 2);
            k.softmaxGradientColumns(x, dp, 0, n, cols, stride, floats(cols, 9, false), 0.35f);
            return all(x, dp, max, sum);
          });
    }
  }

  @Test
  void dropoutDownAColumnIsDropoutAlongARow() {
    for (Kernels k : vectors()) {
      int[] bases = new int[32];
      float[] x = floats(32, 3, true);
      float[] expected = new float[32];
      for (int i = 0; i < 32; i++) {
        bases[i] = CounterRandom.rowBase(5, i);
        new ScalarKernels().dropout(x, i, expected, i, 1, bases[i], 131_077, 5_000_000, 1.4f);
      }
      float[] y = new float[32];
      k.dropoutColumns(x, 0, y, 0, 32, bases, 131_077, 5_000_000, 1.4f);
      assertArrayEquals(expected, y, k.describe());
      k = new ScalarKernels();
      k.dropoutColumns(x, 0, y, 0, 32, bases, 131_077, 5_000_000, 1.4f);
      assertArrayEquals(expected, y);
    }
  }

  @Test
  void tiles() {
    for (Kernels k : all()) {
      for (int depth : new int[] {0, 1, 7, 33}) {
        for (int rows = 1; rows <= k.tiles().tileRows(); rows++) {
          for (int vectors = 1; vectors * k.tiles().vector() <= k.tiles().tileCols(); vectors++) {
            tile(k, depth, rows, vectors, false);
            tile(k, depth, rows, vectors, true);
          }
        }
      }
    }
  }

  private static void tile(Kernels k, int depth, int rows, int vectors, boolean accumulate) {
    TileKernels t = k.tiles();
    int cols = vectors * t.vector();
    float[] a = floats(3 + depth * t.rowStep(), 1, true); // what is beyond the rows, too
    float[] b = floats(5 + depth * t.tileCols(), 2, true);
    float[] c = floats(2 + rows * (cols + 1), 3, true);
    float[] expected = c.clone();
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < cols; j++) {
        float sum = accumulate ? c[2 + r * (cols + 1) + j] : 0f;
        for (int i = 0; i < depth; i++) {
          sum = Math.fma(a[3 + i * t.rowStep() + r], b[5 + i * t.tileCols() + j], sum);
        }
        expected[2 + r * (cols + 1) + j] = sum;
      }
    }
    t.tile(depth, rows, vectors, a, 3, b, 5, c, 2, cols + 1, accumulate);
    assertArrayEquals(
        expected,
        c,
        k.describe() + ", depth " + depth + ", " + rows + " rows, " + vectors + " vectors");
  }

  @Test
  void dotsAreDots() {
    for (int rows : new int[] {1, 3, 4, 7, 9}) {
      for (int queries : new int[] {1, 2, 3, 5}) {
        same(
            "dots",
            false,
            (k, _, _, _, n) -> {
              float[] x = floats(rows * n + 3, 5, false);
              float[] q = floats(queries * n, 6, false);
              float[] out = new float[rows * queries];
              k.dots(x, 3, rows, q, queries, n, out);
              for (int i = 0; i < rows * queries; i++) {
                assertEquals(k.dot(x, 3 + i % rows * n, q, i / rows * n, n), out[i]);
              }
              return out;
            });
      }
    }
  }

  @Test
  void transposition() {
    for (int rows : new int[] {1, 3, 8, 13, 48}) {
      same(
          "transpose",
          false,
          (k, _, _, _, n) -> {
            float[] from = floats(rows * (n + 2) + 1, 4, false);
            float[] to = new float[n * (rows + 10) + 1];
            k.tiles().transpose(from, 1, n + 2, rows, n, to, 1, rows + 10);
            for (int i = 0; i < ((rows + 7) & -8); i++) {
              int source = 1 + Math.min(i, rows - 1) * (n + 2);
              for (int j = 0; j < n; j++) {
                assertEquals(from[source + j], to[1 + j * (rows + 10) + i]);
              }
            }
            return to;
          });
    }
  }

  @Test
  void panels() {
    for (Kernels k : all()) {
      TileKernels t = k.tiles();
      panels(k, t.tileRows(), t.rowStep());
      panels(k, t.tileCols(), t.tileCols());
    }
  }

  /** The last panel is narrower than it could be, and the array ends with it. */
  private static void panels(Kernels k, int width, int toStep) {
    for (int panels = 1; panels <= 5; panels++) {
      int stride = panels * width - 1;
      float[] from = floats(2 + 7 * stride, 4, true);
      float[] to = new float[1 + 7 * panels * toStep];
      k.tiles().panels(from, 2, stride, 7, width, panels, to, 1, toStep);
      for (int i = 0; i < 7 * stride; i++) {
        int p = i % stride / width;
        assertEquals(
            from[2 + i],
            to[1 + (p * 7 + i / stride) * toStep + i % stride % width],
            k.describe() + ", width " + width + ", " + panels + " panels, element " + i);
      }
      assertEquals(0f, to[0], "before them");
    }
  }

  @Test
  void packedRows() {
    for (Kernels k : all()) {
      TileKernels t = k.tiles();
      for (int rows : new int[] {1, t.tileRows(), t.tileRows() + 1, 3 * t.tileRows() - 1}) {
        float[] from = floats(1 + rows * 12, 4, true);
        float[] to = new float[2 + t.packedRows(rows, 11)];
        t.packRows(from, 1, 12, rows, 11, to, 2);
        for (int r = 0; r < rows; r++) {
          for (int i = 0; i < 11; i++) {
            int at = 2 + (r / t.tileRows() * 11 + i) * t.rowStep() + r % t.tileRows();
            assertEquals(from[1 + r * 12 + i], to[at], k.describe() + ", row " + r);
          }
        }
      }
    }
  }
}
