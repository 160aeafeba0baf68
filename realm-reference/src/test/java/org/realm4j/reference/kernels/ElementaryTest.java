package org.realm4j.reference.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** The polynomials against double arithmetic, within the errors that {@link Elementary} states. */
class ElementaryTest {
  private interface Function {
    float of(float x);
  }

  private static double worst(
      Function f, DoubleUnaryOperator truth, double from, double to, boolean relative) {
    double worst = 0;
    int steps = 400_000;
    for (int i = 0; i <= steps; i++) {
      float x = (float) (from + (to - from) * i / steps);
      double y = truth.applyAsDouble(x);
      double error = Math.abs(f.of(x) - y);
      worst = Math.max(worst, relative ? error / y : error);
    }
    return worst;
  }

  /** erf by its series, good to 1e-13 up to 3, and by a continued fraction beyond. */
  static double erf(double x) {
    double a = Math.abs(x);
    double result;
    if (a < 3) {
      double term = a;
      double sum = a;
      for (int n = 1; Math.abs(term) > 1e-17 * sum; n++) {
        term *= -a * a / n;
        sum += term / (2 * n + 1);
      }
      result = sum * 2 / Math.sqrt(Math.PI);
    } else {
      double fraction = 0;
      for (int n = 60; n > 0; n--) {
        fraction = n / 2.0 / (a + fraction);
      }
      result = 1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction);
    }
    return x < 0 ? -result : result;
  }

  private static void within(double bound, double found) {
    assertTrue(found <= bound, "expected at most " + bound + ", found " + found);
    assertTrue(found >= bound / 3, "the stated bound " + bound + " is loose: " + found);
  }

  @Test
  void errorsAreAsStated() {
    within(1.9e-7, worst(Elementary::exp2, y -> Math.pow(2, y), -125.3, 127.9, true));
    within(2.5e-7, worst(Elementary::exp, Math::exp, -1, 1, true));
    within(5e-6, worst(Elementary::exp, Math::exp, -86.8, 88.7, true));
    within(1.2e-7, worst(Elementary::tanh, Math::tanh, -12, 12, false));
    within(1.2e-7, worst(Elementary::erf, ElementaryTest::erf, -6, 6, false));
    within(5e-7, worst(Elementary::gelu, x -> x * (1 + erf(x / Math.sqrt(2))) / 2, -8, 8, false));
    within(
        2e-7,
        worst(
            Elementary::geluDerivative,
            x ->
                (1 + erf(x / Math.sqrt(2))) / 2 + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI),
            -8,
            8,
            false));
  }

  @Test
  void edges() {
    assertEquals(0f, Elementary.exp(Float.NEGATIVE_INFINITY));
    assertEquals(0f, Elementary.exp(-1e30f));
    assertEquals(0f, Elementary.exp(-87f));
    assertEquals(1f, Elementary.exp(0f));
    assertEquals(Float.POSITIVE_INFINITY, Elementary.exp(89f));
    assertEquals(Float.POSITIVE_INFINITY, Elementary.exp(Float.POSITIVE_INFINITY));
    assertEquals(1f, Elementary.tanh(Float.POSITIVE_INFINITY));
    assertEquals(-1f, Elementary.tanh(Float.NEGATIVE_INFINITY));
    assertEquals(1f, Elementary.erf(Float.POSITIVE_INFINITY));
    assertEquals(-1f, Elementary.erf(-5f));
    assertTrue(Float.isNaN(Elementary.exp(Float.NaN)));
    assertTrue(Float.isNaN(Elementary.tanh(Float.NaN)));
    assertTrue(Float.isNaN(Elementary.erf(Float.NaN)));
    assertTrue(Float.isNaN(Elementary.gelu(Float.NaN)));
  }
}
