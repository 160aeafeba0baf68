package org.realm4j.testkit.contract;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/** A two-layer BERT with a tied masked-token head and a mixture over groups of sequences. */
final class NetworkCases {
  private static final int VOCABULARY = 61;

  private final int hidden;
  private final int heads;
  private final List<Parameter> parameters = new ArrayList<>();
  private final Parameter word;
  private final Parameter segment;
  private final Parameter position;

  private NetworkCases(int hidden, int heads) {
    this.hidden = hidden;
    this.heads = heads;
    this.word = keep(Samples.embedding("word", VOCABULARY, hidden));
    this.segment = keep(Samples.embedding("segment", 2, hidden));
    this.position = keep(Samples.embedding("position", 128, hidden));
  }

  /** A batch: sequence lengths, and how many sequences each mixture has. */
  private record Batch(int[] lengths, int[] groups) {}

  static List<OperationCase> all() {
    List<OperationCase> cases = new ArrayList<>();
    Batch small = new Batch(new int[] {5, 1, 8, 3}, new int[] {2, 2});
    Batch ragged = new Batch(new int[] {17, 31, 2, 49, 13, 1}, new int[] {3, 1, 2});
    cases.add(of(8, 2, small, 0, false));
    cases.add(of(24, 3, small, 0.1f, false));
    cases.add(of(48, 4, ragged, 0, false));
    cases.add(of(48, 4, ragged, 0.1f, true));
    return cases;
  }

  private static OperationCase of(
      int hidden, int heads, Batch batch, float rate, boolean recomputed) {
    NetworkCases n = new NetworkCases(hidden, heads);
    n.declare();
    String name = hidden + " wide, dropout " + rate + (recomputed ? ", layers recomputed" : "");
    return new OperationCase(
        Operation.NETWORK,
        name,
        List.of(),
        n.parameters,
        (s, v) -> n.loss(s, batch, rate, recomputed));
  }

  /** The same network's hidden states for chosen sequences; their bits depend on nothing else. */
  static Tensor states(Session s, int[] sequences) {
    NetworkCases n = new NetworkCases(48, 4);
    n.declare();
    return n.states(s, Sequences.of(sequences), 0.1f, false);
  }

  private final List<Layer> layers = new ArrayList<>();

  private record Layer(Parameter[] w, Parameter[] b, Parameter[] gamma, Parameter[] beta) {}

  private Parameter keep(Parameter p) {
    parameters.add(p);
    return p;
  }

  private void declare() {
    int[][] shapes = { // query, key, value, attention output, intermediate, output
      {hidden, hidden},
      {hidden, hidden},
      {hidden, hidden},
      {hidden, hidden},
      {2 * hidden + 1, hidden},
      {hidden, 2 * hidden + 1}
    };
    for (int layer = 0; layer < 2; layer++) {
      Parameter[] w = new Parameter[6];
      Parameter[] b = new Parameter[6];
      for (int i = 0; i < 6; i++) {
        w[i] = keep(Samples.weight(layer + ".weight." + i, shapes[i][0], shapes[i][1]));
        b[i] = keep(Samples.bias(layer + ".bias." + i, shapes[i][0]));
      }
      Parameter[] gamma = {norm(layer + ".gamma.0"), norm(layer + ".gamma.1")};
      Parameter[] beta = {norm(layer + ".beta.0"), norm(layer + ".beta.1")};
      layers.add(new Layer(w, b, gamma, beta));
    }
    headBias = keep(Samples.bias("head bias", VOCABULARY));
  }

  private Parameter norm(String name) {
    return keep(Samples.norm(name, hidden));
  }

  private @Nullable Parameter headBias;

  /**
   * Ids, positions, segments and dropout counters of packed sequences: a sequence is a function of
   * its number only.
   */
  private record Sequences(
      int[] ids, int[] segments, int[] positions, int[] counters, int[] offsets) {
    static final int[] LENGTHS = {5, 1, 8, 3, 17, 31, 2, 49, 13};

    static Sequences of(int[] numbers) {
      int[] lengths = new int[numbers.length];
      for (int i = 0; i < numbers.length; i++) {
        lengths[i] = LENGTHS[numbers[i]];
      }
      return of(numbers, lengths);
    }

    static Sequences of(int[] numbers, int[] lengths) {
      int tokens = Samples.total(lengths);
      Sequences q =
          new Sequences(
              new int[tokens],
              new int[tokens],
              new int[tokens],
              new int[tokens],
              Samples.offsets(lengths));
      for (int i = 0; i < numbers.length; i++) {
        int[] ids = Samples.indices(lengths[i], VOCABULARY, 100 + numbers[i]);
        for (int t = 0; t < lengths[i]; t++) {
          int row = q.offsets[i] + t;
          q.ids[row] = ids[t];
          q.segments[row] = t < lengths[i] / 2 ? 0 : 1;
          q.positions[row] = t;
          q.counters[row] = numbers[i] * 512 + t;
        }
      }
      return q;
    }
  }

  private Tensor states(Session s, Sequences q, float rate, boolean recomputed) {
    Tensor x = s.embeddingSum(q.ids, q.segments, q.positions, word, segment, position);
    for (int i = 0; i < layers.size(); i++) {
      int number = i;
      x =
          recomputed
              ? s.recomputed(x, y -> layer(s, y, number, q, rate))
              : layer(s, x, number, q, rate);
    }
    return x;
  }

  private Tensor layer(Session s, Tensor x, int number, Sequences q, float rate) {
    Layer l = layers.get(number);
    Dropout weights = rate == 0 ? null : new Dropout(rate, 10 * number + 1, q.counters);
    Tensor query = s.linear(x, l.w[0], l.b[0], Activation.NONE);
    Tensor key = s.linear(x, l.w[1], l.b[1], Activation.NONE);
    Tensor value = s.linear(x, l.w[2], l.b[2], Activation.NONE);
    Tensor a = s.attention(query, key, value, q.offsets, q.offsets, heads, weights);
    a = s.linear(a, l.w[3], l.b[3], Activation.NONE);
    a = rate == 0 ? a : s.dropout(a, new Dropout(rate, 10 * number + 2, q.counters));
    Tensor h = s.layerNorm(a, x, l.gamma[0], l.beta[0], 1e-12f);
    Activation gelu = number == 0 ? Activation.GELU : Activation.GELU_TANH;
    Tensor f = s.linear(h, l.w[4], l.b[4], gelu);
    f = s.linear(f, l.w[5], l.b[5], Activation.NONE);
    f = rate == 0 ? f : s.dropout(f, new Dropout(rate, 10 * number + 3, q.counters));
    return s.layerNorm(f, h, l.gamma[1], l.beta[1], 1e-12f);
  }

  /** -log sum over a group's sequences of p(sequence) p(its masked tokens), as in REALM. */
  private Tensor loss(Session s, Batch batch, float rate, boolean recomputed) {
    int[] numbers = new int[batch.lengths.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i;
    }
    Sequences q = Sequences.of(numbers, batch.lengths);
    Tensor x = states(s, q, rate, recomputed); // [tokens, hidden]

    // Two masked tokens of each sequence, which may be the same one.
    int[] rows = new int[2 * numbers.length];
    int[] pairs = new int[numbers.length + 1];
    int[] first = new int[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      first[i] = q.offsets[i];
      rows[2 * i] = q.offsets[i] + batch.lengths[i] / 2;
      rows[2 * i + 1] = q.offsets[i + 1] - 1;
      pairs[i + 1] = 2 * i + 2;
    }
    int[] targets = Samples.indices(rows.length, VOCABULARY, 50);
    Parameter bias = Objects.requireNonNull(headBias);
    Tensor gold = s.vocabularyLogLikelihood(s.gather(x, rows), word, bias, targets);
    Tensor likelihood = s.segmentSum(gold, pairs, false); // [sequences, 1]

    // Scores against the first sequence of the batch, small enough not to be one-hot.
    Tensor cls = s.gather(x, first); // [sequences, hidden]
    Tensor scores = s.innerProducts(cls, cls, new int[numbers.length], numbers);
    int[] groups = Samples.offsets(batch.groups);
    Tensor prior = s.logSoftmax(scores, groups);
    Tensor marginal = s.logSumExp(s.add(prior, likelihood), groups, null); // [groups, 1]
    float[] weights = new float[batch.groups.length];
    Arrays.fill(weights, -1f / weights.length);
    return s.weightedSum(marginal, weights);
  }
}
