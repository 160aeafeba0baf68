package org.realm4j.testkit.contract;

import java.util.stream.Stream;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/** Calls that no backend may accept. */
final class Misfits {
  private Misfits() {}

  interface Call {
    /**
     * @param x {@code [2, 3]}
     * @param column {@code [4, 1]}
     */
    Tensor apply(Session s, Tensor x, Tensor column);
  }

  record Misfit(String name, Call call) {}

  private static Misfit misfit(String name, Call call) {
    return new Misfit(name, call);
  }

  private static Dropout dropout(int rows) {
    return new Dropout(0.1f, 1, new int[rows]);
  }

  static Stream<Misfit> shapes() {
    Parameter w = Samples.weight("w", 5, 3);
    Parameter wide = Samples.weight("wide", 5, 4);
    Parameter b = Samples.bias("b", 5);
    Parameter b4 = Samples.bias("b4", 4);
    Parameter n = Samples.norm("n", 3);
    Parameter n4 = Samples.norm("n4", 4);
    int[] two = {0, 2};
    int[] three = {0, 3};
    int[] four = {0, 4};
    return Stream.of(
        misfit("constant of too few values", (s, x, c) -> s.constant(new float[5], 2, 3)),
        misfit("variable of too many values", (s, x, c) -> s.variable(new float[7], 2, 3)),
        misfit(
            "embeddingSum with fewer segments than ids",
            (s, x, c) -> s.embeddingSum(new int[2], new int[1], new int[2], w, w, w)),
        misfit(
            "embeddingSum with tables of different width",
            (s, x, c) -> s.embeddingSum(new int[2], new int[2], new int[2], w, wide, w)),
        misfit("linear", (s, x, c) -> s.linear(x, wide, null, Activation.NONE)),
        misfit("linear's bias", (s, x, c) -> s.linear(x, w, b4, Activation.NONE)),
        misfit("layerNorm's gamma", (s, x, c) -> s.layerNorm(x, null, n4, n, 1e-3f)),
        misfit("layerNorm's beta", (s, x, c) -> s.layerNorm(x, null, n, n4, 1e-3f)),
        misfit("layerNorm's residual", (s, x, c) -> s.layerNorm(x, c, n, n, 1e-3f)),
        misfit("heads that do not divide", (s, x, c) -> s.attention(x, x, x, two, two, 2, null)),
        misfit("query offsets", (s, x, c) -> s.attention(x, x, x, three, two, 1, null)),
        misfit("key offsets", (s, x, c) -> s.attention(x, x, x, two, three, 1, null)),
        misfit(
            "different numbers of sequences",
            (s, x, c) -> s.attention(x, x, x, two, new int[] {0, 1, 2}, 1, null)),
        misfit("keys of another width", (s, x, c) -> s.attention(x, c, c, two, four, 1, null)),
        misfit("values of another shape", (s, x, c) -> s.attention(x, x, c, two, two, 1, null)),
        misfit(
            "attention's dropout rows", (s, x, c) -> s.attention(x, x, x, two, two, 1, dropout(3))),
        misfit("dropout rows", (s, x, c) -> s.dropout(x, dropout(1))),
        misfit("concat", (s, x, c) -> s.concat(x, c)),
        misfit("add", (s, x, c) -> s.add(x, c)),
        misfit("segmentSum", (s, x, c) -> s.segmentSum(x, three, false)),
        misfit("falling offsets", (s, x, c) -> s.segmentSum(x, new int[] {0, 3, 2}, false)),
        misfit("offsets not from 0", (s, x, c) -> s.segmentSum(x, new int[] {1, 2}, false)),
        misfit("vocabulary", (s, x, c) -> s.vocabularyLogLikelihood(x, wide, b, new int[] {0, 0})),
        misfit("its bias", (s, x, c) -> s.vocabularyLogLikelihood(x, w, b4, new int[] {0, 0})),
        misfit("its targets", (s, x, c) -> s.vocabularyLogLikelihood(x, w, b, new int[] {0})),
        misfit(
            "innerProducts of different width",
            (s, x, c) -> s.innerProducts(x, c, new int[1], new int[1])),
        misfit(
            "innerProducts of different length",
            (s, x, c) -> s.innerProducts(x, x, new int[1], new int[2])),
        misfit("logSoftmax of a matrix", (s, x, c) -> s.logSoftmax(x, two)),
        misfit("logSoftmax", (s, x, c) -> s.logSoftmax(c, three)),
        misfit("logSumExp of a matrix", (s, x, c) -> s.logSumExp(x, two, null)),
        misfit("logSumExp", (s, x, c) -> s.logSumExp(c, three, null)),
        misfit("marks", (s, x, c) -> s.logSumExp(c, four, new boolean[3])),
        misfit(
            "spanStates of different width",
            (s, x, c) -> s.spanStates(x, c, new int[1], new int[1])),
        misfit(
            "spanStates of different length",
            (s, x, c) -> s.spanStates(x, x, new int[1], new int[2])),
        misfit("weightedSum of a matrix", (s, x, c) -> s.weightedSum(x, new float[2])),
        misfit("weightedSum", (s, x, c) -> s.weightedSum(c, new float[3])));
  }

  static Stream<Misfit> indices() {
    Parameter w = Samples.weight("w", 5, 3);
    Parameter b = Samples.bias("b", 5);
    int[] zero = {0};
    return Stream.of(-1, 5)
        .flatMap(
            i -> {
              int[] bad = {i};
              return Stream.of(
                  misfit("word " + i, (s, x, c) -> s.embeddingSum(bad, zero, zero, w, w, w)),
                  misfit("segment " + i, (s, x, c) -> s.embeddingSum(zero, bad, zero, w, w, w)),
                  misfit("position " + i, (s, x, c) -> s.embeddingSum(zero, zero, bad, w, w, w)),
                  misfit("row " + i, (s, x, c) -> s.gather(x, bad)),
                  misfit(
                      "target " + i,
                      (s, x, c) -> s.vocabularyLogLikelihood(x, w, b, new int[] {0, i})),
                  misfit("row of a " + i, (s, x, c) -> s.innerProducts(x, x, bad, zero)),
                  misfit("row of b " + i, (s, x, c) -> s.innerProducts(x, x, zero, bad)),
                  misfit("start " + i, (s, x, c) -> s.spanStates(x, x, bad, zero)),
                  misfit("end " + i, (s, x, c) -> s.spanStates(x, x, zero, bad)));
            });
  }
}
