package org.realm4j.testkit.golden;

/**
 * One tensor beside the truth.
 *
 * @param deviation the largest of all entries; NaN if there is nothing to compare with
 * @param tolerance the largest that is allowed
 */
public record Comparison(String tensor, double deviation, double tolerance) {
  /** A tensor that was expected and is not there, or the other way round. */
  static Comparison failed(String tensor) {
    return new Comparison(tensor, Double.NaN, 0);
  }

  /** False for NaN, which no comparison holds for. */
  public boolean passed() {
    return deviation <= tolerance;
  }

  /** The share of the tolerance that is used up: over 1 if it failed. */
  public double ratio() {
    if (passed()) {
      return tolerance == 0 ? 0 : deviation / tolerance;
    }
    return tolerance == 0 || Double.isNaN(deviation)
        ? Double.POSITIVE_INFINITY
        : deviation / tolerance;
  }
}
