package org.realm4j.testkit.oracle;

import org.realm4j.tensor.Activation;

/** The error function and the activations with their derivatives, to the last few bits. */
public final class SpecialFunctions {
  private static final double SQRT_PI = Math.sqrt(Math.PI);
  private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

  private SpecialFunctions() {}

  /** The error function. */
  public static double erf(double x) {
    double a = Math.abs(x);
    return a < 2 ? series(x) : Math.copySign(1 - tail(a), x);
  }

  /** 1 - erf(x), without cancellation for a large x. */
  public static double erfc(double x) {
    if (x < -2) {
      return 2 - tail(-x);
    }
    return x < 2 ? 1 - series(x) : tail(x);
  }

  /** erf(x) = 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!, whose terms have all one sign. */
  private static double series(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / SQRT_PI * Math.exp(-x * x) * sum;
  }

  /**
   * erfc(x) = exp(-x^2)/sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))), from the inside
   * out; 120 levels suffice from x = 2 on. NaN stays NaN.
   */
  private static double tail(double x) {
    double fraction = x;
    for (int n = 120; n >= 1; n--) {
      fraction = x + 0.5 * n / fraction;
    }
    return Math.exp(-x * x) / SQRT_PI / fraction;
  }

  /** The standard normal distribution function, Phi. */
  public static double normalCdf(double x) {
    return 0.5 * erfc(-x / Math.sqrt(2));
  }

  private static double normalDensity(double x) {
    return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  }

  /** What a linear layer applies. NaN stays NaN, in relu too. */
  public static double activate(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case RELU -> x <= 0 ? 0 : x;
      case TANH -> Math.tanh(x);
      case GELU -> x * normalCdf(x);
      case GELU_TANH -> 0.5 * x * (1 + Math.tanh(geluTanhInner(x)));
    };
  }

  /** The derivative of {@link #activate} by x. */
  public static double derivative(Activation activation, double x) {
    return switch (activation) {
      case NONE -> 1;
      case RELU -> x <= 0 ? 0 : 1;
      case TANH -> {
        double y = Math.tanh(x);
        yield 1 - y * y;
      }
      case GELU -> normalCdf(x) + x * normalDensity(x);
      case GELU_TANH -> {
        double t = Math.tanh(geluTanhInner(x));
        double inner = SQRT_2_OVER_PI * (1 + 3 * 0.044715 * x * x);
        yield 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner;
      }
    };
  }

  private static double geluTanhInner(double x) {
    return SQRT_2_OVER_PI * (x + 0.044715 * x * x * x);
  }
}
