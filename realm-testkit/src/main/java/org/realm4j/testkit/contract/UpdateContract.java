package org.realm4j.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleBackend;
import org.realm4j.testkit.oracle.OracleSession;

/** Adam, norms, and that nobody computes with old values. */
public interface UpdateContract extends BackendUnderTest {

  @Test
  default void adamOfBert() {
    adam(Updates.BERT);
  }

  @Test
  default void adamWithBiasCorrection() {
    adam(Updates.BIAS_CORRECTED);
  }

  private void adam(List<AdamStep> steps) {
    double allowed = tolerances().of(Operation.ADAM).forward();
    try (Session s = backend().open(threads())) {
      double deviation = Updates.adam(s, steps);
      assertTrue(
          deviation <= allowed, "deviates by " + deviation + " of its scale, allowed " + allowed);
    }
  }

  @Test
  default void adamLeavesAloneWhatNoGradientReached() {
    AdamStep step = new AdamStep(1e-2f, 0.9f, 0.999f, 1e-6f, 0.5f, 1, 1, 1);
    try (Session s = backend().open(threads())) {
      Parameter p = Samples.weight("p", 3, 5);
      Parameter first = Samples.weight("first", 3, 5);
      Parameter second = Parameter.filled("second", Parameter.Kind.WEIGHT, 3, 5, 0.25f);
      List<float[]> before =
          List.of(p.values().clone(), first.values().clone(), second.values().clone());
      s.adam(p, first, second, step);
      assertArrayEquals(before.get(0), p.values(), "decayed without a gradient");
      assertArrayEquals(before.get(1), first.values(), "first moment");
      assertArrayEquals(before.get(2), second.values(), "second moment");
    }
  }

  @Test
  default void aZeroGradientStillDecays() {
    AdamStep step = new AdamStep(0.5f, 0.9f, 0.999f, 1e-6f, 0.5f, 1, 1, 1);
    try (Session s = backend().open(threads())) {
      Parameter p = Parameter.filled("p", Parameter.Kind.WEIGHT, 3, 5, 4);
      try (Tape tape = s.record()) {
        s.backward(s.parameter(p), new float[15]);
      }
      s.adam(
          p,
          Parameter.zeros("first", Parameter.Kind.WEIGHT, 3, 5),
          Parameter.zeros("second", Parameter.Kind.WEIGHT, 3, 5),
          step);
      for (float w : p.values()) {
        assertEquals(3, w, 1e-5f);
      }
    }
  }

  @Test
  default void gradientNormIsOverAllTogether() {
    double allowed = tolerances().of(Operation.GRADIENT_NORM).forward();
    try (Session s = backend().open(threads())) {
      assertEquals(0, s.gradientNorm(List.of(Samples.weight("a", 7, 13))), "without gradients");
      double deviation = Updates.gradientNorm(s);
      assertTrue(deviation <= allowed, "deviates by " + deviation + ", allowed " + allowed);
    }
  }

  /** Ten forward and backward passes with updates between them follow the oracle's losses. */
  @Test
  default void trainingFollowsTheOracle() {
    Parameter weight = Samples.weight("w", 17, 13);
    Parameter bias = Samples.bias("b", 17);
    try (Session s = backend().open(threads());
        OracleSession oracle = new OracleBackend().open(1)) {
      double[] truth = Updates.train(oracle, weight.copy(), bias.copy());
      double[] actual = Updates.train(s, weight.copy(), bias.copy());
      assertTrue(truth[9] < 0.9 * truth[0], "the oracle learns");
      Agreement.check("losses", actual, truth, tolerances().of(Operation.NETWORK).forward());
    }
  }

  /** However a parameter changes, the next operation sees it, in every operation that uses one. */
  @Test
  default void noOperationUsesOldValues() {
    try (Session s = backend().open(threads());
        OracleSession oracle = new OracleBackend().open(1)) {
      for (OperationCase c : OperationCases.all()) {
        if (c.parameters().isEmpty() || c.operation() == Operation.NETWORK) {
          continue;
        }
        c.infer(s); // whatever is packed or copied is packed or copied now
        for (Parameter p : c.parameters()) {
          float[] old = p.values().clone();
          p.values()[0] += 1;
          p.changed();
          String what = c + " after a change of " + p.name();
          double tolerance = tolerances().of(c.operation()).forward();
          Agreement.check(what, c.infer(s), c.infer(oracle), tolerance);
          p.set(old);
          Agreement.check(what + " was undone", c.infer(s), c.infer(oracle), tolerance);
        }
      }
    }
  }

  @Test
  default void versionsGrowWithUpdates() {
    try (Session s = backend().open(threads())) {
      Parameter p = Samples.weight("p", 3, 5);
      long before = p.version();
      try (Tape tape = s.record()) {
        Tensor x = s.constant(Samples.normal(10, 1, 50), 2, 5);
        s.backward(s.linear(x, p, null, Activation.NONE), new float[] {1, 1, 1, 1, 1, 1});
      }
      s.adam(
          p,
          Parameter.zeros("first", Parameter.Kind.WEIGHT, 3, 5),
          Parameter.zeros("second", Parameter.Kind.WEIGHT, 3, 5),
          new AdamStep(1e-2f, 0.9f, 0.999f, 1e-6f, 0, 1, 1, 1));
      assertTrue(p.version() > before);
    }
  }
}
