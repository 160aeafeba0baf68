package org.realm4j.testkit.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Results for people and for programs. */
public final class GoldenTable {
  private GoldenTable() {}

  /**
   * A line for each case: how many tensors were compared, the one that uses up most of its
   * tolerance, its largest deviation and that tolerance. Below a failed case its failed tensors.
   */
  public static String text(List<GoldenResult> results) {
    int width = results.stream().mapToInt(r -> r.name().length()).max().orElse(0);
    String line = "%-" + Math.max(width, 4) + "s  %7s  %9s  %9s  %-7s  %s%n";
    StringBuilder text = new StringBuilder();
    text.append(
        line.formatted("case", "tensors", "deviation", "tolerance", "verdict", "worst tensor"));
    for (GoldenResult r : results) {
      Comparison worst = r.worst().orElse(null);
      if (worst == null) {
        text.append(line.formatted(r.name(), 0, "", "", "skipped", ""));
        continue;
      }
      text.append(
          line.formatted(
              r.name(),
              r.comparisons().size(),
              number(worst.maxDeviation()),
              number(worst.atol()),
              r.passed() ? "passed" : "FAILED",
              worst.name()));
      r.failures().forEach(f -> text.append("  ").append(describe(f)).append('\n'));
    }
    return text.toString();
  }

  /** One line about a tensor that does not agree. */
  public static String describe(Comparison c) {
    return Double.isInfinite(c.maxDeviation())
        ? c.name() + ": not a number, of another size, or not there on one side"
        : "%s: deviates by %s, allowed are %s"
            .formatted(c.name(), number(c.maxDeviation()), number(c.atol()));
  }

  private static String number(double x) {
    return String.format(Locale.ROOT, "%.2e", x);
  }

  /** The same as JSON values, with every tensor. */
  public static List<Map<String, Object>> json(List<GoldenResult> results) {
    List<Map<String, Object>> cases = new ArrayList<>();
    for (GoldenResult r : results) {
      List<Map<String, Object>> tensors = new ArrayList<>();
      for (Comparison c : r.comparisons()) {
        Map<String, Object> tensor = new LinkedHashMap<>();
        tensor.put("tensor", c.name());
        if (Double.isFinite(c.maxDeviation())) { // which JSON cannot write
          tensor.put("deviation", c.maxDeviation());
        }
        tensor.put("tolerance", c.atol());
        tensor.put("passed", c.passed());
        tensors.add(tensor);
      }
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("case", r.name());
      one.put("verdict", r.skipped() ? "skipped" : r.passed() ? "passed" : "failed");
      one.put("tensors", tensors);
      cases.add(one);
    }
    return cases;
  }
}
