package org.realm4j.bench;

import java.util.Arrays;

/** What is said about several measurements of the same thing. */
final class Statistics {
  private Statistics() {}

  static double median(double... values) {
    return quantile(0.5, values);
  }

  /** Between the two nearest values, linearly; NaN of nothing. */
  static double quantile(double p, double... values) {
    if (values.length == 0) {
      return Double.NaN;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    double at = p * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }

  /** Of ratios: 2 and 1/2 make 1. */
  static double geometricMean(double... values) {
    return Math.exp(Arrays.stream(values).map(Math::log).average().orElse(Double.NaN));
  }
}
