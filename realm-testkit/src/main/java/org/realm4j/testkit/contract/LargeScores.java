package org.realm4j.testkit.contract;

import java.util.List;
import java.util.stream.Stream;
import org.realm4j.tensor.Parameter;

/** Scores of up to 1e4 in both directions, in everything that takes exponentials. */
final class LargeScores {
  private LargeScores() {}

  static Stream<OperationCase> cases() {
    float[] values = {1e4f, -1e4f, 9990, 0, -9999, 1e4f, -1e4f, -1e4f, 3, 1e4f, 9999.5f};
    int[] offsets = Samples.offsets(4, 1, 4, 2);
    List<Matrix> scores = List.of(new Matrix(values.length, 1, values));
    boolean[] marked = {false, true, false, false, true, true, false, true, true, false, true};
    Parameter w = new Parameter("decoder", Parameter.Kind.WEIGHT, 4, 1, new float[] {1, -1, 0, 1});
    Parameter b = Samples.bias("bias", 4);
    List<Matrix> hidden = List.of(new Matrix(3, 1, new float[] {1e4f, -1e4f, 1}));
    int[] targets = {1, 0, 2};
    Matrix q = new Matrix(3, 2, new float[] {1e4f, 0, -1e4f, 0, 0, 1e4f});
    Matrix k = new Matrix(3, 2, new float[] {1, 0, -1, 0, 0, 1});
    int[] one = {0, 3};
    return Stream.of(
        new OperationCase(
            Operation.LOG_SOFTMAX,
            "scores of 1e4",
            scores,
            List.of(),
            (s, v) -> s.logSoftmax(v.get(0), offsets)),
        new OperationCase(
            Operation.LOG_SUM_EXP,
            "scores of 1e4",
            scores,
            List.of(),
            (s, v) -> s.logSumExp(v.get(0), offsets, null)),
        new OperationCase(
            Operation.LOG_SUM_EXP,
            "marked scores of 1e4",
            scores,
            List.of(),
            (s, v) -> s.logSumExp(v.get(0), offsets, marked)),
        new OperationCase(
            Operation.VOCABULARY_LOG_LIKELIHOOD,
            "logits of 1e4",
            hidden,
            List.of(w, b),
            (s, v) -> s.vocabularyLogLikelihood(v.get(0), w, b, targets)),
        new OperationCase(
            Operation.ATTENTION,
            "scores of 1e4",
            List.of(q, k, Samples.matrix(3, 2, 1)),
            List.of(),
            (s, v) -> s.attention(v.get(0), v.get(1), v.get(2), one, one, 1, null)));
  }
}
