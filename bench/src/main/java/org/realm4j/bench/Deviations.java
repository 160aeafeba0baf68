package org.realm4j.bench;

import org.jspecify.annotations.Nullable;
import org.realm4j.io.JsonObject;
import org.realm4j.testkit.contract.Operation;
import org.realm4j.testkit.contract.Tolerances;

/**
 * How far both backends are from float64, as a share of the largest true magnitude; NaN where that
 * is not known.
 *
 * @param allowed the tolerance of every backend's tests
 */
record Deviations(double reference, double nd4j, double allowed) {
  private static final Tolerances TOLERANCES = Tolerances.float32();

  /**
   * Of one pass of an operation.
   *
   * @param reference what its {@link OperationLoad} answered
   */
  static Deviations of(
      Operation operation, String pass, JsonObject reference, @Nullable JsonObject nd4j) {
    Tolerances.Tolerance allowed = TOLERANCES.of(operation);
    return new Deviations(
        of(operation, pass, reference),
        nd4j == null ? Double.NaN : of(operation, pass, nd4j),
        pass.equals("forward") ? allowed.forward() : allowed.backward());
  }

  /** NaN where the operation has no cases. */
  private static double of(Operation operation, String pass, JsonObject found) {
    return found.has(operation.name()) ? found.object(operation.name()).number(pass) : Double.NaN;
  }
}
