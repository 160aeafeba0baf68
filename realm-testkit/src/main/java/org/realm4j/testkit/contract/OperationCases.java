package org.realm4j.testkit.contract;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Tensor;

/**
 * Every operation over sizes that are no multiple of any vector width or tile, one more, one less
 * and exactly one; packings are ragged, rows are used twice, tensors are used as two inputs.
 */
public final class OperationCases {
  private static final int[] SIZES = {1, 3, 7, 8, 13, 17, 31, 48, 49, 64, 100, 193};
  private static final int[][] PACKINGS = {
    {1}, {3}, {1, 1}, {7, 1, 8}, {13, 17}, {31, 3, 2}, {64}, {49, 1, 100}
  };

  private final List<OperationCase> cases = new ArrayList<>();

  private OperationCases() {}

  /** All cases of all operations that have a forward and a backward. */
  public static List<OperationCase> all() {
    OperationCases c = new OperationCases();
    c.embeddingSum();
    c.linear();
    c.layerNorm();
    c.attention();
    c.dropout();
    c.rows();
    c.segmentSum();
    c.innerProductsAndSpans();
    c.vocabulary();
    c.groups();
    c.weightedSum();
    c.parameterAndRecomputed();
    c.cases.addAll(NetworkCases.all());
    return List.copyOf(c.cases);
  }

  /** The cases of one operation. */
  public static List<OperationCase> of(Operation operation) {
    return all().stream().filter(c -> c.operation() == operation).toList();
  }

  private void add(
      Operation operation,
      String name,
      List<Matrix> inputs,
      List<Parameter> parameters,
      OperationCase.Body body) {
    cases.add(new OperationCase(operation, name, inputs, parameters, body));
  }

  private void embeddingSum() {
    for (int i = 0; i < SIZES.length; i++) {
      int hidden = SIZES[i];
      int tokens = SIZES[(i * 5 + 1) % SIZES.length];
      Parameter word = Samples.embedding("word", 29, hidden);
      Parameter segment = Samples.embedding("segment", 2, hidden);
      Parameter position = Samples.embedding("position", 64, hidden);
      int[] ids = Samples.indices(tokens, 29, 1);
      int[] segments = Samples.indices(tokens, 2, 2);
      int[] positions = Samples.indices(tokens, 64, 3);
      add(
          Operation.EMBEDDING_SUM,
          tokens + " tokens of " + hidden,
          List.of(),
          List.of(word, segment, position),
          (s, v) -> s.embeddingSum(ids, segments, positions, word, segment, position));
    }
    Parameter one = Samples.embedding("one table", 7, 13);
    int[] ids = {0, 6, 6, 3};
    add(
        Operation.EMBEDDING_SUM,
        "one table used three times",
        List.of(),
        List.of(one),
        (s, v) -> s.embeddingSum(ids, new int[4], ids, one, one, one));
  }

  private void linear() {
    int[][] shapes = { // rows, in, out
      {1, 1, 1},
      {3, 7, 8},
      {7, 13, 17},
      {8, 8, 8},
      {13, 17, 31},
      {17, 31, 48},
      {31, 48, 49},
      {48, 64, 64},
      {1, 193, 100},
      {5, 100, 193},
      {64, 49, 3},
      {100, 64, 13},
      {4, 768, 257}
    };
    for (int[] shape : shapes) {
      for (Activation activation : Activation.values()) {
        Matrix x = Samples.matrix(shape[0], shape[1], 5);
        Parameter w = Samples.weight("weight", shape[2], shape[1]);
        Parameter b = Samples.bias("bias", shape[2]);
        String name = Arrays.toString(shape) + " " + activation;
        add(
            Operation.LINEAR,
            name,
            List.of(x),
            List.of(w, b),
            (s, v) -> s.linear(v.get(0), w, b, activation));
        add(
            Operation.LINEAR,
            name + " without bias",
            List.of(x),
            List.of(w),
            (s, v) -> s.linear(v.get(0), w, null, activation));
      }
    }
    for (Activation activation : Activation.values()) { // far into the tails of each function
      Matrix x = new Matrix(13, 1, Samples.normal(13, 6, 6));
      Parameter w = Parameter.filled("ones", Parameter.Kind.WEIGHT, 1, 1, 1);
      add(
          Operation.LINEAR,
          "tails of " + activation,
          List.of(x),
          List.of(w),
          (s, v) -> s.linear(v.get(0), w, null, activation));
    }
    Parameter w = Samples.weight("square", 17, 17);
    Parameter b = Samples.bias("shared bias", 17);
    add(
        Operation.LINEAR,
        "the same parameters twice",
        List.of(Samples.matrix(5, 17, 7)),
        List.of(w, b),
        (s, v) -> s.linear(s.linear(v.get(0), w, b, Activation.TANH), w, b, Activation.NONE));
  }

  private void layerNorm() {
    for (int i = 0; i < SIZES.length; i++) {
      int cols = SIZES[i];
      int rows = SIZES[(i * 5 + 2) % SIZES.length];
      Parameter gamma = Samples.norm("gamma", cols);
      Parameter beta = Samples.norm("beta", cols);
      Matrix x = Samples.matrix(rows, cols, 8);
      Matrix r = Samples.matrix(rows, cols, 9);
      Matrix small = new Matrix(rows, cols, Samples.normal(rows * cols, 0.03f, 10));
      float tiny = cols > 1 ? 1e-12f : 1e-3f; // one column has no variance
      String name = "[" + rows + ", " + cols + "]";
      List<Parameter> parameters = List.of(gamma, beta);
      add(
          Operation.LAYER_NORM,
          name,
          List.of(x),
          parameters,
          (s, v) -> s.layerNorm(v.get(0), null, gamma, beta, tiny));
      add(
          Operation.LAYER_NORM,
          name + " with a residual",
          List.of(x, r),
          parameters,
          (s, v) -> s.layerNorm(v.get(0), v.get(1), gamma, beta, tiny));
      add(
          Operation.LAYER_NORM,
          name + " where epsilon matters",
          List.of(small),
          parameters,
          (s, v) -> s.layerNorm(v.get(0), null, gamma, beta, 1e-3f));
      add(
          Operation.LAYER_NORM,
          name + " of x + x",
          List.of(x),
          parameters,
          (s, v) -> s.layerNorm(v.get(0), v.get(0), gamma, beta, 1e-3f));
    }
  }

  private void attention() {
    int[][] shapes = {{1, 1}, {2, 3}, {1, 8}, {4, 8}, {2, 17}, {3, 32}, {12, 64}}; // heads, size
    for (int i = 0; i < PACKINGS.length; i++) {
      for (int j = 0; j < shapes.length; j++) {
        if (j == 6 && i > 3) {
          continue; // 768 columns over short sequences only
        }
        int rate = (i + j) % 3; // without dropout, a little, much
        attention(
            PACKINGS[i], PACKINGS[i], shapes[j][0], shapes[j][1], new float[] {0, .1f, .5f}[rate]);
      }
    }
    attention(new int[] {1, 1, 1}, new int[] {7, 1, 8}, 2, 8, 0);
    attention(new int[] {0, 3, 1}, new int[] {5, 13, 31}, 4, 16, 0.3f);
    attention(new int[] {2, 0, 7, 1}, new int[] {49, 1, 17, 100}, 3, 13, 0);
    Matrix x = Samples.matrix(15, 24, 11);
    int[] offsets = Samples.offsets(4, 11);
    add(
        Operation.ATTENTION,
        "one tensor as queries, keys and values",
        List.of(x),
        List.of(),
        (s, v) -> s.attention(v.get(0), v.get(0), v.get(0), offsets, offsets, 3, null));
  }

  private void attention(int[] queries, int[] keys, int heads, int size, float rate) {
    int hidden = heads * size;
    int rows = Samples.total(queries);
    int tokens = Samples.total(keys);
    int[] qo = Samples.offsets(queries);
    int[] ko = Samples.offsets(keys);
    Dropout dropout = new Dropout(rate, 77, Samples.indices(rows, 1 << 20, 12));
    add(
        Operation.ATTENTION,
        heads
            + " x "
            + size
            + ", queries "
            + Arrays.toString(queries)
            + ", keys "
            + Arrays.toString(keys)
            + ", dropout "
            + rate,
        List.of(
            Samples.matrix(rows, hidden, 13),
            Samples.matrix(tokens, hidden, 14),
            Samples.matrix(tokens, hidden, 15)),
        List.of(),
        (s, v) ->
            s.attention(v.get(0), v.get(1), v.get(2), qo, ko, heads, rate == 0 ? null : dropout));
  }

  private void dropout() {
    float[] rates = {0, 0.1f, 0.5f, 0.9f};
    for (int i = 0; i < SIZES.length; i++) {
      int cols = SIZES[i];
      int rows = SIZES[(i * 7 + 3) % SIZES.length];
      float rate = rates[i % rates.length];
      Dropout dropout = new Dropout(rate, 99 + i, Samples.indices(rows, 1 << 20, 16));
      add(
          Operation.DROPOUT,
          "[" + rows + ", " + cols + "] rate " + rate,
          List.of(Samples.matrix(rows, cols, 17)),
          List.of(),
          (s, v) -> s.dropout(v.get(0), dropout));
    }
  }

  private void rows() {
    for (int i = 0; i < SIZES.length; i++) {
      int cols = SIZES[i];
      int rows = SIZES[(i * 5 + 3) % SIZES.length];
      Matrix a = Samples.matrix(rows, cols, 18);
      Matrix b = Samples.matrix(rows, cols, 19);
      Matrix c = Samples.matrix(SIZES[(i + 4) % SIZES.length], cols, 20);
      int[] chosen = Samples.indices(SIZES[(i + 7) % SIZES.length], rows, 21);
      String name = "[" + rows + ", " + cols + "]";
      add(
          Operation.GATHER,
          name + " " + chosen.length + " times",
          List.of(a),
          List.of(),
          (s, v) -> s.gather(v.get(0), chosen));
      add(
          Operation.CONCAT,
          name + " and " + c.rows() + " rows",
          List.of(a, c),
          List.of(),
          (s, v) -> s.concat(v.get(0), v.get(1)));
      add(Operation.ADD, name, List.of(a, b), List.of(), (s, v) -> s.add(v.get(0), v.get(1)));
    }
    List<Matrix> x = List.of(Samples.matrix(5, 7, 22));
    add(Operation.CONCAT, "x, x", x, List.of(), (s, v) -> s.concat(v.get(0), v.get(0)));
    add(Operation.ADD, "x + x", x, List.of(), (s, v) -> s.add(v.get(0), v.get(0)));
  }

  private void segmentSum() {
    for (int i = 0; i < PACKINGS.length; i++) {
      int[] offsets = Samples.offsets(PACKINGS[i]);
      int rows = Samples.total(PACKINGS[i]);
      int cols = SIZES[(i * 5 + 1) % SIZES.length];
      for (boolean mean : new boolean[] {false, true}) {
        add(
            Operation.SEGMENT_SUM,
            Arrays.toString(PACKINGS[i]) + " of " + cols + (mean ? " mean" : ""),
            List.of(Samples.matrix(rows, cols, 23)),
            List.of(),
            (s, v) -> s.segmentSum(v.get(0), offsets, mean));
      }
    }
  }

  private void innerProductsAndSpans() {
    for (int i = 0; i < SIZES.length; i++) {
      int cols = SIZES[i];
      int pairs = SIZES[(i * 5 + 4) % SIZES.length];
      Matrix a = Samples.matrix(5, cols, 24);
      Matrix b = Samples.matrix(9, cols, 25);
      int[] ofA = Samples.indices(pairs, 5, 26);
      int[] ofB = Samples.indices(pairs, 9, 27);
      String name = pairs + " pairs of " + cols;
      add(
          Operation.INNER_PRODUCTS,
          name,
          List.of(a, b),
          List.of(),
          (s, v) -> s.innerProducts(v.get(0), v.get(1), ofA, ofB));
      add(
          Operation.SPAN_STATES,
          name,
          List.of(a, b),
          List.of(),
          (s, v) -> s.spanStates(v.get(0), v.get(1), ofA, ofB));
    }
    List<Matrix> x = List.of(Samples.matrix(5, 13, 28));
    int[] first = {0, 1, 2, 2};
    int[] second = {0, 4, 3, 3};
    add(
        Operation.INNER_PRODUCTS,
        "of a tensor with itself",
        x,
        List.of(),
        (s, v) -> s.innerProducts(v.get(0), v.get(0), first, second));
    add(
        Operation.SPAN_STATES,
        "of a tensor with itself",
        x,
        List.of(),
        (s, v) -> s.spanStates(v.get(0), v.get(0), first, second));
  }

  private void vocabulary() {
    int[][] shapes = { // rows, hidden, vocabulary
      {1, 1, 2},
      {3, 7, 8},
      {7, 13, 17},
      {8, 8, 64},
      {13, 31, 49},
      {1, 64, 193},
      {31, 17, 100},
      {17, 48, 1031}
    };
    for (int[] shape : shapes) {
      Parameter w = Samples.weight("decoder", shape[2], shape[1]);
      Parameter b = Samples.bias("decoder bias", shape[2]);
      int[] targets = Samples.indices(shape[0], shape[2], 29);
      targets[0] = shape[2] - 1;
      add(
          Operation.VOCABULARY_LOG_LIKELIHOOD,
          Arrays.toString(shape),
          List.of(Samples.matrix(shape[0], shape[1], 30)),
          List.of(w, b),
          (s, v) -> s.vocabularyLogLikelihood(v.get(0), w, b, targets));
    }
  }

  private void groups() {
    for (int[] packing : PACKINGS) {
      int n = Samples.total(packing);
      int[] offsets = Samples.offsets(packing);
      List<Matrix> x = List.of(new Matrix(n, 1, Samples.normal(n, 3, 31)));
      String name = Arrays.toString(packing);
      add(Operation.LOG_SOFTMAX, name, x, List.of(), (s, v) -> s.logSoftmax(v.get(0), offsets));
      add(
          Operation.LOG_SUM_EXP,
          name,
          x,
          List.of(),
          (s, v) -> s.logSumExp(v.get(0), offsets, null));
      boolean[] marks = Samples.marks(n, 32);
      marks[0] = true;
      add(
          Operation.LOG_SUM_EXP,
          name + " marked",
          x,
          List.of(),
          (s, v) -> s.logSumExp(v.get(0), offsets, marks));
    }
    boolean[] middle = {false, false, true, false, true, false};
    add(
        Operation.LOG_SUM_EXP,
        "first and last group without a mark",
        List.of(Samples.matrix(6, 1, 33)),
        List.of(),
        (s, v) -> s.logSumExp(v.get(0), Samples.offsets(2, 3, 1), middle));
  }

  private void weightedSum() {
    for (int n : SIZES) {
      float[] weights = Samples.normal(n, 1, 34);
      add(
          Operation.WEIGHTED_SUM,
          n + " entries",
          List.of(Samples.matrix(n, 1, 35)),
          List.of(),
          (s, v) -> s.weightedSum(v.get(0), weights));
    }
    Matrix infinite = Samples.matrix(7, 1, 36).with(2, Float.NEGATIVE_INFINITY);
    float[] weights = {1, 2, 0, -1, 0, 0.5f, 3};
    add(
        Operation.WEIGHTED_SUM,
        "weight 0 drops negative infinity",
        List.of(infinite),
        List.of(),
        (s, v) -> s.weightedSum(v.get(0), weights));
  }

  private void parameterAndRecomputed() {
    Parameter p = Samples.weight("null document", 1, 17);
    add(
        Operation.PARAMETER,
        "added to itself and to a variable",
        List.of(Samples.matrix(1, 17, 37)),
        List.of(p),
        (s, v) -> s.add(s.add(s.parameter(p), v.get(0)), s.parameter(p)));
    for (int hidden : new int[] {1, 8, 13, 48}) {
      Parameter w = Samples.weight("segment weight", hidden, hidden);
      Parameter b = Samples.bias("segment bias", hidden);
      Parameter gamma = Samples.norm("segment gamma", hidden);
      Parameter beta = Samples.norm("segment beta", hidden);
      Dropout dropout = new Dropout(0.2f, 5, Samples.indices(7, 1 << 20, 38));
      add(
          Operation.RECOMPUTED,
          "a layer of " + hidden,
          List.of(Samples.matrix(7, hidden, 39)),
          List.of(w, b, gamma, beta),
          (s, v) ->
              s.recomputed(
                  v.get(0),
                  x -> {
                    Tensor y = s.dropout(s.linear(x, w, b, Activation.GELU), dropout);
                    return s.layerNorm(y, x, gamma, beta, 1e-3f);
                  }));
    }
  }
}
