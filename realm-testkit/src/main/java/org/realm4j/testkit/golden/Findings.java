package org.realm4j.testkit.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Parameter;

/**
 * Collects the comparisons of one case and notes which tensors of the truth are left over, so that
 * nothing is skipped in silence.
 *
 * <p>A float32 backend is held to the tolerances of the case. A float64 one has to come to 1e-9 of
 * the largest entry, where the largest of a gradient counts as no less than 2 % of that of all
 * gradients; only what an optimiser's float32 settings were used for keeps the wider tolerance.
 */
final class Findings {
  private static final double EXACT = 1e-9;

  /** 1/5 as a float is off by 1.5e-8. */
  private static final double ROUNDED_DIVISOR = 1e-7;

  private final GoldenCase golden;
  private final Values values;
  private final Set<String> left;
  private final List<Comparison> comparisons = new ArrayList<>();
  private final Map<String, Double> deviations = new HashMap<>();
  private double exactGradients = EXACT;
  private double leastGradient;

  Findings(GoldenCase golden, Values values) {
    this.golden = golden;
    this.values = values;
    left = new LinkedHashSet<>(golden.expected().keySet());
    for (String name : left) {
      if (name.startsWith("grad.")) {
        leastGradient = Math.max(leastGradient, 0.02 * largest(golden.expected(name).values()));
      }
    }
  }

  /** For a loss that the library divides by a number whose reciprocal is no float. */
  void divisorIsRounded() {
    exactGradients = ROUNDED_DIVISOR;
  }

  /** A whole tensor. */
  void check(String tensor, double... actual) {
    compare(tensor, actual, golden.expected(tensor).values(), tolerance(tensor));
  }

  /** Some rows of a tensor: the others are padding. */
  void checkRows(String tensor, double[] actual, int[] rows) {
    double[] all = golden.expected(tensor).values();
    int width = actual.length / rows.length;
    double[] truth = new double[actual.length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(all, rows[i] * width, truth, i * width, width);
    }
    compare(tensor, actual, truth, tolerance(tensor));
  }

  /** What an optimiser with float32 settings computed, with the case's or another tolerance. */
  void checkUpdated(String tensor, double[] actual) {
    compare(tensor, actual, golden.expected(tensor).values(), golden.expected(tensor).atol());
  }

  /**
   * A parameter after the first update of Adam, whose gradient was checked before. That update is
   * rate * g / (|g| + epsilon): where a gradient is as small as epsilon, the deviation that it had,
   * and that was accepted, is magnified by up to rate / epsilon. So each entry may be off by what
   * the gradient's own deviation explains, and by the case's tolerance beside it.
   */
  void checkFirstUpdate(String name, double[] actual, double rate, double epsilon) {
    String tensor = "after." + name;
    double[] truth = golden.expected(tensor).values();
    if (!golden.expected().containsKey("grad." + name) || actual.length != truth.length) {
      compare(tensor, actual, truth, golden.expected(tensor).atol());
      return;
    }
    left.remove(tensor);
    double[] gradient = golden.expected("grad." + name).values();
    double off = deviations.getOrDefault("grad." + name, 0.0);
    double atol = golden.expected(tensor).atol();
    Comparison worst = new Comparison(tensor, 0, atol, true);
    for (int i = 0; i < truth.length; i++) {
      double g = Math.abs(gradient[i]);
      // The update grows with the gradient, most steeply on the side of 0.
      double explained = rate * (direction(g, epsilon) - direction(g - off, epsilon));
      Comparison entry = Comparison.of(tensor, at(actual, i), at(truth, i), atol + explained);
      if (entry.ratio() > worst.ratio()) {
        worst = entry;
      }
    }
    comparisons.add(worst);
  }

  private static double[] at(double[] x, int i) {
    return new double[] {x[i]};
  }

  private static double direction(double gradient, double epsilon) {
    return gradient / (Math.abs(gradient) + epsilon);
  }

  /** Losses after updates: 1e-5 of the largest. */
  void checkLosses(String tensor, double... actual) {
    double[] truth = golden.expected(tensor).values();
    compare(tensor, actual, truth, 1e-5 * largest(truth));
  }

  /** An input that the library builds from the others has to be the same one. */
  void checkInput(String input, int[] actual) {
    double[] truth = Values.widened(golden.ints(input).values());
    comparisons.add(Comparison.of("input " + input, Values.widened(actual), truth, 0));
  }

  /**
   * All gradients of some parameters, which the truth calls {@code grad.} + prefix + name. Those
   * that the truth does not have must not be there.
   */
  void gradients(String prefix, List<Parameter> parameters) {
    for (Parameter p : parameters) {
      String tensor = "grad." + prefix + p.name();
      double[] gradient = values.gradient(p);
      if (gradient != null && golden.expected().containsKey(tensor)) {
        check(tensor, gradient);
      } else if (gradient != null || golden.expected().containsKey(tensor)) {
        left.remove(tensor);
        comparisons.add(Comparison.missing(tensor));
      }
    }
  }

  /**
   * One gradient, which may be none at all where the truth is 0: a loss with nothing correct passes
   * nothing on. One that the truth does not have must not be there.
   */
  void gradientOrNone(String name, double @Nullable [] gradient) {
    String tensor = "grad." + name;
    if (golden.expected().containsKey(tensor)) {
      double[] none = new double[golden.expected(tensor).values().length];
      check(tensor, gradient == null ? none : gradient);
    } else if (gradient != null) {
      comparisons.add(Comparison.missing(tensor));
    }
  }

  private double tolerance(String tensor) {
    if (!values.exact() || golden.expected(tensor).atol() == 0) {
      return golden.expected(tensor).atol();
    }
    double scale = largest(golden.expected(tensor).values());
    if (tensor.startsWith("grad.")) {
      return exactGradients * Math.max(scale, leastGradient);
    }
    boolean divided = tensor.equals("loss") || tensor.equals("grad_global_norm");
    return (divided ? exactGradients : EXACT) * scale;
  }

  private void compare(String tensor, double[] actual, double[] truth, double tolerance) {
    left.remove(tensor);
    Comparison comparison = Comparison.of(tensor, actual, truth, tolerance);
    if (Double.isFinite(comparison.maxDeviation())) {
      deviations.put(tensor, comparison.maxDeviation());
    }
    comparisons.add(comparison);
  }

  private static double largest(double[] x) {
    return Arrays.stream(x).map(Math::abs).max().orElse(0);
  }

  /** All comparisons; a tensor of the truth that nobody compared is a failed one. */
  List<Comparison> all() {
    List<Comparison> all = new ArrayList<>(comparisons);
    left.forEach(tensor -> all.add(Comparison.missing(tensor)));
    return all;
  }
}
