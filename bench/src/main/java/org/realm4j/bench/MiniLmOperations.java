package org.realm4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.realm4j.nn.BertConfig;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.contract.Matrix;
import org.realm4j.testkit.contract.Operation;
import org.realm4j.testkit.contract.OperationCase;

/**
 * Every operation of {@link Session} at the sizes of a step of MiniLM: 2 queries with 8 candidates,
 * 1,500 tokens in 16 sequences of different lengths, 60 masked ones.
 */
final class MiniLmOperations {
  /**
   * What a pass cannot do without. Matrix products count alone where there are some, as for a whole
   * step; elsewhere an addition, multiplication, comparison, division or exponential is one.
   *
   * @param floats each value that is read or written, once, whatever it is written over
   */
  record Work(double flop, double floats) {
    double gigaflop() {
      return 1e-9 * flop;
    }

    double gigabytes() {
      return 4e-9 * floats;
    }
  }

  /**
   * One operation with what it is counted as.
   *
   * @param before not measured, run each time before it
   * @param backward null where there is none
   */
  record Measured(
      OperationCase operation, Consumer<Session> before, Work forward, @Nullable Work backward) {
    List<String> passes() {
      return backward == null ? List.of("forward") : List.of("forward", "backward");
    }

    /** An update has one pass, which needs no name. */
    String name(String pass) {
      return backward == null ? operation.name() : operation.name() + ", " + pass;
    }

    Work work(String pass) {
      return pass.equals("forward") || backward == null ? forward : backward;
    }
  }

  private static final int[] LENGTHS = {
    64, 128, 97, 33, 150, 81, 111, 75, 64, 120, 56, 140, 99, 183, 17, 82
  };
  private static final int CANDIDATES = 8;
  private static final int MASKED = 60;

  /** Of the retriever's vectors. */
  private static final int PROJECTION = 128;

  /** Of the reader's span states; spans of up to so many tokens. */
  private static final int SPAN_WIDTH = 256;

  private static final int LONGEST_SPAN = 10;

  private final BertConfig bert = Networks.miniLm(Activation.GELU);
  private final int hidden = bert.hidden();
  private final int[] offsets = offsets(LENGTHS);
  private final int tokens = offsets[LENGTHS.length];
  private final int[] groups = offsets(filled(LENGTHS.length / CANDIDATES, CANDIDATES));
  private final int[] counters = IntStream.range(0, tokens).toArray();
  private final Matrix states = matrix(tokens, hidden, 1); // [tokens, hidden]
  private final Matrix others = matrix(tokens, hidden, 2); // [tokens, hidden]
  private final Matrix scores = matrix(LENGTHS.length, 1, 3); // [candidates, 1]
  private final Parameter word = weight("word", bert.vocabulary(), hidden);
  private final double area = (double) tokens * hidden;
  private final double table = word.size();
  private final List<Measured> all = new ArrayList<>();

  private MiniLmOperations() {}

  static List<Measured> all() {
    MiniLmOperations o = new MiniLmOperations();
    o.input();
    o.linear(o.hidden, o.hidden, Activation.NONE);
    o.linear(o.hidden, o.bert.intermediate(), Activation.GELU);
    o.linear(o.bert.intermediate(), o.hidden, Activation.NONE);
    o.layers();
    o.rows();
    o.objectives();
    o.spans();
    o.leaves();
    o.recomputed();
    o.updates();
    return List.copyOf(o.all);
  }

  private void add(
      Operation operation,
      String name,
      List<Matrix> inputs,
      OperationCase.Body body,
      Work forward,
      Work backward) {
    OperationCase c = new OperationCase(operation, name, inputs, List.of(), body);
    all.add(new Measured(c, _ -> {}, forward, backward));
  }

  private void input() {
    Parameter segment = weight("segment", bert.segments(), hidden);
    Parameter position = weight("position", bert.positions(), hidden);
    int[] ids = Networks.words(tokens, 4);
    int[] segments = new int[tokens];
    int[] positions = new int[tokens];
    for (int s = 0; s < LENGTHS.length; s++) {
      for (int t = offsets[s]; t < offsets[s + 1]; t++) {
        positions[t] = t - offsets[s];
      }
    }
    add(
        Operation.EMBEDDING_SUM,
        "embedding sum",
        List.of(),
        (s, v) -> s.embeddingSum(ids, segments, positions, word, segment, position),
        new Work(2 * area, 4 * area), // three rows read, one written
        new Work(3 * area, 7 * area)); // the gradient read, three rows changed
  }

  private void linear(int in, int out, Activation activation) {
    Parameter w = weight("weight", out, in);
    Parameter b = weight("bias", 1, out);
    double given = (double) tokens * in;
    double results = (double) tokens * out;
    double product = 2 * results * in;
    add(
        Operation.LINEAR,
        "linear " + in + " to " + out + (activation == Activation.NONE ? "" : ", GELU"),
        List.of(in == hidden ? states : matrix(tokens, in, 5)),
        (s, v) -> s.linear(v.get(0), w, b, activation),
        new Work(product, given + w.size() + out + results),
        // the gradient, x and W read, and what the activation was of; their gradients written
        new Work(
            2 * product,
            2 * (given + w.size())
                + out
                + (activation == Activation.NONE ? results : 2 * results)));
  }

  private void layers() {
    Parameter gamma = weight("gamma", 1, hidden);
    Parameter beta = weight("beta", 1, hidden);
    add(
        Operation.LAYER_NORM,
        "layer norm with a residual",
        List.of(states, others),
        (s, v) -> s.layerNorm(v.get(0), v.get(1), gamma, beta, 1e-12f),
        // the sum, the mean, its subtraction, squares and their sum, the factor, gamma and beta
        new Work(8 * area, 3 * area),
        // g gamma, its two sums, the three terms and the factor; those of gamma and beta
        new Work(11 * area, 4 * area));
    double squares = Arrays.stream(LENGTHS).mapToDouble(n -> (double) n * n).sum();
    add(
        Operation.ATTENTION,
        "attention, " + bert.heads() + " heads",
        List.of(states, others, matrix(tokens, hidden, 5)),
        (s, v) -> s.attention(v.get(0), v.get(1), v.get(2), offsets, offsets, bert.heads(), null),
        new Work(4 * squares * hidden, 4 * area), // q k^T, weights v
        new Work(8 * squares * hidden, 7 * area)); // a product for each of v, weights, q, k
    Dropout dropout = new Dropout(0.1f, 6, counters);
    add(
        Operation.DROPOUT,
        "dropout",
        List.of(states),
        (s, v) -> s.dropout(v.get(0), dropout),
        new Work(area, 2 * area),
        new Work(area, 2 * area));
  }

  private void rows() {
    int[] masked = IntStream.range(0, MASKED).map(i -> i * (tokens / MASKED)).toArray();
    double chosen = (double) MASKED * hidden;
    add(
        Operation.GATHER,
        "gather of the masked rows",
        List.of(states),
        (s, v) -> s.gather(v.get(0), masked),
        new Work(0, 2 * chosen),
        new Work(chosen, chosen + area)); // also the rows that get nothing are written
    add(
        Operation.CONCAT,
        "concat",
        List.of(states, others),
        (s, v) -> s.concat(v.get(0), v.get(1)),
        new Work(0, 4 * area),
        new Work(0, 4 * area));
    add(
        Operation.ADD,
        "add",
        List.of(states, others),
        (s, v) -> s.add(v.get(0), v.get(1)),
        new Work(area, 3 * area),
        new Work(0, 3 * area));
    double means = (double) LENGTHS.length * hidden;
    add(
        Operation.SEGMENT_SUM,
        "segment mean",
        List.of(states),
        (s, v) -> s.segmentSum(v.get(0), offsets, true),
        new Work(area + means, area + means),
        new Work(means, area + means));
  }

  private void objectives() {
    Matrix masked = matrix(MASKED, hidden, 7);
    Parameter bias = weight("decoder bias", 1, bert.vocabulary());
    int[] targets = Networks.words(MASKED, 8);
    double rows = (double) MASKED * hidden;
    double product = 2 * rows * bert.vocabulary();
    add(
        Operation.VOCABULARY_LOG_LIKELIHOOD,
        "vocabulary log-likelihood, " + MASKED + " rows",
        List.of(masked),
        (s, v) -> s.vocabularyLogLikelihood(v.get(0), word, bias, targets),
        new Work(product, rows + table + bias.size() + MASKED),
        new Work(2 * product, 2 * (rows + table) + bias.size()));
    int n = LENGTHS.length;
    int[] queries = IntStream.range(0, n).map(i -> i / CANDIDATES).toArray();
    int[] documents = IntStream.range(0, n).toArray();
    Matrix q = matrix(n / CANDIDATES, PROJECTION, 9);
    Matrix d = matrix(n, PROJECTION, 10);
    double vectors = q.values().length + (double) d.values().length;
    double products = 2.0 * n * PROJECTION;
    add(
        Operation.INNER_PRODUCTS,
        "inner products",
        List.of(q, d),
        (s, v) -> s.innerProducts(v.get(0), v.get(1), queries, documents),
        new Work(products, vectors + n),
        new Work(2 * products, 2 * vectors + n));
    add(
        Operation.LOG_SOFTMAX,
        "log softmax, groups of " + CANDIDATES,
        List.of(scores),
        (s, v) -> s.logSoftmax(v.get(0), groups),
        new Work(5.0 * n, 2.0 * n), // the maximum, its subtraction, exp, the sum, its logarithm off
        new Work(4.0 * n, 3.0 * n)); // the sum of g, exp, their product off g
    int sums = groups.length - 1;
    add(
        Operation.LOG_SUM_EXP,
        "log sum exp, groups of " + CANDIDATES,
        List.of(scores),
        (s, v) -> s.logSumExp(v.get(0), groups, null),
        new Work(4.0 * n, (double) n + sums),
        new Work(3.0 * n, 2.0 * n + 2 * sums));
    float[] weights = new float[n];
    Arrays.fill(weights, -1f / n);
    add(
        Operation.WEIGHTED_SUM,
        "weighted sum",
        List.of(scores),
        (s, v) -> s.weightedSum(v.get(0), weights),
        new Work(2.0 * n, 2.0 * n + 1),
        new Work(n, 2.0 * n + 1));
  }

  private void spans() {
    List<Integer> starts = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    for (int s = 0; s < LENGTHS.length; s++) {
      for (int from = offsets[s]; from < offsets[s + 1]; from++) {
        for (int to = from; to < Math.min(from + LONGEST_SPAN, offsets[s + 1]); to++) {
          starts.add(from);
          ends.add(to);
        }
      }
    }
    int[] first = starts.stream().mapToInt(i -> i).toArray();
    int[] last = ends.stream().mapToInt(i -> i).toArray();
    double results = (double) first.length * SPAN_WIDTH;
    double read = 2.0 * tokens * SPAN_WIDTH;
    add(
        Operation.SPAN_STATES,
        "span states, up to " + LONGEST_SPAN + " tokens",
        List.of(matrix(tokens, SPAN_WIDTH, 11), matrix(tokens, SPAN_WIDTH, 12)),
        (s, v) -> s.spanStates(v.get(0), v.get(1), first, last),
        new Work(2 * results, read + results),
        new Work(3 * results, read + 2 * results)); // which were above 0 has to be known
  }

  private void leaves() {
    Parameter nullVector = weight("null document", 1, PROJECTION);
    add(
        Operation.PARAMETER,
        "parameter, the null document",
        List.of(),
        (s, v) -> s.parameter(nullVector),
        new Work(0, 2.0 * PROJECTION),
        new Work(PROJECTION, 3.0 * PROJECTION));
  }

  /** Its backward pass runs it once more. */
  private void recomputed() {
    int between = bert.intermediate();
    Parameter up = weight("up", between, hidden);
    Parameter down = weight("down", hidden, between);
    double product = 2 * area * between;
    add(
        Operation.RECOMPUTED,
        "recomputed, " + hidden + " to " + between + " and back",
        List.of(states),
        (s, v) ->
            s.recomputed(
                v.get(0),
                x -> s.linear(s.linear(x, up, null, Activation.GELU), down, null, Activation.NONE)),
        new Work(2 * product, 2 * area + up.size() + down.size()),
        new Work(6 * product, 3 * area + 2.0 * (up.size() + down.size())));
  }

  private void updates() {
    float[] gradient = normal(word.size(), 13);
    Parameter trained = word.copy();
    Parameter first = Parameter.zeros("first", word.kind(), word.rows(), word.cols());
    Parameter second = Parameter.zeros("second", word.kind(), word.rows(), word.cols());
    AdamStep step = new AdamStep(1e-6f, 0.9f, 0.999f, 1e-6f, 0.01f, 0.1f, 0.001f, 1);
    update(
        Operation.ADAM,
        "AdamW of the word embeddings",
        s -> s.backward(s.parameter(trained), gradient),
        s -> s.adam(trained, first, second, step),
        new Work(12 * table, 7 * table)); // as in KernelsSection: 8 multiplications, 3 divisions...
    update(
        Operation.GRADIENT_NORM,
        "gradient norm of the word embeddings",
        s -> s.backward(s.parameter(trained), gradient),
        s -> s.gradientNorm(List.of(trained)),
        new Work(2 * table, table));
  }

  /** An update gives no tensor: what comes in goes out. */
  private void update(
      Operation operation, String name, Consumer<Session> before, Consumer<Session> run, Work w) {
    OperationCase.Body body =
        (s, v) -> {
          run.accept(s);
          return v.getFirst();
        };
    List<Matrix> nothing = List.of(new Matrix(1, 1, new float[1]));
    OperationCase c = new OperationCase(operation, name, nothing, List.of(), body);
    all.add(new Measured(c, before, w, null));
  }

  static int[] offsets(int... lengths) {
    int[] offsets = new int[lengths.length + 1];
    Arrays.setAll(offsets, i -> Arrays.stream(lengths, 0, i).sum());
    return offsets;
  }

  private static int[] filled(int n, int value) {
    int[] a = new int[n];
    Arrays.fill(a, value);
    return a;
  }

  private static Matrix matrix(int rows, int cols, int seed) {
    return new Matrix(rows, cols, normal(rows * cols, seed));
  }

  private static Parameter weight(String name, int rows, int cols) {
    float[] values = normal(rows * cols, name.hashCode());
    return new Parameter(name, Parameter.Kind.WEIGHT, rows, cols, values);
  }

  private static float[] normal(int n, int seed) {
    int key = CounterRandom.key(seed);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = 0.1f * CounterRandom.gaussian(key, i);
    }
    return values;
  }

  /** The gradient that its result gets, not zero anywhere. */
  static float[] upstream(Tensor result) {
    float[] gradient = new float[result.rows() * result.cols()];
    Arrays.fill(gradient, 0.01f);
    return gradient;
  }
}
