package org.realm4j.testkit.golden;

/**
 * One tensor against its truth.
 *
 * @param maxDeviation the largest |actual - truth|; infinite if the number of values is wrong or
 *     NaN appears on one side only
 * @param atol what is allowed; 0 for integers
 */
public record Comparison(String name, double maxDeviation, double atol, boolean passed) {
  static Comparison of(String name, double[] actual, double[] truth, double atol) {
    double max = actual.length == truth.length ? 0 : Double.POSITIVE_INFINITY;
    for (int i = 0; i < Math.min(actual.length, truth.length); i++) {
      if (Double.compare(actual[i], truth[i]) != 0) {
        double d = Math.abs(actual[i] - truth[i]);
        max = Math.max(max, Double.isNaN(d) ? Double.POSITIVE_INFINITY : d);
      }
    }
    return new Comparison(name, max, atol, max <= atol);
  }

  /** The same deviation against a multiple of what is allowed, as for approximate exponentials. */
  public Comparison allowing(double factor) {
    return new Comparison(name, maxDeviation, factor * atol, maxDeviation <= factor * atol);
  }

  @Override
  public String toString() {
    return "%s: deviates by %.3g, allowed are %.3g: %s"
        .formatted(name, maxDeviation, atol, passed ? "passed" : "FAILED");
  }
}
