package org.realm4j.reference.kernels;

import java.lang.foreign.MemorySegment;
import org.realm4j.tensor.AdamStep;

/**
 * The inner loops of the backend, on ranges of float arrays. All implementations return the same
 * bits, which rests on three rules:
 *
 * <ul>
 *   <li>products add up over k in order, one fused multiply-add per step;
 *   <li>sums along a row use 16 virtual lanes, element i in lane i % 16, each in order from 0, and
 *       then a fixed tree: lane l + lane l + 8, then + 4, + 2, + 1;
 *   <li>exp, tanh and erf are the polynomials of {@link Elementary}, operation by operation.
 * </ul>
 *
 * Stateless and thread-safe.
 */
public interface Kernels {
  /** One line for people, such as {@code "SIMD 512 bit"}. */
  String describe();

  TileKernels tiles();

  ActivationKernels activations();

  ScanKernels scans();

  // ---- sums along a row

  /** Sum of a[i] b[i], fused, in 16 lanes. */
  float dot(float[] a, int aAt, float[] b, int bAt, int n);

  float sum(float[] x, int at, int n);

  /** The largest element, negative infinity if there is none, NaN if one is. */
  float max(float[] x, int at, int n);

  /**
   * Dot products of rows with queries, each with the bits of {@link #dot}: out[q * rowCount + r] =
   * row r . query q.
   */
  void dots(
      float[] rows, int rowsAt, int rowCount, float[] queries, int queryCount, int n, float[] out);

  /**
   * The same of one query with rows of little-endian floats outside the heap: out[r].
   *
   * @param n a multiple of 16
   */
  void dots(MemorySegment rows, long at, int rowCount, float[] query, int n, float[] out);

  // ---- along a row, element by element

  /** y += x. */
  void add(float[] x, int xAt, float[] y, int yAt, int n);

  /** y += scale * x, fused. */
  void addScaled(float scale, float[] x, int xAt, float[] y, int yAt, int n);

  /** y += a * b, fused. */
  void addProduct(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n);

  /**
   * y = x * scale where the draw of (rowBase, firstChannel + i) keeps it, else 0; x and y may be
   * the same.
   */
  void dropout(
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int n,
      int rowBase,
      int firstChannel,
      int threshold,
      float scale);

  // ---- whole rows

  /** x = exp(x - max), for max the largest of them. */
  void exp(float[] x, int at, int n, float max);

  /** The sum of exp(x - max), without keeping the terms. */
  float sumExp(float[] x, int at, int n, float max);

  /** x *= factor. */
  void scale(float[] x, int at, int n, float factor);

  // ---- down columns, for whole vectors of columns; sums run over rows in order

  /**
   * max[j] = the largest of column j, not looking at NaN, times scale and log2(e); scale is
   * positive.
   */
  void maxColumns(float[] x, int at, int rows, int cols, int stride, float scale, float[] max);

  /**
   * x = 2^(scale log2(e) x - max[j]), which is softmax's exponential: a power of 2 costs less than
   * one of e. Not fused, so that the largest is 1 exactly; sum[sumAt + j] = the sum of column j's
   * results.
   */
  void expColumns(
      float[] x,
      int at,
      int rows,
      int cols,
      int stride,
      float scale,
      float[] max,
      float[] sum,
      int sumAt);

  /**
   * The gradient of softmax(scale * x) by x, in place of dp: e f (dp - d f) scale, where d is the
   * sum of e dp down the column.
   *
   * @param e the exponentials
   * @param factor f of each column, 1 / their sum
   */
  void softmaxGradientColumns(
      float[] e, float[] dp, int at, int rows, int cols, int stride, float[] factor, float scale);

  /** As {@link #dropout}, with one channel and a row's base for each column. */
  void dropoutColumns(
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int n,
      int[] rowBases,
      int channel,
      int threshold,
      float scale);

  /**
   * Layer norm of one row.
   *
   * @param x normalised in place, before gamma and beta
   * @param y gamma * x + beta
   * @return what the centred row was multiplied by
   */
  float layerNorm(
      float[] x, int xAt, int n, float[] gamma, float[] beta, float epsilon, float[] y, int yAt);

  /**
   * The gradient by a row's values, in place of that by its result.
   *
   * @param normalised as left by {@link #layerNorm}, with the factor that it returned
   */
  void layerNormGradient(
      float[] g, int gAt, float[] normalised, int nAt, float factor, int n, float[] gamma);

  /** One update as {@link AdamStep} says. */
  void adam(float[] w, float[] g, float[] m, float[] v, int from, int to, AdamStep step);

  /** y = max(a + b, 0), element by element. */
  void addRelu(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n);
}
