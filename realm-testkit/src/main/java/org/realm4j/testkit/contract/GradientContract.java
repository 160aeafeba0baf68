package org.realm4j.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleBackend;

/** Where gradients go, add up and stay away. */
public interface GradientContract extends BackendUnderTest {

  /** Runs the same on the backend and on the oracle, each with copies of the parameters. */
  private void compare(
      String what, List<Parameter> parameters, BiFunction<Session, List<Parameter>, double[]> f) {
    try (Session session = backend().open(threads());
        Session oracle = new OracleBackend().open(1)) {
      double[] actual = f.apply(session, copies(parameters));
      double[] truth = f.apply(oracle, copies(parameters));
      Agreement.check(what, actual, truth, tolerances().of(Operation.RECOMPUTED).backward());
    }
  }

  private static List<Parameter> copies(List<Parameter> parameters) {
    List<Parameter> copies = new ArrayList<>();
    parameters.forEach(p -> copies.add(p.copy()));
    return copies;
  }

  private static double[] present(float @Nullable [] gradient) {
    if (gradient == null) {
      throw new AssertionError("a gradient should have reached it");
    }
    return OperationCase.widened(gradient);
  }

  @Test
  default void gradientsAddUpOverBackwardPasses() {
    compare(
        "two passes",
        List.of(Samples.weight("w", 7, 13)),
        (s, p) -> {
          for (int pass = 0; pass < 2; pass++) {
            try (Tape tape = s.record()) {
              Matrix m = Samples.matrix(5, 13, 40 + pass);
              Tensor x = s.constant(m.values(), 5, 13);
              Tensor y = s.linear(x, p.get(0), null, Activation.TANH);
              s.backward(y, OperationCase.upstream(y));
            }
          }
          return present(s.gradient(p.get(0)));
        });
  }

  @Test
  default void clearedGradientsStartAgain() {
    try (Session s = backend().open(threads())) {
      Parameter p = Samples.weight("w", 3, 5);
      float[] gradient = Samples.normal(15, 1, 41);
      for (int pass = 0; pass < 2; pass++) {
        try (Tape tape = s.record()) {
          s.backward(s.parameter(p), gradient);
        }
        assertArrayEquals(gradient, s.gradient(p));
        s.clearGradients();
        assertNull(s.gradient(p));
      }
    }
  }

  /** The word embeddings are looked up, decode, and serve as a plain tensor, in one pass. */
  @Test
  default void tiedParametersGetOneSum() {
    List<Parameter> parameters =
        List.of(
            Samples.embedding("word", 17, 8),
            Samples.embedding("other", 3, 8),
            Samples.bias("bias", 17));
    int[] ids = {4, 16, 4, 0};
    compare(
        "tied",
        parameters,
        (s, p) -> {
          Parameter word = p.get(0);
          try (Tape tape = s.record()) {
            Tensor x = s.embeddingSum(ids, new int[4], new int[4], word, p.get(1), p.get(1));
            x = s.add(x, s.gather(s.parameter(word), new int[] {1, 2, 3, 4}));
            x = s.linear(x, word, p.get(2), Activation.GELU_TANH); // [4, 17]
            x = s.linear(x, transposed(word), null, Activation.NONE);
            Tensor y = s.vocabularyLogLikelihood(x, word, p.get(2), new int[] {4, 0, 16, 3});
            s.backward(y, OperationCase.upstream(y));
          }
          return present(s.gradient(word));
        });
  }

  /** A fixed projection back to eight columns. */
  private static Parameter transposed(Parameter word) {
    return Samples.weight("back", word.cols(), word.rows());
  }

  @Test
  default void nothingReachesWhatWasNotUsed() {
    try (Session s = backend().open(threads())) {
      Parameter used = Samples.weight("used", 3, 5);
      Parameter unused = Samples.weight("unused", 3, 5);
      Parameter beside = Samples.weight("computed, but not part of the loss", 3, 5);
      try (Tape tape = s.record()) {
        Tensor x = s.variable(Samples.normal(10, 1, 42), 2, 5);
        Tensor other = s.variable(Samples.normal(10, 1, 43), 2, 5);
        s.linear(other, beside, null, Activation.NONE);
        Tensor y = s.linear(x, used, null, Activation.NONE);
        s.backward(y, OperationCase.upstream(y));
        assertNotNull(s.gradient(x));
        assertNotNull(s.gradient(used));
        assertNull(s.gradient(other), "gradient of a variable beside the loss");
        assertNull(s.gradient(beside), "gradient of a parameter beside the loss");
        assertNull(s.gradient(unused), "gradient of a parameter that was not used");
      }
    }
  }

  /** A zero that arrives is a gradient; that no gradient arrives is something else. */
  @Test
  default void aZeroGradientIsAGradient() {
    try (Session s = backend().open(threads())) {
      Parameter p = Samples.weight("p", 3, 5);
      try (Tape tape = s.record()) {
        Tensor x = s.constant(Samples.normal(10, 1, 44), 2, 5);
        s.backward(s.linear(x, p, null, Activation.NONE), new float[6]);
      }
      assertArrayEquals(new float[15], s.gradient(p));
    }
  }

  /** Closing an inner tape, or inferring on it, leaves the outer one as it was. */
  @Test
  default void tapesNest() {
    compare(
        "nested",
        List.of(Samples.weight("w", 5, 5)),
        (s, p) -> {
          try (Tape outer = s.record()) {
            Tensor x = s.linear(ones(s), p.get(0), null, Activation.TANH);
            try (Tape inner = s.infer()) {
              s.linear(x, p.get(0), null, Activation.GELU);
            }
            Tensor y = s.linear(x, p.get(0), null, Activation.NONE);
            s.backward(y, OperationCase.upstream(y));
          }
          return present(s.gradient(p.get(0)));
        });
  }

  private static Tensor ones(Session s) {
    return s.constant(Samples.normal(15, 1, 45), 3, 5);
  }

  @Test
  default void backwardOfALossTakesOneValue() {
    try (Session s = backend().open(threads());
        Tape tape = s.record()) {
      Tensor x = s.variable(new float[] {1, 2, 3}, 3, 1);
      Tensor loss = s.weightedSum(x, new float[] {0.5f, -1, 2});
      assertThrows(IllegalArgumentException.class, () -> s.backward(x));
      s.backward(loss);
      assertArrayEquals(new float[] {0.5f, -1, 2}, s.gradient(x));
    }
  }

  @Test
  default void sessionsDoNotShareGradients() {
    Parameter p = Samples.weight("p", 3, 5);
    try (Session a = backend().open(threads());
        Session b = backend().open(threads())) {
      try (Tape tape = a.record()) {
        a.backward(a.parameter(p), Samples.normal(15, 1, 46));
      }
      assertNotNull(a.gradient(p));
      assertNull(b.gradient(p));
    }
  }

  @Test
  default void groupsWithoutAMarkPassNothingOn() {
    try (Session s = backend().open(threads());
        Tape tape = s.record()) {
      Tensor x = s.variable(new float[] {1, 2, 3, 4}, 4, 1);
      boolean[] marked = {false, false, true, false};
      Tensor y = s.logSumExp(x, new int[] {0, 2, 4}, marked);
      assertArrayEquals(new float[] {Float.NEGATIVE_INFINITY, 3}, y.toArray(), 1e-6f);
      s.backward(y, new float[] {5, 7});
      assertArrayEquals(new float[] {0, 0, 7, 0}, s.gradient(x), 1e-5f);
    }
  }
}
