package org.realm4j.reference;

import org.jspecify.annotations.Nullable;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Shapes;

/** Layer norm of x, or of x + residual, row by row. */
final class LayerNorm {
  private LayerNorm() {}

  static Values layerNorm(
      Workspace space,
      Values x,
      @Nullable Values residual,
      Parameter gamma,
      Parameter beta,
      float epsilon) {
    int rows = x.rows();
    int cols = x.cols();
    Shapes.parameter(gamma, 1, cols);
    Shapes.parameter(beta, 1, cols);
    if (residual != null) {
      Shapes.tensor("residual", residual, rows, cols);
    }
    Kernels k = space.kernels();
    Values y = space.result(rows, cols, true);
    // without recording, the normalised rows pass through y itself
    float[] normalised = y.wanted() ? space.saved((long) rows * cols) : y.data();
    float[] factors = y.wanted() ? space.saved(rows) : new float[rows];
    float[] from = x.data();
    float[] other = residual == null ? null : residual.data();
    float[] weight = gamma.values();
    float[] shift = beta.values();
    space.split(
        rows,
        cols,
        (a, b, _) -> {
          for (int r = a; r < b; r++) {
            int at = r * cols;
            System.arraycopy(from, at, normalised, at, cols);
            if (other != null) {
              k.add(other, at, normalised, at, cols);
            }
            factors[r] = k.layerNorm(normalised, at, cols, weight, shift, epsilon, y.data(), at);
          }
        });
    space.record(y, () -> backward(space, x, residual, gamma, beta, y, normalised, factors));
    return y;
  }

  private static void backward(
      Workspace space,
      Values x,
      @Nullable Values residual,
      Parameter gamma,
      Parameter beta,
      Values y,
      float[] normalised,
      float[] factors) {
    int rows = x.rows();
    int cols = x.cols();
    Kernels k = space.kernels();
    float[] g = y.gradient();
    float[] dGamma = space.gradient(gamma);
    float[] dBeta = space.gradient(beta);
    space.splitColumns(
        cols,
        rows,
        (a, b, _) -> {
          for (int r = 0; r < rows; r++) {
            k.addProduct(g, r * cols + a, normalised, r * cols + a, dGamma, a, b - a);
            k.add(g, r * cols + a, dBeta, a, b - a);
          }
        });
    float[] weight = gamma.values();
    space.split(
        rows,
        cols,
        (a, b, _) -> {
          for (int r = a; r < b; r++) {
            k.layerNormGradient(g, r * cols, normalised, r * cols, factors[r], cols, weight);
          }
        });
    space.passGradient(y, residual, x);
  }
}
