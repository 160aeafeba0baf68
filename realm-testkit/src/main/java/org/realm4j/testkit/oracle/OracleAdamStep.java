package org.realm4j.testkit.oracle;

import org.realm4j.tensor.AdamStep;

/**
 * {@link AdamStep} in double precision: 0.999 as a float is off by 1.3e-8, which is 1.3e-5 of 1 -
 * 0.999, too much to compare with a trajectory that was computed in double precision.
 */
public record OracleAdamStep(
    double learningRate,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    double correction1,
    double correction2,
    double gradientScale) {

  /** The same floats, widened: what a float32 backend was asked to do. */
  public static OracleAdamStep of(AdamStep s) {
    return new OracleAdamStep(
        s.learningRate(),
        s.beta1(),
        s.beta2(),
        s.epsilon(),
        s.weightDecay(),
        s.correction1(),
        s.correction2(),
        s.gradientScale());
  }
}
