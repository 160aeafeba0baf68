package org.realm4j.reference.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.CounterRandom;

/** Plain loops: what runs without the Vector API, and what its kernels are tested against. */
public final class ScalarKernels implements Kernels, TileKernels, ActivationKernels, ScanKernels {
  private static final VarHandle FLOATS =
      MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int LANES = 16;
  private static final int TILE_ROWS = 4;
  private static final int ROW_STEP = 8;

  @Override
  public String describe() {
    return "scalar";
  }

  @Override
  public TileKernels tiles() {
    return this;
  }

  @Override
  public ActivationKernels activations() {
    return this;
  }

  @Override
  public ScanKernels scans() {
    return this;
  }

  @Override
  public void codeProducts(
      byte[] block,
      int at,
      float[] query,
      int queryAt,
      int n,
      float[] products,
      int productsAt,
      boolean accumulate) {
    for (int r = 0; r < BLOCK_ROWS; r++) {
      float sum = accumulate ? products[productsAt + r] : 0;
      for (int i = 0; i < n; i++) {
        sum = Math.fma(block[at + i * BLOCK_ROWS + r], query[queryAt + i], sum);
      }
      products[productsAt + r] = sum;
    }
  }

  @Override
  public void decode(byte[] block, int n, int width, float[] panels) {
    for (int i = 0; i < n; i++) {
      for (int r = 0; r < BLOCK_ROWS; r++) {
        panels[(r / width * n + i) * width + r % width] = block[CODES + BLOCK_ROWS * i + r];
      }
    }
  }

  @Override
  public int boundsReaching(
      byte[] block, float[] products, int productsAt, float length, float limit, int[] found) {
    int count = 0;
    for (int r = 0; r < BLOCK_ROWS; r++) {
      float scale = (float) FLOATS.get(block, Float.BYTES * r);
      float error = (float) FLOATS.get(block, ERRORS + Float.BYTES * r);
      if (Math.fma(error, length, products[productsAt + r] * scale) >= limit) {
        found[count++] = r;
      }
    }
    return count;
  }

  @Override
  public int reaching(float[] scores, int rows, int cols, float[] limits, int[] found) {
    int count = 0;
    for (int p = 0; p < rows * cols; p++) {
      if (scores[p] >= limits[p % cols]) {
        found[count++] = p;
      }
    }
    return count;
  }

  @Override
  public int tileRows() {
    return TILE_ROWS;
  }

  @Override
  public int rowStep() {
    return ROW_STEP;
  }

  @Override
  public int vector() {
    return LANES;
  }

  @Override
  public void tile(
      int k,
      int rows,
      int vectors,
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    for (int r = 0; r < rows; r++) {
      for (int v = 0; v < vectors; v++) {
        int at = cAt + r * cRow + v * LANES;
        if (!accumulate) {
          Arrays.fill(c, at, at + LANES, 0f);
        }
        tileRow(k, a, aAt + r, b, bAt + v * LANES, c, at);
      }
    }
  }

  /** A method of its own, with a constant number of columns: a quarter faster. */
  private static void tileRow(int k, float[] a, int aAt, float[] b, int bAt, float[] c, int cAt) {
    for (int i = 0; i < k; i++) {
      float x = a[aAt + i * ROW_STEP];
      int bi = bAt + i * 2 * LANES;
      for (int j = 0; j < LANES; j++) {
        c[cAt + j] = Math.fma(x, b[bi + j], c[cAt + j]);
      }
    }
  }

  @Override
  public void transpose(
      float[] from,
      int fromAt,
      int fromStride,
      int rows,
      int cols,
      float[] to,
      int toAt,
      int toStride) {
    for (int j = 0; j < cols; j++) {
      for (int i = 0; i < ((rows + 7) & -8); i++) {
        to[toAt + j * toStride + i] = from[fromAt + Math.min(i, rows - 1) * fromStride + j];
      }
    }
  }

  @Override
  public void panels(
      float[] from,
      int fromAt,
      int fromStride,
      int k,
      int width,
      int panels,
      float[] to,
      int toAt,
      int toStep) {
    for (int i = 0; i < k; i++) {
      for (int p = 0; p < panels; p++) {
        int f = fromAt + i * fromStride + p * width;
        System.arraycopy(
            from, f, to, toAt + (p * k + i) * toStep, Math.min(toStep, from.length - f));
      }
    }
  }

  @Override
  public float dot(float[] a, int aAt, float[] b, int bAt, int n) {
    float[] lanes = new float[LANES];
    for (int i = 0; i < n; i++) {
      lanes[i % LANES] = Math.fma(a[aAt + i], b[bAt + i], lanes[i % LANES]);
    }
    return tree(lanes);
  }

  @Override
  public float sum(float[] x, int at, int n) {
    float[] lanes = new float[LANES];
    for (int i = 0; i < n; i++) {
      lanes[i % LANES] += x[at + i];
    }
    return tree(lanes);
  }

  /** The fixed tree over the lanes, which are overwritten. */
  static float tree(float[] lanes) {
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  @Override
  public float max(float[] x, int at, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, x[at + i]);
    }
    return max;
  }

  @Override
  public void dots(MemorySegment rows, long at, int rowCount, float[] query, int n, float[] out) {
    float[] row = new float[n];
    for (int r = 0; r < rowCount; r++) {
      MemorySegment.copy(rows, FLOAT, at + 4L * r * n, row, 0, n);
      out[r] = dot(row, 0, query, 0, n);
    }
  }

  @Override
  public void dots(
      float[] rows, int rowsAt, int rowCount, float[] queries, int queryCount, int n, float[] out) {
    for (int r = 0; r < rowCount; r++) {
      for (int q = 0; q < queryCount; q++) {
        out[q * rowCount + r] = dot(rows, rowsAt + r * n, queries, q * n, n);
      }
    }
  }

  @Override
  public void add(float[] x, int xAt, float[] y, int yAt, int n) {
    for (int i = 0; i < n; i++) {
      y[yAt + i] += x[xAt + i];
    }
  }

  @Override
  public void addScaled(float scale, float[] x, int xAt, float[] y, int yAt, int n) {
    for (int i = 0; i < n; i++) {
      y[yAt + i] = Math.fma(x[xAt + i], scale, y[yAt + i]);
    }
  }

  @Override
  public void addProduct(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
    for (int i = 0; i < n; i++) {
      y[yAt + i] = Math.fma(a[aAt + i], b[bAt + i], y[yAt + i]);
    }
  }

  @Override
  public void activate(Activation activation, float[] x, int xAt, float[] y, int yAt, int n) {
    for (int i = 0; i < n; i++) {
      float v = x[xAt + i];
      y[yAt + i] =
          switch (activation) {
            case NONE -> v;
            case RELU -> Math.max(v, 0f);
            case TANH -> Elementary.tanh(v);
            case GELU -> Elementary.gelu(v);
            case GELU_TANH -> Elementary.geluTanh(v);
          };
    }
  }

  @Override
  public void activationGradient(
      Activation activation, float[] saved, int sAt, float[] g, int gAt, int n) {
    for (int i = 0; i < n; i++) {
      float v = saved[sAt + i];
      float slope =
          switch (activation) {
            case NONE -> 1f;
            case RELU -> v > 0f ? 1f : 0f;
            case TANH -> Math.fma(-v, v, 1f);
            case GELU -> Elementary.geluDerivative(v);
            case GELU_TANH -> Elementary.geluTanhDerivative(v);
          };
      g[gAt + i] *= slope;
    }
  }

  @Override
  public void dropout(
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int n,
      int rowBase,
      int firstChannel,
      int threshold,
      float scale) {
    for (int i = 0; i < n; i++) {
      boolean kept = CounterRandom.draw(rowBase, firstChannel + i) >>> 8 >= threshold;
      y[yAt + i] = kept ? x[xAt + i] * scale : 0f;
    }
  }

  @Override
  public void exp(float[] x, int at, int n, float max) {
    for (int i = 0; i < n; i++) {
      x[at + i] = Elementary.exp(x[at + i] - max);
    }
  }

  @Override
  public float sumExp(float[] x, int at, int n, float max) {
    float[] lanes = new float[LANES];
    for (int i = 0; i < n; i++) {
      lanes[i % LANES] += Elementary.exp(x[at + i] - max);
    }
    return tree(lanes);
  }

  @Override
  public void scale(float[] x, int at, int n, float factor) {
    for (int i = 0; i < n; i++) {
      x[at + i] *= factor;
    }
  }

  @Override
  public void maxColumns(
      float[] x, int at, int rows, int cols, int stride, float scale, float[] max) {
    for (int j = 0; j < cols; j++) {
      float m = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < rows; i++) {
        float v = x[at + i * stride + j];
        m = v > m ? v : m;
      }
      max[j] = m * (scale * Elementary.LOG2_E);
    }
  }

  @Override
  public void expColumns(
      float[] x,
      int at,
      int rows,
      int cols,
      int stride,
      float scale,
      float[] max,
      float[] sum,
      int sumAt) {
    for (int j = 0; j < cols; j++) {
      float s = 0f;
      for (int i = 0; i < rows; i++) {
        float e = Elementary.exp2(x[at + i * stride + j] * (scale * Elementary.LOG2_E) - max[j]);
        x[at + i * stride + j] = e;
        s += e;
      }
      sum[sumAt + j] = s;
    }
  }

  @Override
  public void softmaxGradientColumns(
      float[] e,
      float[] dp,
      int start,
      int rows,
      int cols,
      int stride,
      float[] factor,
      float scale) {
    for (int j = 0; j < cols; j++) {
      float d = 0f;
      for (int i = 0; i < rows; i++) {
        int at = start + i * stride + j;
        d = Math.fma(e[at], dp[at], d);
      }
      d *= factor[j];
      float f = factor[j] * scale;
      for (int i = 0; i < rows; i++) {
        int at = start + i * stride + j;
        dp[at] = e[at] * f * (dp[at] - d);
      }
    }
  }

  @Override
  public void dropoutColumns(
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int n,
      int[] rowBases,
      int channel,
      int threshold,
      float scale) {
    for (int i = 0; i < n; i++) {
      boolean kept = CounterRandom.draw(rowBases[i], channel) >>> 8 >= threshold;
      y[yAt + i] = kept ? x[xAt + i] * scale : 0f;
    }
  }

  @Override
  public float layerNorm(
      float[] x, int xAt, int n, float[] gamma, float[] beta, float epsilon, float[] y, int yAt) {
    float mean = sum(x, xAt, n) / n;
    for (int i = 0; i < n; i++) {
      x[xAt + i] -= mean;
    }
    float variance = dot(x, xAt, x, xAt, n) / n;
    float factor = (float) (1 / Math.sqrt(variance + epsilon));
    for (int i = 0; i < n; i++) {
      x[xAt + i] *= factor;
      y[yAt + i] = Math.fma(x[xAt + i], gamma[i], beta[i]);
    }
    return factor;
  }

  @Override
  public void layerNormGradient(
      float[] g, int gAt, float[] normalised, int nAt, float factor, int n, float[] gamma) {
    for (int i = 0; i < n; i++) {
      g[gAt + i] *= gamma[i];
    }
    float mean = sum(g, gAt, n) / n;
    float slope = dot(g, gAt, normalised, nAt, n) / n;
    for (int i = 0; i < n; i++) {
      g[gAt + i] = Math.fma(normalised[nAt + i], -slope, g[gAt + i] - mean) * factor;
    }
  }

  @Override
  public void adam(float[] w, float[] g, float[] m, float[] v, int from, int to, AdamStep step) {
    float keep1 = 1f - step.beta1();
    float keep2 = 1f - step.beta2();
    for (int i = from; i < to; i++) {
      float d = g[i] * step.gradientScale();
      m[i] = Math.fma(m[i], step.beta1(), d * keep1);
      v[i] = Math.fma(v[i], step.beta2(), d * d * keep2);
      float root = (float) Math.sqrt(v[i] / step.correction2()) + step.epsilon();
      float update = Math.fma(w[i], step.weightDecay(), m[i] / step.correction1() / root);
      w[i] = Math.fma(update, -step.learningRate(), w[i]);
    }
  }

  @Override
  public void addRelu(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
    for (int i = 0; i < n; i++) {
      y[yAt + i] = Math.max(a[aAt + i] + b[bAt + i], 0f);
    }
  }
}
