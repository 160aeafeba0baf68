package org.realm4j.gpu;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Shapes;

/**
 * Layer norm of x, or of x + residual, row by row. Composed: ND4J's own has no epsilon and is ten
 * times as slow.
 */
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
    Values y = space.result(rows, cols, true);
    if (rows == 0) {
      return y;
    }
    INDArray n = space.take(rows, cols); // (x - mean) / deviation
    INDArray factor = space.take(rows, 1); // 1 / deviation
    if (residual == null) {
      Ops.copy(x.data(), n);
    } else {
      Ops.add(x.data(), residual.data(), n);
    }
    subtractMean(space, n, factor);
    Ops.multiply(n, n, y.data());
    space.rowSums(y.data(), factor);
    Ops.scale(factor, 1.0 / cols, factor);
    Ops.plus(factor, epsilon, factor);
    Ops.sqrt(factor, factor);
    Ops.reciprocal(factor, factor);
    Ops.multiply(n, factor, n);
    Ops.multiply(n, space.parameters().value(gamma), y.data());
    Ops.add(y.data(), space.parameters().value(beta), y.data());
    space.record(y, () -> backward(space, x, residual, gamma, beta, y, n, factor), n, factor);
    return y;
  }

  /**
   * @param mean room for the mean of each row. [rows, 1]
   */
  private static void subtractMean(Workspace space, INDArray x, INDArray mean) {
    space.rowSums(x, mean);
    Ops.scale(mean, 1.0 / x.size(1), mean);
    Ops.subtract(x, mean, x);
  }

  /** dx = factor (h - mean(h) - n mean(h n)) with h = gamma dy. */
  private static void backward(
      Workspace space,
      Values x,
      @Nullable Values residual,
      Parameter gamma,
      Parameter beta,
      Values y,
      INDArray n,
      INDArray factor) {
    INDArray g = y.gradient();
    INDArray t = space.take(g.shape());
    Ops.multiply(g, n, t);
    space.addColumnSums(t, space.gradient(gamma));
    space.addColumnSums(g, space.gradient(beta));
    INDArray h = space.take(g.shape());
    INDArray mean = space.take(x.rows(), 1);
    Ops.multiply(g, space.parameters().value(gamma), h);
    Ops.multiply(h, n, t);
    space.rowSums(t, mean);
    Ops.scale(mean, 1.0 / x.cols(), mean);
    Ops.multiply(n, mean, t);
    subtractMean(space, h, mean);
    Ops.subtract(h, t, h);
    Ops.multiply(h, factor, h);
    space.give(t);
    space.give(mean);
    if (residual != null) {
      residual.addGradient(h);
    }
    x.takeOver(h);
  }
}
