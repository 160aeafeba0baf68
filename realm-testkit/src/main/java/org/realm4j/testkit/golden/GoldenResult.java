package org.realm4j.testkit.golden;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What came of one case.
 *
 * @param name of the case
 * @param comparisons every tensor of the truth; empty if this version does not know such cases
 */
public record GoldenResult(String name, List<Comparison> comparisons) {
  public GoldenResult {
    comparisons = List.copyOf(comparisons);
  }

  /** Whether this version does not know such cases. */
  public boolean skipped() {
    return comparisons.isEmpty();
  }

  /** Whether every tensor agrees; true for a case that was skipped. */
  public boolean passed() {
    return comparisons.stream().allMatch(Comparison::passed);
  }

  /** The tensor that uses up most of its tolerance. */
  public Optional<Comparison> worst() {
    return comparisons.stream().max(Comparator.comparingDouble(Comparison::ratio));
  }

  /** Those that do not agree. */
  public List<Comparison> failures() {
    return comparisons.stream().filter(c -> !c.passed()).toList();
  }
}
