package org.realm4j.testkit.contract;

import java.util.EnumMap;
import java.util.Map;

/**
 * How far a backend may be from the oracle, per operation, as a share of the largest magnitude of
 * the true tensor: max|actual - truth| {@code <=} tolerance * max|truth|. For a gradient the
 * largest magnitude counts as no less than 2 % of that of all gradients of the same computation,
 * since a gradient may be zero in exact arithmetic and noise in any other.
 */
public final class Tolerances {
  /**
   * @param forward for results
   * @param backward for gradients
   */
  public record Tolerance(double forward, double backward) {}

  private final Map<Operation, Tolerance> table;

  private Tolerances(Map<Operation, Tolerance> table) {
    this.table = table;
  }

  /**
   * For float32 with polynomial approximations of exp, tanh and erf that are good to 1e-6. Looser
   * where sums are long or values cancel, tight where numbers are only moved.
   */
  public static Tolerances float32() {
    Map<Operation, Tolerance> t = new EnumMap<>(Operation.class);
    t.put(Operation.EMBEDDING_SUM, new Tolerance(1e-6, 2e-6));
    t.put(Operation.LINEAR, new Tolerance(5e-6, 1e-5));
    t.put(Operation.LAYER_NORM, new Tolerance(1e-5, 2e-5));
    t.put(Operation.ATTENTION, new Tolerance(1e-5, 2e-5));
    t.put(Operation.DROPOUT, new Tolerance(1e-6, 1e-6));
    t.put(Operation.GATHER, new Tolerance(0, 1e-6));
    t.put(Operation.CONCAT, new Tolerance(0, 1e-6));
    t.put(Operation.ADD, new Tolerance(1e-6, 1e-6));
    t.put(Operation.SEGMENT_SUM, new Tolerance(2e-6, 2e-6));
    t.put(Operation.VOCABULARY_LOG_LIKELIHOOD, new Tolerance(5e-6, 1e-5));
    t.put(Operation.INNER_PRODUCTS, new Tolerance(5e-6, 5e-6));
    t.put(Operation.LOG_SOFTMAX, new Tolerance(5e-6, 5e-6));
    t.put(Operation.LOG_SUM_EXP, new Tolerance(5e-6, 5e-6));
    t.put(Operation.SPAN_STATES, new Tolerance(1e-6, 2e-6));
    t.put(Operation.WEIGHTED_SUM, new Tolerance(5e-6, 1e-6));
    t.put(Operation.PARAMETER, new Tolerance(1e-6, 1e-6));
    t.put(Operation.RECOMPUTED, new Tolerance(1e-5, 2e-5));
    t.put(Operation.ADAM, new Tolerance(2e-6, 2e-6));
    t.put(Operation.GRADIENT_NORM, new Tolerance(2e-6, 2e-6));
    t.put(Operation.NETWORK, new Tolerance(5e-5, 2e-4));
    return new Tolerances(t);
  }

  public Tolerance of(Operation operation) {
    Tolerance t = table.get(operation);
    if (t == null) {
      throw new IllegalArgumentException(operation + ": no tolerance");
    }
    return t;
  }

  /** The same table with one row replaced. */
  public Tolerances with(Operation operation, double forward, double backward) {
    Map<Operation, Tolerance> t = new EnumMap<>(table);
    t.put(operation, new Tolerance(forward, backward));
    return new Tolerances(t);
  }
}
