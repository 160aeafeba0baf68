package org.realm4j.testkit.contract;

import java.util.Arrays;
import java.util.List;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleBackend;

/** Steps of Adam on given gradients, and a small training. */
final class Updates {
  private Updates() {}

  static void check(BackendUnderTest test, List<AdamStep> steps) {
    Tolerances.Tolerance tolerance = test.tolerances().of(Operation.ADAM);
    for (int cols : new int[] {1, 7, 8, 31, 193}) {
      try (Session s = test.backend().open(test.threads());
          Session oracle = new OracleBackend().open(1)) {
        List<Parameter> actual = run(s, cols, steps);
        List<Parameter> truth = run(oracle, cols, steps);
        for (int i = 0; i < 3; i++) {
          Agreement.check(
              "after " + steps.size() + " steps: " + truth.get(i),
              OperationCase.widened(actual.get(i).values()),
              OperationCase.widened(truth.get(i).values()),
              tolerance.forward());
        }
      }
    }
  }

  /** The parameter and its two moments after the steps, the gradients from 1e-6 to 1. */
  static List<Parameter> run(Session s, int cols, List<AdamStep> steps) {
    Parameter p = Samples.weight("parameter", 3, cols);
    Parameter first = Parameter.zeros("first moment", Parameter.Kind.WEIGHT, 3, cols);
    Parameter second = Parameter.zeros("second moment", Parameter.Kind.WEIGHT, 3, cols);
    for (int t = 0; t < steps.size(); t++) {
      float[] g = Samples.normal(3 * cols, 1, 60 + t);
      for (int i = 0; i < g.length; i++) {
        g[i] *= (float) Math.pow(10, -(i % 7));
      }
      s.clearGradients();
      try (Tape tape = s.record()) {
        s.backward(s.parameter(p), g);
      }
      s.adam(p, first, second, steps.get(t));
    }
    return List.of(p, first, second);
  }

  /** Ten steps towards predicting fixed targets; returns the losses. */
  static double[] train(Session s, Parameter w, Parameter b) {
    Parameter[][] moments = {zeros(w), zeros(b)};
    AdamStep step = new AdamStep(3e-2f, 0.9f, 0.999f, 1e-6f, 0.01f, 1, 1, 1);
    double[] losses = new double[10];
    float[] weights = new float[8];
    Arrays.fill(weights, -1f / 8);
    for (int t = 0; t < losses.length; t++) {
      s.clearGradients();
      try (Tape tape = s.record()) {
        Tensor x = s.constant(Samples.normal(8 * 13, 1, 70), 8, 13);
        Tensor h = s.add(x, s.constant(new float[8 * 13], 8, 13));
        Tensor loss =
            s.weightedSum(s.vocabularyLogLikelihood(h, w, b, Samples.indices(8, 17, 71)), weights);
        losses[t] = OperationCase.values(s, loss)[0];
        s.backward(loss);
      }
      s.adam(w, moments[0][0], moments[0][1], step);
      s.adam(b, moments[1][0], moments[1][1], step);
    }
    return losses;
  }

  private static Parameter[] zeros(Parameter p) {
    return new Parameter[] {
      Parameter.zeros(p.name() + " first", p.kind(), p.rows(), p.cols()),
      Parameter.zeros(p.name() + " second", p.kind(), p.rows(), p.cols())
    };
  }
}
