package org.realm4j.testkit.contract;

import java.util.ArrayList;
import java.util.List;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleBackend;
import org.realm4j.testkit.oracle.OracleSession;

/**
 * Compares the oracle's gradients with central differences, (f(x + h) - f(x - h)) / 2h, in double
 * precision. It is how the truth of the contract is checked, and how a network made of the
 * operations can be.
 */
public final class GradientCheck {
  private static final double STEP = 1e-5;

  private final OperationCase c;
  private final OracleSession session;
  private final List<double[]> inputs = new ArrayList<>();

  private GradientCheck(OperationCase c, OracleSession session) {
    this.c = c;
    this.session = session;
    c.inputs().forEach(m -> inputs.add(OperationCase.widened(m.values())));
  }

  /**
   * The largest difference between gradient and finite difference, as a share of the largest
   * magnitude of any gradient of the case.
   *
   * @param entries how many entries of each input and parameter are tried
   */
  public static double deviation(OperationCase c, int entries) {
    try (OracleSession session = new OracleBackend().open(1)) {
      return new GradientCheck(c, session).deviation(entries);
    }
  }

  private double deviation(int entries) {
    OperationCase.Outcome outcome = c.run(session);
    double scale = 0;
    double worst = 0;
    for (int i = 0; i < outcome.gradients().size(); i++) {
      double[] gradient = outcome.gradients().get(i);
      if (gradient == null) {
        throw new AssertionError(c + ": no gradient reached " + c.nameOfGradient(i));
      }
      for (double g : gradient) {
        scale = Math.max(scale, Math.abs(g));
      }
      int key = CounterRandom.key(i);
      for (int n = 0; n < Math.min(entries, gradient.length); n++) {
        int at = entries >= gradient.length ? n : CounterRandom.below(gradient.length, key, n);
        worst = Math.max(worst, Math.abs(difference(i, at) - gradient[at]));
      }
    }
    return worst / Math.max(scale, 1e-3);
  }

  private double difference(int which, int at) {
    if (which < inputs.size()) {
      double[] x = inputs.get(which);
      double old = x[at];
      if (Double.isInfinite(old)) {
        return 0; // dropped by a weight of 0
      }
      x[at] = old + STEP;
      double above = loss();
      x[at] = old - STEP;
      double below = loss();
      x[at] = old;
      return (above - below) / (2 * STEP);
    }
    Parameter p = c.parameters().get(which - inputs.size());
    double[] x = session.doubles(p);
    double old = x[at];
    x[at] = old + STEP;
    session.set(p, x);
    double above = loss();
    x[at] = old - STEP;
    session.set(p, x);
    double below = loss();
    x[at] = old;
    session.set(p, x);
    return (above - below) / (2 * STEP);
  }

  private double loss() {
    try (Tape tape = session.infer()) {
      List<Tensor> variables = new ArrayList<>();
      for (int i = 0; i < inputs.size(); i++) {
        Matrix m = c.inputs().get(i);
        variables.add(session.variable(inputs.get(i), m.rows(), m.cols()));
      }
      Tensor y = c.body().apply(session, variables);
      double[] values = session.doubles(y);
      float[] weights = OperationCase.upstream(y);
      double sum = 0;
      for (int i = 0; i < values.length; i++) {
        // A group without a mark is negative infinity on both sides: it contributes no difference.
        sum += Double.isInfinite(values[i]) ? 0 : weights[i] * values[i];
      }
      return sum;
    }
  }
}
