package org.realm4j.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** Every operation gives the oracle's values and gradients. */
public interface OperationContract extends BackendUnderTest {

  @TestFactory
  default Stream<DynamicNode> everyOperationAgreesWithTheOracle() {
    List<OperationCase> all = OperationCases.all();
    return Arrays.stream(Operation.values())
        .filter(o -> all.stream().anyMatch(c -> c.operation() == o))
        .map(
            o ->
                DynamicContainer.dynamicContainer(
                    o.name(), all.stream().filter(c -> c.operation() == o).map(this::agreement)));
  }

  private DynamicTest agreement(OperationCase c) {
    return DynamicTest.dynamicTest(
        c.name(),
        () -> {
          try (Session session = backend().open(threads())) {
            Agreement.check(c, session, tolerances());
          }
        });
  }

  @TestFactory
  default Stream<DynamicTest> inferenceGivesTheSameBitsAsRecording() {
    return firstOfEach()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.toString(),
                    () -> {
                      try (Session session = backend().open(threads())) {
                        assertArrayEquals(c.run(session).result(), c.infer(session));
                      }
                    }));
  }

  /** A NaN in any input of any operation is still there in the result. */
  @TestFactory
  default Stream<DynamicTest> nanStaysNan() {
    return OperationCases.all().stream()
        .filter(c -> !c.inputs().isEmpty())
        .filter(c -> c.operation() != Operation.DROPOUT)
        .filter(c -> !c.name().contains("dropout") || c.name().contains("dropout 0.0"))
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.toString(),
                    () -> {
                      try (Session session = backend().open(threads())) {
                        NotANumber.check(c, session);
                      }
                    }));
  }

  /** One case of each operation. */
  private static Stream<OperationCase> firstOfEach() {
    List<OperationCase> all = OperationCases.all();
    return Arrays.stream(Operation.values())
        .flatMap(o -> all.stream().filter(c -> c.operation() == o).skip(1).limit(1));
  }

  /**
   * Scores of ten thousand overflow every exponential that is not taken relative to the largest.
   */
  @TestFactory
  default Stream<DynamicTest> largeScoresStayFinite() {
    return LargeScores.cases()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.toString(),
                    () -> {
                      try (Session session = backend().open(threads())) {
                        OperationCase.Outcome y = c.run(session);
                        assertTrue(
                            Arrays.stream(y.result()).allMatch(Double::isFinite), c + ": result");
                        for (double[] g : y.gradients()) {
                          assertNotNull(g);
                          assertTrue(Arrays.stream(g).allMatch(Double::isFinite), c + ": gradient");
                        }
                        Agreement.check(c, session, tolerances());
                      }
                    }));
  }

  @Test
  default void dropoutDropsWhatTheCounterSays() {
    int rows = 13;
    int cols = 193;
    Dropout dropout = new Dropout(0.3f, 1234, Samples.indices(rows, 1 << 30, 1));
    float[] ones = new float[rows * cols];
    Arrays.fill(ones, 1);
    try (Session s = backend().open(threads());
        Tape tape = s.record()) {
      Tensor x = s.variable(ones, rows, cols);
      Tensor y = s.dropout(x, dropout);
      float[] values = y.toArray();
      s.backward(y, ones);
      float[] gradient = s.gradient(x);
      assertNotNull(gradient);
      for (int i = 0; i < ones.length; i++) {
        float expected = dropout.keeps(i / cols, i % cols) ? dropout.scale() : 0;
        String where = "row " + i / cols + ", channel " + i % cols;
        assertEquals(expected, values[i], 1e-6f, where);
        assertEquals(expected, gradient[i], 1e-6f, "gradient of " + where);
      }
    }
  }

  /**
   * Equal scores give every key the weight 1 / keys; with one-hot values the result shows which
   * weights were dropped.
   */
  @Test
  default void attentionDropsWhatTheCounterSays() {
    int tokens = 16;
    int heads = 3;
    int hidden = heads * tokens;
    Dropout dropout = new Dropout(0.4f, 4321, Samples.indices(tokens, 1 << 30, 2));
    float[] oneHot = new float[tokens * hidden];
    for (int t = 0; t < tokens; t++) {
      for (int h = 0; h < heads; h++) {
        oneHot[t * hidden + h * tokens + t] = 1;
      }
    }
    try (Session s = backend().open(threads());
        Tape tape = s.infer()) {
      Tensor zero = s.constant(new float[tokens * hidden], tokens, hidden);
      Tensor v = s.constant(oneHot, tokens, hidden);
      int[] offsets = {0, tokens};
      float[] y = s.attention(zero, zero, v, offsets, offsets, heads, dropout).toArray();
      for (int i = 0; i < y.length; i++) {
        int row = i / hidden;
        int head = i % hidden / tokens;
        int key = i % tokens;
        boolean kept = dropout.keeps(row, head * 65536 + key);
        float expected = kept ? dropout.scale() / tokens : 0;
        assertEquals(expected, y[i], 1e-6f, "row " + row + ", head " + head + ", key " + key);
      }
    }
  }

  /** No rows are legal rows, in every operation, forward and backward. */
  @Test
  default void noRowsGiveNoRows() {
    Parameter w = Samples.weight("w", 5, 3);
    Parameter b = Samples.bias("b", 5);
    Parameter table = Samples.embedding("table", 7, 3);
    Parameter norm = Samples.norm("norm", 3);
    int[] none = {};
    int[] nothing = {0};
    Dropout dropout = new Dropout(0.5f, 1, none);
    try (Session s = backend().open(threads());
        Tape tape = s.record()) {
      Tensor x = s.variable(new float[0], 0, 3);
      Tensor one = s.variable(new float[] {1, 2, 3}, 1, 3);
      assertShape(0, 3, s.embeddingSum(none, none, none, table, table, table));
      assertShape(0, 5, s.linear(x, w, b, Activation.GELU));
      assertShape(0, 3, s.layerNorm(x, x, norm, norm, 1e-3f));
      assertShape(0, 3, s.attention(x, one, one, new int[] {0, 0}, new int[] {0, 1}, 1, dropout));
      assertShape(0, 3, s.attention(x, x, x, nothing, nothing, 1, null));
      assertShape(0, 3, s.dropout(x, dropout));
      assertShape(0, 3, s.gather(one, none));
      assertShape(0, 3, s.add(x, x));
      assertShape(0, 3, s.segmentSum(x, nothing, true));
      assertShape(0, 1, s.vocabularyLogLikelihood(x, w, b, none));
      assertShape(0, 3, s.spanStates(x, one, none, none));
      Tensor scores = s.innerProducts(x, one, none, none);
      assertShape(0, 1, scores);
      assertShape(0, 1, s.logSoftmax(scores, nothing));
      assertShape(0, 1, s.logSumExp(scores, nothing, null));
      float[] empty = s.logSumExp(scores, new int[] {0, 0}, null).toArray();
      assertArrayEquals(new float[] {Float.NEGATIVE_INFINITY}, empty);
      assertArrayEquals(new float[3], s.segmentSum(x, new int[] {0, 0}, true).toArray());
      assertEquals(0, s.weightedSum(scores, new float[0]).scalar());
      Tensor joined = s.concat(s.concat(x, one), x);
      assertArrayEquals(new float[] {1, 2, 3}, joined.toArray());
      s.backward(joined, new float[] {4, 5, 6});
      assertArrayEquals(new float[] {4, 5, 6}, s.gradient(one));
    }
  }

  private static void assertShape(int rows, int cols, Tensor found) {
    assertEquals("[" + rows + ", " + cols + "]", found.shape());
    assertEquals(rows * cols, found.toArray().length);
  }

  @TestFactory
  default Stream<DynamicTest> recomputedGivesTheSameBits() {
    return Stream.of(1, 8, 17, 48)
        .map(
            hidden ->
                DynamicTest.dynamicTest(
                    hidden + " wide",
                    () -> {
                      try (Session session = backend().open(threads())) {
                        Parameter w = Samples.weight("w", hidden, hidden);
                        Parameter gamma = Samples.norm("gamma", hidden);
                        Parameter beta = Samples.norm("beta", hidden);
                        OperationCase.Outcome direct = layers(w, gamma, beta, false).run(session);
                        OperationCase.Outcome again = layers(w, gamma, beta, true).run(session);
                        assertSameBits(direct, again);
                      }
                    }));
  }

  private static OperationCase layers(
      Parameter w, Parameter gamma, Parameter beta, boolean recomputed) {
    int hidden = w.cols();
    Dropout dropout = new Dropout(0.2f, 6, Samples.indices(13, 1 << 20, 3));
    int[] offsets = Samples.offsets(4, 9);
    return new OperationCase(
        Operation.RECOMPUTED,
        "two layers",
        List.of(Samples.matrix(13, hidden, 4)),
        List.of(w, gamma, beta),
        (s, v) -> {
          Tensor x = v.get(0);
          for (int layer = 0; layer < 2; layer++) {
            UnaryOperator<Tensor> segment =
                y -> {
                  Tensor z = s.linear(y, w, null, Activation.GELU_TANH);
                  z = s.attention(z, y, z, offsets, offsets, 1, dropout);
                  return s.layerNorm(s.dropout(z, dropout), y, gamma, beta, 1e-3f);
                };
            x = recomputed ? s.recomputed(x, segment) : segment.apply(x);
          }
          return x;
        });
  }

  private static void assertSameBits(OperationCase.Outcome a, OperationCase.Outcome b) {
    assertArrayEquals(a.result(), b.result(), "result");
    for (int i = 0; i < a.gradients().size(); i++) {
      assertArrayEquals(a.gradients().get(i), b.gradients().get(i), "gradient " + i);
    }
  }
}
