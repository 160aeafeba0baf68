package org.realm4j.testkit.oracle;

import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** A matrix of doubles and the gradient that has reached it so far. */
final class OracleTensor implements Tensor {
  final OracleSession session;
  final Tape tape;
  final int rows;
  final int cols;
  final boolean constant;
  private double @Nullable [] values;
  double @Nullable [] gradient;

  OracleTensor(
      OracleSession session, Tape tape, int rows, int cols, double[] values, boolean constant) {
    this.session = session;
    this.tape = tape;
    this.rows = rows;
    this.cols = cols;
    this.values = values;
    this.constant = constant;
    tape.onRelease(
        () -> {
          this.values = null;
          this.gradient = null;
        });
  }

  /** The values themselves, row-major. */
  double[] values() {
    if (values == null) {
      throw new IllegalStateException("tensor " + shape() + " is used after its tape was closed");
    }
    return values;
  }

  /** Where a backward step adds this tensor's gradient; calling it means that one reached it. */
  double[] gradientToAddTo() {
    if (gradient == null) {
      gradient = new double[values().length];
    }
    return gradient;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int cols() {
    return cols;
  }

  @Override
  public float[] toArray() {
    return OracleSession.rounded(values());
  }
}
