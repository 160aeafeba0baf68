package org.realm4j.reference;

import org.jspecify.annotations.Nullable;
import org.realm4j.reference.Products.Finish;
import org.realm4j.reference.Products.Operand;
import org.realm4j.reference.Products.Target;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Shapes;

/** activation(x W^T + b). */
final class Linear {
  private Linear() {}

  static Values linear(
      Workspace space, Values x, Parameter weight, @Nullable Parameter bias, Activation act) {
    int rows = x.rows();
    int in = weight.cols();
    int out = weight.rows();
    Shapes.cols("x", x, in);
    if (bias != null) {
      Shapes.parameter(bias, 1, out);
    }
    Values y = space.result(rows, out, true); // [rows, out]
    boolean gelu = act == Activation.GELU || act == Activation.GELU_TANH;
    boolean keep = gelu && y.wanted();
    float[] before = keep ? space.saved((long) rows * out) : y.data();
    space
        .products()
        .multiply(
            Operand.rows(x.data(), in),
            rows,
            space.weights().forward(weight),
            new Target(before, 0, out, false),
            finish(space.kernels(), before, y.data(), out, bias, act));
    float[] saved = keep ? before : y.data();
    x.keep();
    if (act == Activation.RELU || act == Activation.TANH) {
      y.keep();
    }
    space.record(y, () -> backward(space, x, weight, bias, act, y, saved));
    return y;
  }

  private static @Nullable Finish finish(
      Kernels kernels,
      float[] before,
      float[] y,
      int out,
      @Nullable Parameter bias,
      Activation act) {
    if (bias == null && act == Activation.NONE) {
      return null;
    }
    float[] b = bias == null ? null : bias.values();
    return (rowFrom, rowTo, colFrom, colTo) -> {
      for (int r = rowFrom; r < rowTo; r++) {
        int at = r * out + colFrom;
        if (b != null) {
          kernels.add(b, colFrom, before, at, colTo - colFrom);
        }
        if (act != Activation.NONE) {
          kernels.activations().activate(act, before, at, y, at, colTo - colFrom);
        }
      }
    };
  }

  private static void backward(
      Workspace space,
      Values x,
      Parameter weight,
      @Nullable Parameter bias,
      Activation act,
      Values y,
      float[] saved) {
    int rows = x.rows();
    int in = weight.cols();
    int out = weight.rows();
    float[] g = y.gradient(); // [rows, out], becomes the gradient before the activation
    float[] db = bias == null ? null : space.gradient(bias);
    if (db != null || act != Activation.NONE) {
      Kernels k = space.kernels();
      space.splitColumns( // both in one pass over g
          out,
          rows,
          (from, to, _) -> {
            for (int r = 0; r < rows; r++) {
              int at = r * out + from;
              k.activations().activationGradient(act, saved, at, g, at, to - from);
              if (db != null) {
                k.add(g, at, db, from, to - from);
              }
            }
          });
    }
    addWeightGradient(space, g, rows, x.data(), weight);
    if (x.wanted()) {
      boolean accumulate = x.hasGradient();
      space
          .products()
          .multiply(
              Operand.rows(g, out),
              rows,
              space.weights().backward(weight),
              new Target(x.gradientToOverwrite(), 0, in, accumulate),
              null);
    }
  }

  /** dW += g^T x, over rows in order. g: [rows, out]; x: [rows, in] */
  static void addWeightGradient(Workspace space, float[] g, int rows, float[] x, Parameter w) {
    boolean accumulate = space.gradientOrNull(w) != null;
    float[] dw = space.gradientToOverwrite(w);
    space
        .products()
        .multiply(
            Operand.columns(g, w.rows()),
            w.rows(),
            Operand.rows(x, w.cols()),
            rows,
            w.cols(),
            new Target(dw, 0, w.cols(), accumulate));
  }
}
