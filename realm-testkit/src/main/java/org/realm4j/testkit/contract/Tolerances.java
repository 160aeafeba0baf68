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
   *
   * <p>The largest deviations over {@link OperationCases#all()} and {@link Updates} of the
   * reference backend (512 bit) and of ND4J on the CPU (one thread), which {@code ./realm bench
   * backends --threads 1} prints:
   *
   * <pre>
   *                            reference          nd4j
   *                            forward  backward  forward  backward
   * EMBEDDING_SUM              7.3e-8   2.9e-7    7.3e-8   2.9e-7
   * LINEAR                     1.4e-6   5.2e-6    7.8e-7   5.5e-6
   * LAYER_NORM                 2.5e-7   6.1e-7    2.8e-7   6.1e-7
   * ATTENTION                  4.6e-7   1.1e-6    5.5e-7   2.2e-6
   * DROPOUT                    7.4e-8   8.6e-8    7.4e-8   8.6e-8
   * GATHER                     0        9.5e-8    0        9.5e-8
   * CONCAT                     0        2.0e-8    0        2.0e-8
   * ADD                        5.0e-8   0         5.0e-8   0
   * SEGMENT_SUM                2.1e-7   7.9e-8    2.1e-7   7.9e-8
   * VOCABULARY_LOG_LIKELIHOOD  8.6e-8   8.7e-7    1.1e-7   4.2e-7
   * INNER_PRODUCTS             1.8e-7   2.7e-7    4.0e-7   2.2e-7
   * LOG_SOFTMAX                4.9e-8   5.5e-8    8.7e-8   2.1e-7
   * LOG_SUM_EXP                3.7e-8   4.3e-8    1.8e-7   2.1e-7
   * SPAN_STATES                4.8e-8   1.8e-7    4.8e-8   1.8e-7
   * WEIGHTED_SUM               5.3e-8   4.0e-8    1.6e-7   4.0e-8
   * PARAMETER                  4.5e-8   0         4.5e-8   0
   * RECOMPUTED                 1.9e-7   3.4e-7    2.2e-7   2.3e-7
   * ADAM                       1.2e-7             1.2e-7
   * GRADIENT_NORM              2.1e-8             2.1e-8
   * NETWORK                    1.1e-7   3.7e-6    1.7e-7   5.0e-6
   * </pre>
   */
  public static Tolerances float32() {
    Map<Operation, Tolerance> t = new EnumMap<>(Operation.class);
    t.put(Operation.EMBEDDING_SUM, new Tolerance(1e-6, 2e-6));
    t.put(Operation.LINEAR, new Tolerance(5e-6, 2e-5));
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
    t.put(Operation.NETWORK, new Tolerance(2e-5, 5e-5));
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
