package org.realm4j.gpu;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Shapes;

/** activation(x W^T + b). */
final class Linear {
  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double NORMAL_DENSITY = 1 / Math.sqrt(2 * Math.PI);
  private static final double TANH_SCALE = Math.sqrt(2 / Math.PI);
  private static final double CUBIC = 0.044715;

  private Linear() {}

  static Values linear(
      Workspace space, Values x, Parameter weight, @Nullable Parameter bias, Activation act) {
    int out = weight.rows();
    Shapes.cols("x", x, weight.cols());
    if (bias != null) {
      Shapes.parameter(bias, 1, out);
    }
    Values y = space.result(x.rows(), out, true); // [rows, out]
    if (x.rows() == 0) {
      return y;
    }
    boolean gelu = act == Activation.GELU || act == Activation.GELU_TANH;
    INDArray z = gelu ? space.take(x.rows(), out) : y.data(); // before the activation
    Ops.matmul(x.data(), false, space.parameters().value(weight), true, z, false);
    if (bias != null) {
      Ops.add(z, space.parameters().value(bias), z);
    }
    switch (act) {
      case NONE -> {}
      case RELU -> Ops.relu(z, z);
      case TANH -> Ops.tanh(z, z);
      case GELU -> {
        normalDistribution(z, y.data());
        Ops.multiply(y.data(), z, y.data());
      }
      case GELU_TANH -> {
        tanhDistribution(space, z, y.data());
        Ops.multiply(y.data(), z, y.data());
      }
    }
    x.keep();
    if (act == Activation.RELU || act == Activation.TANH) {
      y.keep();
    }
    Runnable step = () -> backward(space, x, weight, bias, act, y, z);
    if (gelu) {
      space.record(y, step, z);
    } else {
      space.record(y, step);
    }
    return y;
  }

  /** Phi(z) = (1 + erf(z / sqrt 2)) / 2 */
  private static void normalDistribution(INDArray z, INDArray to) {
    Ops.scale(z, SQRT_HALF, to);
    Ops.erf(to, to);
    Ops.plus(to, 1, to);
    Ops.scale(to, 0.5, to);
  }

  /** (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) / 2 */
  private static void tanhDistribution(Workspace space, INDArray z, INDArray to) {
    INDArray square = space.take(z.shape());
    Ops.multiply(z, z, square);
    Ops.scale(square, CUBIC, square);
    Ops.plus(square, 1, square);
    Ops.multiply(square, z, to);
    space.give(square);
    Ops.scale(to, TANH_SCALE, to);
    Ops.tanh(to, to);
    Ops.plus(to, 1, to);
    Ops.scale(to, 0.5, to);
  }

  private static void backward(
      Workspace space,
      Values x,
      Parameter weight,
      @Nullable Parameter bias,
      Activation act,
      Values y,
      INDArray z) {
    INDArray g = y.gradient(); // [rows, out], becomes the gradient before the activation
    activationGradient(space, act, y, z, g);
    boolean add = space.gradientOrNull(weight) != null;
    Ops.matmul(g, true, x.data(), false, space.gradientToOverwrite(weight), add);
    if (bias != null) {
      space.addColumnSums(g, space.gradient(bias));
    }
    if (x.wanted()) {
      boolean accumulate = x.hasGradient();
      INDArray w = space.parameters().value(weight);
      Ops.matmul(g, false, w, false, x.gradientToOverwrite(), accumulate);
    }
  }

  private static void activationGradient(
      Workspace space, Activation act, Values y, INDArray z, INDArray g) {
    if (act == Activation.NONE) {
      return;
    }
    INDArray d = space.take(g.shape()); // the derivative
    switch (act) {
      case RELU -> Ops.step(y.data(), 0, d);
      case TANH -> { // 1 - y^2
        Ops.multiply(y.data(), y.data(), d);
        Ops.from(1, d, d);
      }
      case GELU -> { // Phi(z) + z phi(z)
        INDArray density = space.take(g.shape());
        Ops.multiply(z, z, density);
        Ops.scale(density, -0.5, density);
        Ops.exp(density, density);
        Ops.scale(density, NORMAL_DENSITY, density);
        Ops.multiply(density, z, density);
        normalDistribution(z, d);
        Ops.add(d, density, d);
        space.give(density);
      }
      case GELU_TANH -> { // p + z p', with p' = 2 p (1 - p) sqrt(2 / pi) (1 + 3 0.044715 z^2)
        INDArray p = space.take(g.shape());
        tanhDistribution(space, z, p);
        Ops.multiply(z, z, d);
        Ops.scale(d, 3 * CUBIC, d);
        Ops.plus(d, 1, d);
        Ops.scale(d, 2 * TANH_SCALE, d);
        Ops.multiply(d, z, d);
        Ops.multiply(d, p, d);
        INDArray rest = space.take(g.shape());
        Ops.from(1, p, rest);
        Ops.multiply(d, rest, d);
        Ops.add(d, p, d);
        space.give(rest);
        space.give(p);
      }
      case NONE -> {}
    }
    Ops.multiply(g, d, g);
    space.give(d);
  }
}
