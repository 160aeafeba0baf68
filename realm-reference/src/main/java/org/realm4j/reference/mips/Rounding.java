package org.realm4j.reference.mips;

/**
 * What rounding can do to an inner product in float32. Whatever the order of its d fused additions,
 * a computed a . b is off by at most
 *
 * <pre>
 * g |a| |b| + d 2^-150,   g = d u / (1 - d u),   u = 2^-24
 * </pre>
 *
 * (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1, with the inequality of
 * Cauchy and Schwarz; the second term is for results below the normal range.) So two ways to
 * compute it differ by at most twice that. A scan may use any way that is fast if it keeps every
 * row that reaches the threshold within that slack; the canonical way then decides.
 */
final class Rounding {
  private Rounding() {}

  /**
   * The slack as a share of |a| |b|: twice g, and another 32 u for the few roundings around the
   * sums, such as a scale that is multiplied in.
   */
  static double share(int dimension) {
    return 1.001 * 2 * (dimension + 16) * 0x1p-24;
  }

  /** The slack that is left where a product lies below the normal range. */
  static double underflow(int dimension) {
    return 2.0 * (dimension + 16) * 0x1p-149;
  }

  /** The largest float below the number. */
  static float down(double x) {
    return Math.nextDown((float) x);
  }

  /** The smallest float above the number. */
  static float up(double x) {
    return Math.nextUp((float) x);
  }
}
