package org.realm4j.testkit.golden;

import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleSession;

/** Values as doubles: those of the oracle without rounding, those of other sessions widened. */
record Values(Session session) {
  /** Whether the session computes in double precision. */
  boolean exact() {
    return session instanceof OracleSession;
  }

  double[] of(Tensor x) {
    return session instanceof OracleSession oracle ? oracle.doubles(x) : widened(x.toArray());
  }

  double[] of(Parameter p) {
    return session instanceof OracleSession oracle ? oracle.doubles(p) : widened(p.values());
  }

  double @Nullable [] gradient(Parameter p) {
    if (session instanceof OracleSession oracle) {
      return oracle.gradientDoubles(p);
    }
    float[] g = session.gradient(p);
    return g == null ? null : widened(g);
  }

  double @Nullable [] gradient(Tensor variable) {
    if (session instanceof OracleSession oracle) {
      return oracle.gradientDoubles(variable);
    }
    float[] g = session.gradient(variable);
    return g == null ? null : widened(g);
  }

  /** A leaf that a gradient is wanted for. */
  Tensor variable(double[] x, int rows, int cols) {
    return session instanceof OracleSession oracle
        ? oracle.variable(x, rows, cols)
        : session.variable(rounded(x), rows, cols);
  }

  private static float[] rounded(double[] x) {
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = (float) x[i];
    }
    return y;
  }

  static double[] widened(float[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i];
    }
    return y;
  }

  static double[] widened(int[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i];
    }
    return y;
  }

  static double[] negated(double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = -x[i];
    }
    return y;
  }

  static double dot(double[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  /** Rows of x at the places {@code rows} of a larger matrix that is 0 elsewhere. */
  static double[] scattered(double[] x, int[] rows, int length) {
    double[] y = new double[length];
    int width = rows.length == 0 ? 0 : x.length / rows.length;
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(x, i * width, y, rows[i] * width, width);
    }
    return y;
  }
}
