package org.realm4j.reference;

import java.util.Arrays;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;

/**
 * The backend's kernels by themselves, split over threads as its operations do, to measure them.
 */
public final class KernelProbe implements AutoCloseable {
  /** Which one. */
  public enum Kind {
    /** Of rows, in place, as attention does it: maximum, exponentials and their sum, scaling. */
    SOFTMAX,
    SOFTMAX_GRADIENT,
    /** Of rows; keeps the normalised rows beside the result, as in training. */
    LAYER_NORM,
    /** By the rows' values; those by gamma and beta are sums of columns. */
    LAYER_NORM_GRADIENT,
    GELU,
    GELU_GRADIENT,
    GELU_TANH,
    GELU_TANH_GRADIENT,
    ADAM
  }

  /**
   * A kernel ready to be run.
   *
   * @param refill brings back the values that running it changes: results that are fed in again and
   *     again would end as denormal numbers or infinities
   */
  public record Kernel(Runnable refill, Runnable run) {}

  private final Workspace space;
  private final Kernels kernels;

  public KernelProbe(KernelChoice choice, int threads) {
    kernels = choice.kernels();
    space = new Workspace(kernels, threads, "kernel-probe");
  }

  /** A kernel over n values, in rows of cols where it has rows; softmax has blocks of cols rows. */
  public Kernel kernel(Kind kind, int n, int cols) {
    return switch (kind) {
      case SOFTMAX -> softmax(n / (cols * cols), cols);
      case SOFTMAX_GRADIENT -> softmaxGradient(n / (cols * cols), cols);
      case LAYER_NORM -> layerNorm(n / cols, cols);
      case LAYER_NORM_GRADIENT -> layerNormGradient(n / cols, cols);
      case GELU -> activation(Activation.GELU, n);
      case GELU_GRADIENT -> activationGradient(Activation.GELU, n);
      case GELU_TANH -> activation(Activation.GELU_TANH, n);
      case GELU_TANH_GRADIENT -> activationGradient(Activation.GELU_TANH, n);
      case ADAM -> adam(n);
    };
  }

  /** As attention does it: down the columns of square blocks; 1 / sum is not applied there. */
  private Kernel softmax(int blocks, int cols) {
    float[] values = spread(blocks * cols * cols, 3f);
    float[] x = values.clone();
    return new Kernel(
        copy(values, x),
        () ->
            space.split(
                blocks,
                cols * cols,
                (from, to, s) -> {
                  float[] max = s.array(Scratch.STATISTICS, 2 * cols);
                  for (int b = from; b < to; b++) {
                    int at = b * cols * cols;
                    kernels.maxColumns(x, at, cols, cols, cols, 1f, max);
                    kernels.expColumns(x, at, cols, cols, cols, 1f, max, max, cols);
                  }
                }));
  }

  private Kernel softmaxGradient(int blocks, int cols) {
    float[] e = new float[blocks * cols * cols];
    Arrays.fill(e, 1f);
    float[] values = spread(e.length, 1f);
    float[] g = values.clone();
    float[] factor = new float[cols];
    Arrays.fill(factor, 1f / cols);
    return new Kernel(
        copy(values, g),
        () ->
            space.split(
                blocks,
                cols * cols,
                (from, to, _) -> {
                  for (int b = from; b < to; b++) {
                    int at = b * cols * cols;
                    kernels.softmaxGradientColumns(e, g, at, cols, cols, cols, factor, 0.125f);
                  }
                }));
  }

  private Kernel layerNorm(int rows, int cols) {
    float[] values = spread(rows * cols, 3f);
    float[] x = values.clone();
    float[] y = new float[x.length];
    float[] gamma = spread(cols, 1f);
    float[] beta = spread(cols, 1f);
    float[] factors = new float[rows];
    return new Kernel(
        copy(values, x),
        () ->
            space.split(
                rows,
                cols,
                (from, to, _) -> {
                  for (int r = from; r < to; r++) {
                    int at = r * cols;
                    factors[r] = kernels.layerNorm(x, at, cols, gamma, beta, 1e-12f, y, at);
                  }
                }));
  }

  private Kernel layerNormGradient(int rows, int cols) {
    float[] values = spread(rows * cols, 1f);
    float[] g = values.clone();
    float[] normalised = spread(rows * cols, 1.7f);
    float[] gamma = spread(cols, 1f);
    return new Kernel(
        copy(values, g),
        () ->
            space.split(
                rows,
                cols,
                (from, to, _) -> {
                  for (int r = from; r < to; r++) {
                    int at = r * cols;
                    kernels.layerNormGradient(g, at, normalised, at, 0.9f, cols, gamma);
                  }
                }));
  }

  private Kernel activation(Activation activation, int n) {
    float[] x = spread(n, 3f);
    float[] y = new float[n];
    return new Kernel(
        () -> {},
        () ->
            space.split(
                n, 1, (a, b, _) -> kernels.activations().activate(activation, x, a, y, a, b - a)));
  }

  private Kernel activationGradient(Activation activation, int n) {
    float[] x = spread(n, 3f);
    float[] values = spread(n, 1f);
    float[] g = values.clone();
    return new Kernel(
        copy(values, g),
        () ->
            space.split(
                n,
                1,
                (a, b, _) ->
                    kernels.activations().activationGradient(activation, x, a, g, a, b - a)));
  }

  private Kernel adam(int n) {
    float[] w = spread(n, 0.05f);
    float[] g = spread(n, 0.01f);
    float[] m = new float[n];
    float[] v = new float[n];
    AdamStep step = new AdamStep(1e-4f, 0.9f, 0.999f, 1e-6f, 0.01f, 0.5f, 0.5f, 1f);
    return new Kernel(
        () -> {}, () -> space.split(n, 1, (a, b, _) -> kernels.adam(w, g, m, v, a, b, step)));
  }

  private static Runnable copy(float[] from, float[] to) {
    return () -> System.arraycopy(from, 0, to, 0, to.length);
  }

  /** Values between -limit and limit, without a period that a vector or a row has. */
  private static float[] spread(int n, float limit) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = limit * (i * 7919L % 4099 / 2049.5f - 1f);
    }
    return x;
  }

  @Override
  public void close() {
    space.close();
  }
}
