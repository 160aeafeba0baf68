package org.realm4j.gpu;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Shapes;
import org.realm4j.tensor.Tape;

/** The norm of all gradients, and Adam. */
final class Optimizer {
  /** Squares are summed in pieces of this length first, so that no sum is long. */
  private static final int PIECE = 4096;

  private Optimizer() {}

  /** One number comes back from the device for all parameters together. */
  static double norm(Workspace space, Collection<Parameter> parameters) {
    List<INDArray> gradients = new ArrayList<>();
    for (Parameter p : parameters) {
      INDArray g = space.gradientOrNull(p);
      if (g != null) {
        gradients.add(g);
      }
    }
    if (gradients.isEmpty()) {
      return 0;
    }
    try (Tape _ = space.open(false)) {
      int n = gradients.size();
      INDArray sums = space.zeros(n, 1);
      for (int i = 0; i < n; i++) {
        addSquares(space, gradients.get(i), Workspace.view(sums, i, 1, 1));
      }
      double sum = 0;
      for (float s : space.download(sums, n)) {
        sum += s;
      }
      return Math.sqrt(sum);
    }
  }

  private static void addSquares(Workspace space, INDArray g, INDArray to) {
    long n = g.length();
    INDArray squares = space.take(n, 1);
    Ops.multiply(Workspace.view(g, 0, n, 1), Workspace.view(g, 0, n, 1), squares);
    long pieces = n / PIECE;
    if (pieces > 0) {
      INDArray parts = space.take(pieces, 1);
      space.rowSums(Workspace.view(squares, 0, pieces, PIECE), parts);
      space.addColumnSums(parts, to);
      space.give(parts);
    }
    long rest = n - pieces * PIECE;
    if (rest > 0) {
      space.addColumnSums(Workspace.view(squares, pieces * PIECE, rest, 1), to);
    }
    space.give(squares);
  }

  static void adam(
      Workspace space, Parameter parameter, Parameter first, Parameter second, AdamStep step) {
    Shapes.parameter(first, parameter.rows(), parameter.cols());
    Shapes.parameter(second, parameter.rows(), parameter.cols());
    INDArray g = space.gradientOrNull(parameter);
    if (g == null) {
      return;
    }
    DeviceParameters parameters = space.parameters();
    INDArray w = parameters.value(parameter);
    try (Tape _ = space.open(false)) {
      INDArray update = space.take(w.shape());
      INDArray decay = space.take(w.shape());
      Ops.scale(g, step.gradientScale(), update);
      // (m / c1) / (sqrt(v / c2) + e) is m sqrt(c2) / c1 / (sqrt(v) + e sqrt(c2))
      double root = Math.sqrt(step.correction2());
      Ops.adam(
          update,
          parameters.value(first),
          parameters.value(second),
          step.learningRate() * root / step.correction1(),
          step.beta1(),
          step.beta2(),
          step.epsilon() * root);
      Ops.scale(w, (double) step.learningRate() * step.weightDecay(), decay);
      Ops.add(update, decay, update);
      Ops.subtract(w, update, w);
    }
    parameters.changed(parameter);
    parameters.changed(first);
    parameters.changed(second);
  }
}
