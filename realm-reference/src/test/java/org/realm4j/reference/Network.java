package org.realm4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** A small network that uses every operation of a session, of any size. */
final class Network {
  static final int WORDS = 211;

  private final int heads;
  private final boolean recompute;
  private final List<Parameter> parameters = new ArrayList<>();
  private final Parameter word;
  private final Parameter segment;
  private final Parameter position;
  private final Parameter[] square = new Parameter[4];
  private final Parameter[] squareBias = new Parameter[4];
  private final Parameter up;
  private final Parameter upBias;
  private final Parameter down;
  private final Parameter gamma;
  private final Parameter beta;
  private final Parameter vocabularyBias;
  private final Parameter free;

  Network(int hidden, int inner, int heads, boolean recompute) {
    this.heads = heads;
    this.recompute = recompute;
    word = random("word", Parameter.Kind.EMBEDDING, WORDS, hidden, 0.5f);
    segment = random("segment", Parameter.Kind.EMBEDDING, 2, hidden, 0.5f);
    position = random("position", Parameter.Kind.EMBEDDING, 600, hidden, 0.5f);
    for (int i = 0; i < 4; i++) {
      square[i] = random("w" + i, Parameter.Kind.WEIGHT, hidden, hidden, 0.3f);
      squareBias[i] = random("b" + i, Parameter.Kind.BIAS, 1, hidden, 0.3f);
    }
    up = random("up", Parameter.Kind.WEIGHT, inner, hidden, 0.3f);
    upBias = random("upBias", Parameter.Kind.BIAS, 1, inner, 0.3f);
    down = random("down", Parameter.Kind.WEIGHT, hidden, inner, 0.3f);
    gamma = random("gamma", Parameter.Kind.LAYER_NORM, 1, hidden, 1f);
    beta = random("beta", Parameter.Kind.LAYER_NORM, 1, hidden, 0.3f);
    vocabularyBias = random("vocabularyBias", Parameter.Kind.BIAS, 1, WORDS, 0.3f);
    free = random("free", Parameter.Kind.EMBEDDING, 1, hidden, 0.3f);
  }

  private Parameter random(String name, Parameter.Kind kind, int rows, int cols, float scale) {
    Parameter p = new Parameter(name, kind, rows, cols, floats(rows * cols, scale, name));
    parameters.add(p);
    return p;
  }

  List<Parameter> parameters() {
    return parameters;
  }

  static float[] floats(int n, float scale, String stream) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = scale * CounterRandom.gaussian(stream.hashCode(), i);
    }
    return values;
  }

  /** The encoder's states of packed sequences, without dropout if seed is 0. */
  Tensor encode(Session s, int[][] sequences, Activation activation, int seed) {
    int[] offsets = new int[sequences.length + 1];
    for (int i = 0; i < sequences.length; i++) {
      offsets[i + 1] = offsets[i] + sequences[i].length;
    }
    int tokens = offsets[sequences.length];
    int[] ids = new int[tokens];
    int[] segments = new int[tokens];
    int[] positions = new int[tokens];
    int[] counters = new int[tokens];
    for (int i = 0, t = 0; i < sequences.length; i++) {
      for (int j = 0; j < sequences[i].length; j++, t++) {
        ids[t] = sequences[i][j];
        segments[t] = j & 1;
        positions[t] = j;
        counters[t] = i * 1000 + j;
      }
    }
    Dropout dropout = seed == 0 ? null : new Dropout(0.1f, seed, counters);
    Tensor x = s.embeddingSum(ids, segments, positions, word, segment, position);
    x = s.layerNorm(x, null, gamma, beta, 1e-12f);
    if (dropout != null) {
      x = s.dropout(x, dropout);
    }
    UnaryOperator<Tensor> layer = in -> layer(s, in, offsets, activation, dropout);
    // x has a gradient already when that of the layer's own use of it comes
    x = s.add(recompute ? s.recomputed(x, layer) : layer.apply(x), x);
    return recompute ? s.recomputed(x, layer) : layer.apply(x);
  }

  private Tensor layer(Session s, Tensor x, int[] offsets, Activation activation, Dropout dropout) {
    Tensor q = s.linear(x, square[0], squareBias[0], Activation.NONE);
    Tensor k = s.linear(x, square[1], squareBias[1], Activation.NONE);
    Tensor v = s.linear(x, square[2], squareBias[2], Activation.NONE);
    Tensor a = s.attention(q, k, v, offsets, offsets, heads, dropout);
    a = s.linear(a, square[3], squareBias[3], Activation.TANH);
    x = s.layerNorm(a, x, gamma, beta, 1e-12f);
    Tensor h = s.linear(x, up, upBias, activation);
    h = s.linear(h, down, null, Activation.RELU);
    return s.layerNorm(h, x, gamma, beta, 1e-12f);
  }

  /** A loss in which every operation has a part. */
  Tensor loss(Session s, int[][] sequences, Activation activation, int seed) {
    Tensor x = encode(s, sequences, activation, seed);
    int n = x.rows();
    int[] some = new int[(n + 1) / 2];
    int[] other = new int[some.length];
    int[] targets = new int[some.length];
    for (int i = 0; i < some.length; i++) {
      some[i] = 2 * i;
      other[i] = (7 * i + 3) % n;
      targets[i] = (i * 31) % WORDS;
    }
    Tensor chosen = s.gather(x, some);
    Tensor likelihood = s.vocabularyLogLikelihood(chosen, word, vocabularyBias, targets);
    Tensor spans = s.layerNorm(s.spanStates(x, x, some, other), null, gamma, beta, 1e-12f);
    Tensor all = s.add(s.concat(chosen, s.parameter(free)), s.concat(spans, s.parameter(free)));
    Tensor scores = s.innerProducts(all, x, some2(some, all.rows()), other);
    int[] groups = {0, some.length / 3, some.length / 3, some.length};
    Tensor log = s.logSoftmax(scores, groups);
    boolean[] marked = new boolean[some.length];
    for (int i = 0; i < marked.length; i++) {
      marked[i] = i % 3 != 1;
    }
    Tensor groupsLog = s.logSumExp(s.add(log, likelihood), groups, marked);
    Tensor means = s.segmentSum(s.add(log, likelihood), groups, true);
    return s.weightedSum(s.add(groupsLog, means), new float[] {-0.3f, 0f, -0.5f});
  }

  private static int[] some2(int[] some, int bound) {
    int[] rows = new int[some.length];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (5 * i) % bound;
    }
    return rows;
  }

  /** Loss, gradients and updated parameters after some steps, one after the other. */
  List<float[]> train(Session s, int[][] sequences, Activation activation, int steps) {
    List<float[]> trace = new ArrayList<>();
    List<Parameter> first = new ArrayList<>();
    List<Parameter> second = new ArrayList<>();
    for (Parameter p : parameters) {
      first.add(Parameter.zeros(p.name(), p.kind(), p.rows(), p.cols()));
      second.add(Parameter.zeros(p.name(), p.kind(), p.rows(), p.cols()));
    }
    for (int step = 1; step <= steps; step++) {
      s.clearGradients();
      try (Tape _ = s.record()) {
        Tensor loss = loss(s, sequences, activation, step);
        s.backward(loss);
        trace.add(loss.toArray());
      }
      trace.add(new float[] {(float) s.gradientNorm(parameters)});
      AdamStep adam = new AdamStep(1e-3f, 0.9f, 0.999f, 1e-6f, 0.01f, 1f, 1f, 0.9f);
      for (int i = 0; i < parameters.size(); i++) {
        trace.add(s.gradient(parameters.get(i)));
        s.adam(parameters.get(i), first.get(i), second.get(i), adam);
      }
    }
    for (Parameter p : parameters) {
      trace.add(p.values().clone());
    }
    return trace;
  }

  /** Sequences of these lengths. */
  static int[][] sequences(int... lengths) {
    int[][] sequences = new int[lengths.length][];
    for (int i = 0; i < lengths.length; i++) {
      sequences[i] = new int[lengths[i]];
      for (int j = 0; j < lengths[i]; j++) {
        sequences[i][j] = CounterRandom.below(WORDS, 17, i * 1000 + j);
      }
    }
    return sequences;
  }
}
