package org.realm4j.reference.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.CounterRandom;

/**
 * The kernels in the Vector API. Never used as itself: {@link SimdLoader} defines it, and the three
 * classes beside it, as hidden classes once per vector width, so that the species is a constant to
 * the compiler in each, and both can run in one JVM. For that reason they have no lambdas and no
 * nested classes.
 *
 * <p>The 16 lanes of sums are one vector of 512 bit or two of 256. Tails are masked.
 *
 * <p>The compiler inlines a limited amount of bytecode into one method (HotSpot's
 * DesiredMethodLimit, 8,000 bytes, some 40 calls to the Vector API). Beyond it, only what the JDK
 * marks as forced still is, and a call to a method of ours would make every vector an object on the
 * heap, a hundred times slower. So vectors are never passed to methods of ours: loops consist of
 * calls to the Vector API alone, however long that makes them. JDK-8382713 is about this loss.
 */
final class SimdKernels implements Kernels {
  private static final VectorSpecies<Float> S = SimdLoader.species(MethodHandles.lookup());
  private static final VectorSpecies<Integer> I = S.withLanes(int.class);
  private static final int L = S.length();
  private static final int LANES = 16;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  /** Makes the exponent field of 2^n of n + ROUND. */
  private static final int EXPONENT = 127 - Float.floatToRawIntBits(Elementary.ROUND);

  private static final VectorShuffle<Float> ROTATE_8 = VectorShuffle.iota(S, 8 % L, 1, true);
  private static final VectorShuffle<Float> ROTATE_4 = VectorShuffle.iota(S, 4, 1, true);
  private static final VectorShuffle<Float> ROTATE_2 = VectorShuffle.iota(S, 2, 1, true);
  private static final VectorShuffle<Float> ROTATE_1 = VectorShuffle.iota(S, 1, 1, true);

  private static final IntVector IOTA = IntVector.zero(I).addIndex(1);

  private final TileKernels tiles;
  private final ActivationKernels activations;
  private final ScanKernels scans;

  SimdKernels(TileKernels tiles, ActivationKernels activations, ScanKernels scans) {
    this.tiles = tiles;
    this.activations = activations;
    this.scans = scans;
  }

  @Override
  public String describe() {
    return "SIMD " + S.vectorBitSize() + " bit";
  }

  @Override
  public TileKernels tiles() {
    return tiles;
  }

  @Override
  public ActivationKernels activations() {
    return activations;
  }

  @Override
  public ScanKernels scans() {
    return scans;
  }

  // ---- sums along a row

  @Override
  public float dot(float[] a, int aAt, float[] b, int bAt, int n) {
    FloatVector low = FloatVector.zero(S);
    FloatVector high = FloatVector.zero(S);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      low = FloatVector.fromArray(S, a, aAt + i).fma(FloatVector.fromArray(S, b, bAt + i), low);
      if (L < LANES) {
        high =
            FloatVector.fromArray(S, a, aAt + i + L)
                .fma(FloatVector.fromArray(S, b, bAt + i + L), high);
      }
    }
    if (i < n) {
      VectorMask<Float> mask = S.indexInRange(i, n);
      low =
          FloatVector.fromArray(S, a, aAt + i, mask)
              .fma(FloatVector.fromArray(S, b, bAt + i, mask), low);
      if (i + L < n) {
        mask = S.indexInRange(i + L, n);
        high =
            FloatVector.fromArray(S, a, aAt + i + L, mask)
                .fma(FloatVector.fromArray(S, b, bAt + i + L, mask), high);
      }
    }
    FloatVector s = L == LANES ? low.add(low.rearrange(ROTATE_8)) : low.add(high);
    s = s.add(s.rearrange(ROTATE_4));
    s = s.add(s.rearrange(ROTATE_2));
    return s.add(s.rearrange(ROTATE_1)).lane(0);
  }

  @Override
  public float sum(float[] x, int at, int n) {
    FloatVector low = FloatVector.zero(S);
    FloatVector high = FloatVector.zero(S);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      low = low.add(FloatVector.fromArray(S, x, at + i));
      if (L < LANES) {
        high = high.add(FloatVector.fromArray(S, x, at + i + L));
      }
    }
    if (i < n) {
      low = low.add(FloatVector.fromArray(S, x, at + i, S.indexInRange(i, n)));
      if (i + L < n) {
        high = high.add(FloatVector.fromArray(S, x, at + i + L, S.indexInRange(i + L, n)));
      }
    }
    FloatVector s = L == LANES ? low.add(low.rearrange(ROTATE_8)) : low.add(high);
    s = s.add(s.rearrange(ROTATE_4));
    s = s.add(s.rearrange(ROTATE_2));
    return s.add(s.rearrange(ROTATE_1)).lane(0);
  }

  @Override
  public float max(float[] x, int at, int n) {
    FloatVector max = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i + L <= n; i += L) {
      max = max.max(FloatVector.fromArray(S, x, at + i));
    }
    float result = max.reduceLanes(VectorOperators.MAX); // exact in any order
    for (; i < n; i++) {
      result = Math.max(result, x[at + i]);
    }
    return result;
  }

  @Override
  public void dots(
      float[] rows, int rowsAt, int rowCount, float[] queries, int queryCount, int n, float[] out) {
    float[] lanes = new float[4 * LANES];
    int r = 0;
    for (; n % LANES == 0 && r + 4 <= rowCount; r += 4) {
      for (int q = 0; q < queryCount; q++) {
        dots4(rows, rowsAt + r * n, n, queries, q * n, 0, lanes);
        if (L < LANES) {
          dots4(rows, rowsAt + r * n, n, queries, q * n, L, lanes);
        }
        trees4(lanes, out, q * rowCount + r);
      }
    }
    for (; r < rowCount; r++) {
      for (int q = 0; q < queryCount; q++) {
        out[q * rowCount + r] = dot(rows, rowsAt + r * n, queries, q * n, n);
      }
    }
  }

  /**
   * Four rows with one query, so that the additions of one row do not wait for each other; lanes
   * {@code half} to half + L of each. Small on purpose: a method with more vectors, tails and both
   * halves ran the first compiler out of registers, which then keeps it from the second for ever,
   * and every vector on the heap.
   */
  private static void dots4(
      float[] rows, int at, int n, float[] queries, int qAt, int half, float[] lanes) {
    FloatVector sum0 = FloatVector.zero(S);
    FloatVector sum1 = FloatVector.zero(S);
    FloatVector sum2 = FloatVector.zero(S);
    FloatVector sum3 = FloatVector.zero(S);
    for (int i = half; i < n; i += LANES) {
      FloatVector q = FloatVector.fromArray(S, queries, qAt + i);
      int from = at + i;
      sum0 = FloatVector.fromArray(S, rows, from).fma(q, sum0);
      sum1 = FloatVector.fromArray(S, rows, from + n).fma(q, sum1);
      sum2 = FloatVector.fromArray(S, rows, from + 2 * n).fma(q, sum2);
      sum3 = FloatVector.fromArray(S, rows, from + 3 * n).fma(q, sum3);
    }
    sum0.intoArray(lanes, half);
    sum1.intoArray(lanes, LANES + half);
    sum2.intoArray(lanes, 2 * LANES + half);
    sum3.intoArray(lanes, 3 * LANES + half);
  }

  @Override
  public void dots(MemorySegment rows, long at, int rowCount, float[] query, int n, float[] out) {
    float[] lanes = new float[4 * LANES];
    for (int r = 0; r < rowCount; r += 4) {
      int some = Math.min(4, rowCount - r);
      for (int i = 0; i < some; i++) {
        long row = at + 4L * (r + i) * n;
        if (L < LANES) {
          halves(rows, row, n, query, lanes, i * LANES);
        } else {
          lanes(rows, row, n, query, lanes, i * LANES);
        }
      }
      if (some == 4) {
        trees4(lanes, out, r);
      } else {
        float[] trees = new float[4];
        trees4(lanes, trees, 0);
        System.arraycopy(trees, 0, out, r, some);
      }
    }
  }

  /**
   * The lanes of one row, strictly in the order of memory: four rows side by side, as from arrays,
   * ran at a third of the speed, since the processor fetches ahead along lines that follow each
   * other.
   */
  private static void lanes(
      MemorySegment rows, long at, int n, float[] query, float[] lanes, int lanesAt) {
    FloatVector sum = FloatVector.zero(S);
    for (int i = 0; i < n; i += LANES) {
      sum =
          FloatVector.fromMemorySegment(S, rows, at + 4L * i, LE)
              .fma(FloatVector.fromArray(S, query, i), sum);
    }
    sum.intoArray(lanes, lanesAt);
  }

  /** The same where a vector has half of the lanes. */
  private static void halves(
      MemorySegment rows, long at, int n, float[] query, float[] lanes, int lanesAt) {
    FloatVector low = FloatVector.zero(S);
    FloatVector high = FloatVector.zero(S);
    for (int i = 0; i < n; i += LANES) {
      long from = at + 4L * i;
      low =
          FloatVector.fromMemorySegment(S, rows, from, LE)
              .fma(FloatVector.fromArray(S, query, i), low);
      high =
          FloatVector.fromMemorySegment(S, rows, from + 4L * L, LE)
              .fma(FloatVector.fromArray(S, query, i + L), high);
    }
    low.intoArray(lanes, lanesAt);
    high.intoArray(lanes, lanesAt + L);
  }

  /** The trees over four times 16 lanes. */
  private static void trees4(float[] lanes, float[] out, int outAt) {
    for (int i = 0; i < 4; i++) {
      FloatVector s = FloatVector.fromArray(S, lanes, i * LANES);
      s =
          s.add(
              L == LANES
                  ? s.rearrange(ROTATE_8)
                  : FloatVector.fromArray(S, lanes, i * LANES + LANES - L));
      s = s.add(s.rearrange(ROTATE_4));
      s = s.add(s.rearrange(ROTATE_2));
      out[outAt + i] = s.add(s.rearrange(ROTATE_1)).lane(0);
    }
  }

  // ---- along a row, element by element

  @Override
  public void add(float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, y, yAt + i)
          .add(FloatVector.fromArray(S, x, xAt + i))
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] += x[xAt + i];
    }
  }

  @Override
  public void addScaled(float scale, float[] x, int xAt, float[] y, int yAt, int n) {
    FloatVector s = FloatVector.broadcast(S, scale);
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, x, xAt + i)
          .fma(s, FloatVector.fromArray(S, y, yAt + i))
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.fma(x[xAt + i], scale, y[yAt + i]);
    }
  }

  @Override
  public void addProduct(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, a, aAt + i)
          .fma(FloatVector.fromArray(S, b, bAt + i), FloatVector.fromArray(S, y, yAt + i))
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.fma(a[aAt + i], b[bAt + i], y[yAt + i]);
    }
  }

  @Override
  public void addRelu(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, a, aAt + i)
          .add(FloatVector.fromArray(S, b, bAt + i))
          .max(0f)
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.max(a[aAt + i] + b[bAt + i], 0f);
    }
  }

  @Override
  public void scale(float[] x, int at, int n, float factor) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, x, at + i).mul(factor).intoArray(x, at + i);
    }
    for (; i < n; i++) {
      x[at + i] *= factor;
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
    int i = 0;
    for (; i + L <= n; i += L) {
      IntVector draws = IOTA.add(firstChannel + i).mul(CounterRandom.GOLDEN).add(rowBase);
      // CounterRandom.mix
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 16));
      draws = draws.mul(0x7feb352d);
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 15));
      draws = draws.mul(0x846ca68b);
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 16));
      VectorMask<Float> kept =
          draws.lanewise(VectorOperators.LSHR, 8).compare(VectorOperators.GE, threshold).cast(S);
      FloatVector.zero(S)
          .blend(FloatVector.fromArray(S, x, xAt + i).mul(scale), kept)
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      boolean kept = CounterRandom.draw(rowBase, firstChannel + i) >>> 8 >= threshold;
      y[yAt + i] = kept ? x[xAt + i] * scale : 0f;
    }
  }

  // ---- whole rows

  @Override
  public void exp(float[] x, int at, int n, float max) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, at + i).sub(max).mul(Elementary.LOG2_E);
      FloatVector et = v.add(Elementary.ROUND);
      FloatVector er = v.sub(et.sub(Elementary.ROUND));
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E5), FloatVector.broadcast(S, Elementary.E4));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, 1f));
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      e = e.blend(0f, v.compare(VectorOperators.LT, Elementary.EXP2_LOW));
      e.intoArray(x, at + i);
    }
    for (; i < n; i++) {
      x[at + i] = Elementary.exp(x[at + i] - max);
    }
  }

  @Override
  public float sumExp(float[] x, int at, int n, float max) {
    FloatVector low = FloatVector.zero(S);
    FloatVector high = FloatVector.zero(S);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, at + i).sub(max).mul(Elementary.LOG2_E);
      FloatVector et = v.add(Elementary.ROUND);
      FloatVector er = v.sub(et.sub(Elementary.ROUND));
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E5), FloatVector.broadcast(S, Elementary.E4));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, 1f));
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      e = e.blend(0f, v.compare(VectorOperators.LT, Elementary.EXP2_LOW));
      // with vectors of 8, the two halves of 16 lanes change places
      FloatVector sum = low.add(e);
      low = L == LANES ? sum : high;
      high = L == LANES ? high : sum;
    }
    float[] lanes = new float[LANES];
    low.intoArray(lanes, 0);
    if (L < LANES) {
      high.intoArray(lanes, L);
    }
    for (int i = whole; i < n; i++) {
      lanes[i - whole] += Elementary.exp(x[at + i] - max);
    }
    return ScalarKernels.tree(lanes);
  }

  // ---- down columns

  @Override
  public void maxColumns(
      float[] x, int at, int rows, int cols, int stride, float scale, float[] max) {
    for (int j = 0; j < cols; j += L) {
      FloatVector m = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
      for (int i = 0; i < rows; i++) {
        FloatVector v = FloatVector.fromArray(S, x, at + i * stride + j);
        m = m.blend(v, v.compare(VectorOperators.GT, m));
      }
      m.mul(scale * Elementary.LOG2_E).intoArray(max, j);
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
    float scale2 = scale * Elementary.LOG2_E;
    for (int j = 0; j < cols; j += L) {
      FloatVector m = FloatVector.fromArray(S, max, j);
      FloatVector total = FloatVector.zero(S);
      for (int i = 0; i < rows; i++) {
        int xi = at + i * stride + j;
        FloatVector v = FloatVector.fromArray(S, x, xi).mul(scale2).sub(m);
        FloatVector et = v.add(Elementary.ROUND);
        FloatVector er = v.sub(et.sub(Elementary.ROUND));
        FloatVector e =
            er.fma(
                FloatVector.broadcast(S, Elementary.E5), FloatVector.broadcast(S, Elementary.E4));
        e = e.fma(er, FloatVector.broadcast(S, Elementary.E3));
        e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
        e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
        e = e.fma(er, FloatVector.broadcast(S, 1f));
        e =
            e.mul(
                et.reinterpretAsInts()
                    .add(EXPONENT)
                    .lanewise(VectorOperators.LSHL, 23)
                    .reinterpretAsFloats());
        e = e.blend(0f, v.compare(VectorOperators.LT, Elementary.EXP2_LOW));
        e.intoArray(x, xi);
        total = total.add(e);
      }
      total.intoArray(sum, sumAt + j);
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
    for (int j = 0; j < cols; j += L) {
      FloatVector d = FloatVector.zero(S);
      for (int i = 0; i < rows; i++) {
        int at = start + i * stride + j;
        d = FloatVector.fromArray(S, e, at).fma(FloatVector.fromArray(S, dp, at), d);
      }
      d = d.mul(FloatVector.fromArray(S, factor, j));
      FloatVector f = FloatVector.fromArray(S, factor, j).mul(scale);
      for (int i = 0; i < rows; i++) {
        int at = start + i * stride + j;
        FloatVector.fromArray(S, e, at)
            .mul(f)
            .mul(FloatVector.fromArray(S, dp, at).sub(d))
            .intoArray(dp, at);
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
    for (int i = 0; i < n; i += L) {
      IntVector draws = IntVector.fromArray(I, rowBases, i).add(channel * CounterRandom.GOLDEN);
      // CounterRandom.mix
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 16));
      draws = draws.mul(0x7feb352d);
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 15));
      draws = draws.mul(0x846ca68b);
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 16));
      VectorMask<Float> kept =
          draws.lanewise(VectorOperators.LSHR, 8).compare(VectorOperators.GE, threshold).cast(S);
      FloatVector.zero(S)
          .blend(FloatVector.fromArray(S, x, xAt + i).mul(scale), kept)
          .intoArray(y, yAt + i);
    }
  }

  @Override
  public float layerNorm(
      float[] x, int xAt, int n, float[] gamma, float[] beta, float epsilon, float[] y, int yAt) {
    float mean = sum(x, xAt, n) / n;
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, x, xAt + i).sub(mean).intoArray(x, xAt + i);
    }
    for (; i < n; i++) {
      x[xAt + i] -= mean;
    }
    float variance = dot(x, xAt, x, xAt, n) / n;
    float factor = (float) (1 / Math.sqrt(variance + epsilon));
    for (i = 0; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i).mul(factor);
      v.intoArray(x, xAt + i);
      v.fma(FloatVector.fromArray(S, gamma, i), FloatVector.fromArray(S, beta, i))
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      x[xAt + i] *= factor;
      y[yAt + i] = Math.fma(x[xAt + i], gamma[i], beta[i]);
    }
    return factor;
  }

  @Override
  public void layerNormGradient(
      float[] g, int gAt, float[] normalised, int nAt, float factor, int n, float[] gamma) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, g, gAt + i)
          .mul(FloatVector.fromArray(S, gamma, i))
          .intoArray(g, gAt + i);
    }
    for (; i < n; i++) {
      g[gAt + i] *= gamma[i];
    }
    float mean = sum(g, gAt, n) / n;
    float slope = dot(g, gAt, normalised, nAt, n) / n;
    FloatVector down = FloatVector.broadcast(S, -slope);
    for (i = 0; i + L <= n; i += L) {
      FloatVector.fromArray(S, normalised, nAt + i)
          .fma(down, FloatVector.fromArray(S, g, gAt + i).sub(mean))
          .mul(factor)
          .intoArray(g, gAt + i);
    }
    for (; i < n; i++) {
      g[gAt + i] = Math.fma(normalised[nAt + i], -slope, g[gAt + i] - mean) * factor;
    }
  }

  @Override
  public void adam(float[] w, float[] g, float[] m, float[] v, int from, int to, AdamStep step) {
    float keep1 = 1f - step.beta1();
    float keep2 = 1f - step.beta2();
    int i = from;
    for (; i + L <= to; i += L) {
      FloatVector d = FloatVector.fromArray(S, g, i).mul(step.gradientScale());
      FloatVector first =
          FloatVector.fromArray(S, m, i).fma(FloatVector.broadcast(S, step.beta1()), d.mul(keep1));
      FloatVector second =
          FloatVector.fromArray(S, v, i)
              .fma(FloatVector.broadcast(S, step.beta2()), d.mul(d).mul(keep2));
      first.intoArray(m, i);
      second.intoArray(v, i);
      FloatVector root = second.div(step.correction2()).sqrt().add(step.epsilon());
      FloatVector old = FloatVector.fromArray(S, w, i);
      FloatVector update =
          old.fma(
              FloatVector.broadcast(S, step.weightDecay()),
              first.div(step.correction1()).div(root));
      update.fma(FloatVector.broadcast(S, -step.learningRate()), old).intoArray(w, i);
    }
    for (; i < to; i++) {
      float d = g[i] * step.gradientScale();
      m[i] = Math.fma(m[i], step.beta1(), d * keep1);
      v[i] = Math.fma(v[i], step.beta2(), d * d * keep2);
      float root = (float) Math.sqrt(v[i] / step.correction2()) + step.epsilon();
      float update = Math.fma(w[i], step.weightDecay(), m[i] / step.correction1() / root);
      w[i] = Math.fma(update, -step.learningRate(), w[i]);
    }
  }
}
