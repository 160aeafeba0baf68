package org.realm4j.testkit.contract;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleBackend;

/**
 * What every backend is tested with that gives no tensor: steps of Adam on given gradients, the
 * norm of gradients, and a small training. The counterpart of {@link OperationCases}.
 */
public final class Updates {
  /** BERT's own: no bias correction, decay added to the update. */
  static final List<AdamStep> BERT =
      Collections.nCopies(3, new AdamStep(1e-2f, 0.9f, 0.999f, 1e-6f, 0.1f, 1, 1, 0.7f));

  static final List<AdamStep> BIAS_CORRECTED = List.of(corrected(1), corrected(2), corrected(3));

  private Updates() {}

  private static AdamStep corrected(int t) {
    float first = (float) (1 - Math.pow(0.9, t));
    float second = (float) (1 - Math.pow(0.999, t));
    return new AdamStep(1e-2f, 0.9f, 0.999f, 1e-3f, 0.1f, first, second, 1);
  }

  /**
   * How far a session's updates are from the oracle's, over all cases; there is no backward pass.
   */
  public static Map<Operation, Agreement.Deviation> measure(Session session) {
    double adam = Math.max(adam(session, BERT), adam(session, BIAS_CORRECTED));
    return Map.of(
        Operation.ADAM, new Agreement.Deviation(adam, 0),
        Operation.GRADIENT_NORM, new Agreement.Deviation(gradientNorm(session), 0));
  }

  /** The largest deviation of a parameter and its moments after these steps. */
  static double adam(Session session, List<AdamStep> steps) {
    double largest = 0;
    for (int cols : new int[] {1, 7, 8, 31, 193}) {
      try (Session oracle = new OracleBackend().open(1)) {
        List<Parameter> actual = run(session, cols, steps);
        List<Parameter> truth = run(oracle, cols, steps);
        for (int i = 0; i < 3; i++) {
          double deviation =
              Agreement.deviation(
                  "after " + steps.size() + " steps: " + truth.get(i),
                  OperationCase.widened(actual.get(i).values()),
                  OperationCase.widened(truth.get(i).values()),
                  0);
          largest = Math.max(largest, deviation);
        }
      }
    }
    return largest;
  }

  /** The relative deviation of the norm of three gradients together, one of them missing. */
  static double gradientNorm(Session session) {
    Parameter a = Samples.weight("a", 7, 13);
    Parameter b = Samples.weight("b", 1, 193);
    Parameter unused = Samples.weight("unused", 3, 3);
    double squares = 0;
    session.clearGradients();
    for (Parameter p : List.of(a, b)) {
      float[] g = Samples.normal(p.size(), 3, p.size());
      for (float x : g) {
        squares += (double) x * x;
      }
      try (Tape tape = session.record()) {
        session.backward(session.parameter(p), g);
      }
    }
    double truth = Math.sqrt(squares);
    return Math.abs(session.gradientNorm(List.of(a, b, unused)) - truth) / truth;
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
