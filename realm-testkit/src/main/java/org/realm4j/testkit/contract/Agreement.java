package org.realm4j.testkit.contract;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Session;
import org.realm4j.testkit.oracle.OracleBackend;
import org.realm4j.testkit.oracle.OracleSession;

/** Compares with the oracle. */
public final class Agreement {
  private static final double SMALLEST_SCALE = 1e-3;

  private Agreement() {}

  /**
   * How far one run was from the oracle.
   *
   * @param forward largest deviation of the result, as a share of its largest magnitude
   * @param backward the same of the gradients, as {@link Tolerances} describes it
   */
  public record Deviation(double forward, double backward) {
    public Deviation max(Deviation other) {
      return new Deviation(Math.max(forward, other.forward), Math.max(backward, other.backward));
    }
  }

  /** Runs a case on the session and on the oracle. */
  public static Deviation measure(OperationCase c, Session session) {
    try (OracleSession oracle = new OracleBackend().open(1)) {
      return compare(c, c.run(session), c.run(oracle), new Tolerances.Tolerance(1e9, 1e9));
    }
  }

  /** Runs a case on the session and on the oracle and fails where they disagree. */
  public static Deviation check(OperationCase c, Session session, Tolerances tolerances) {
    try (OracleSession oracle = new OracleBackend().open(1)) {
      return compare(c, c.run(session), c.run(oracle), tolerances.of(c.operation()));
    }
  }

  private static Deviation compare(
      OperationCase c,
      OperationCase.Outcome actual,
      OperationCase.Outcome truth,
      Tolerances.Tolerance tolerance) {
    if (actual.rows() != truth.rows() || actual.cols() != truth.cols()) {
      throw new AssertionError(
          c
              + ": expected the shape ["
              + truth.rows()
              + ", "
              + truth.cols()
              + "], found ["
              + actual.rows()
              + ", "
              + actual.cols()
              + "]");
    }
    double forward = deviation(c + ": result", actual.result(), truth.result(), 0);
    fail(forward, tolerance.forward(), c + ": result");

    double least = 0.02 * largest(truth.gradients());
    double backward = 0;
    for (int i = 0; i < truth.gradients().size(); i++) {
      String what = c + ": gradient of " + c.nameOfGradient(i);
      double[] g = truth.gradients().get(i);
      double[] found = actual.gradients().get(i);
      if ((g == null) != (found == null)) {
        throw new AssertionError(
            what + ": expected " + (g == null ? "none" : "one") + ", found the opposite");
      }
      if (g != null && found != null) {
        double d = deviation(what, found, g, least);
        fail(d, tolerance.backward(), what);
        backward = Math.max(backward, d);
      }
    }
    return new Deviation(forward, backward);
  }

  private static void fail(double deviation, double tolerance, String what) {
    if (!(deviation <= tolerance)) {
      throw new AssertionError(
          what + ": deviates by " + deviation + " of its scale, allowed are " + tolerance);
    }
  }

  private static double largest(List<double @Nullable []> all) {
    double max = 0;
    for (double[] x : all) {
      max = x == null ? max : Math.max(max, magnitude(x));
    }
    return max;
  }

  /** The largest finite magnitude. */
  private static double magnitude(double[] x) {
    double max = 0;
    for (double v : x) {
      max = Double.isFinite(v) ? Math.max(max, Math.abs(v)) : max;
    }
    return max;
  }

  /**
   * max|actual - truth| / scale, with a scale of the largest finite true magnitude but no less than
   * given. Infinities and NaN have to be in the same places: otherwise the deviation is NaN.
   */
  static double deviation(String what, double[] actual, double[] truth, double leastScale) {
    if (actual.length != truth.length) {
      throw new AssertionError(
          what + ": expected " + truth.length + " values, found " + actual.length);
    }
    double scale = Math.max(Math.max(magnitude(truth), leastScale), SMALLEST_SCALE);
    double max = 0;
    for (int i = 0; i < truth.length; i++) {
      // Equal infinities and NaNs have no difference that could be computed.
      if (Double.compare(actual[i], truth[i]) != 0) {
        max = Math.max(max, Math.abs(actual[i] - truth[i]) / scale);
      }
    }
    return max;
  }

  /** Fails unless two arrays agree within a share of the truth's largest magnitude. */
  static void check(String what, double[] actual, double[] truth, double tolerance) {
    fail(deviation(what, actual, truth, 0), tolerance, what);
  }
}
