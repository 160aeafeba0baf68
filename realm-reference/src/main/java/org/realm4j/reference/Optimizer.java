package org.realm4j.reference;

import java.util.Collection;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Shapes;

/** The norm of all gradients, and Adam. */
final class Optimizer {
  private static final int BLOCK = 4096;

  private Optimizer() {}

  /** Blocks of 4,096 floats are summed in 16 lanes, the blocks' sums in double, in order. */
  static double norm(Workspace space, Collection<Parameter> parameters) {
    double sum = 0;
    for (Parameter p : parameters) {
      float[] g = space.gradientOrNull(p);
      if (g != null) {
        float[] blocks = new float[(p.size() + BLOCK - 1) / BLOCK];
        space.split(
            blocks.length,
            BLOCK,
            (from, to, _) -> {
              for (int b = from; b < to; b++) {
                int at = b * BLOCK;
                int n = Math.min(BLOCK, p.size() - at);
                blocks[b] = space.kernels().dot(g, at, g, at, n);
              }
            });
        for (float block : blocks) {
          sum += block;
        }
      }
    }
    return Math.sqrt(sum);
  }

  static void adam(
      Workspace space, Parameter parameter, Parameter first, Parameter second, AdamStep step) {
    Shapes.parameter(first, parameter.rows(), parameter.cols());
    Shapes.parameter(second, parameter.rows(), parameter.cols());
    float[] g = space.gradientOrNull(parameter);
    if (g == null) {
      return;
    }
    float[] w = parameter.values();
    float[] m = first.values();
    float[] v = second.values();
    space.split(
        parameter.size(), 1, (from, to, _) -> space.kernels().adam(w, g, m, v, from, to, step));
    parameter.changed();
    first.changed();
    second.changed();
  }
}
