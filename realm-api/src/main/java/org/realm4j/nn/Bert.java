package org.realm4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Parameter.Kind;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/**
 * A post-norm transformer encoder (Devlin et al. 2019) over packed sequences. Parameters carry
 * their Hugging Face names.
 */
public final class Bert {
  private final BertConfig config;
  private final Parameter word;
  private final Parameter position;
  private final Parameter segment;
  private final Norm embeddingNorm;
  private final List<Layer> layers = new ArrayList<>();
  private boolean recompute;

  /** A linear layer, {@code weight [out, in]} and {@code bias [1, out]}. */
  public record Dense(Parameter weight, Parameter bias) {
    static Dense of(Weights w, String name, int out, int in) {
      return new Dense(
          new Parameter(
              name + ".weight", Kind.WEIGHT, out, in, w.floats(name + ".weight", out, in)),
          new Parameter(name + ".bias", Kind.BIAS, 1, out, w.floats(name + ".bias", out)));
    }

    Tensor apply(Session s, Tensor x, Activation activation) {
      return s.linear(x, weight, bias, activation);
    }
  }

  /** A layer norm, both {@code [1, size]}. */
  public record Norm(Parameter weight, Parameter bias) {
    static Norm of(Weights w, String name, int size) {
      return new Norm(
          new Parameter(
              name + ".weight", Kind.LAYER_NORM, 1, size, w.floats(name + ".weight", size)),
          new Parameter(name + ".bias", Kind.LAYER_NORM, 1, size, w.floats(name + ".bias", size)));
    }

    Tensor apply(Session s, Tensor x, @Nullable Tensor residual, float epsilon) {
      return s.layerNorm(x, residual, weight, bias, epsilon);
    }
  }

  private record Layer(
      Dense query, Dense key, Dense value, Dense out, Norm norm, Dense up, Dense down, Norm end) {
    static Layer of(Weights w, String name, BertConfig c) {
      int h = c.hidden();
      return new Layer(
          Dense.of(w, name + ".attention.self.query", h, h),
          Dense.of(w, name + ".attention.self.key", h, h),
          Dense.of(w, name + ".attention.self.value", h, h),
          Dense.of(w, name + ".attention.output.dense", h, h),
          Norm.of(w, name + ".attention.output.LayerNorm", h),
          Dense.of(w, name + ".intermediate.dense", c.intermediate(), h),
          Dense.of(w, name + ".output.dense", h, c.intermediate()),
          Norm.of(w, name + ".output.LayerNorm", h));
    }
  }

  /**
   * @param prefix of the tensors' names, such as {@code "realm."}, or empty
   */
  public Bert(BertConfig config, String prefix, Weights weights) {
    this.config = config;
    int h = config.hidden();
    String e = prefix + "embeddings.";
    word = table(weights, e + "word_embeddings.weight", config.vocabulary(), h);
    position = table(weights, e + "position_embeddings.weight", config.positions(), h);
    segment = table(weights, e + "token_type_embeddings.weight", config.segments(), h);
    embeddingNorm = Norm.of(weights, e + "LayerNorm", h);
    for (int i = 0; i < config.layers(); i++) {
      layers.add(Layer.of(weights, prefix + "encoder.layer." + i, config));
    }
  }

  private static Parameter table(Weights w, String name, int rows, int cols) {
    return new Parameter(name, Kind.EMBEDDING, rows, cols, w.floats(name, rows, cols));
  }

  public BertConfig config() {
    return config;
  }

  /** The word embeddings, {@code [vocabulary, hidden]}, which an MLM head shares. */
  public Parameter wordEmbeddings() {
    return word;
  }

  /**
   * Whether training keeps only what each layer gives, and computes the layer once more in
   * backward: the same bits with less memory, in more time. Off at first. Never saved with the
   * network.
   */
  public void recomputeLayers(boolean again) {
    recompute = again;
  }

  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(List.of(word, position, segment));
    add(all, embeddingNorm);
    for (Layer l : layers) {
      add(all, l.query, l.key, l.value, l.out);
      add(all, l.norm);
      add(all, l.up, l.down);
      add(all, l.end);
    }
    return all;
  }

  static void add(List<Parameter> all, Dense... layers) {
    for (Dense d : layers) {
      all.add(d.weight);
      all.add(d.bias);
    }
  }

  static void add(List<Parameter> all, Norm norm) {
    all.add(norm.weight);
    all.add(norm.bias);
  }

  /** All hidden states of the last layer, {@code [tokens, hidden]}. */
  public Tensor forward(Session s, TokenBatch batch, @Nullable DropoutPlan dropout) {
    return forward(s, batch, null, dropout);
  }

  /**
   * Hidden states of the last layer at the chosen rows only; what no chosen row needs is not
   * computed. Exact.
   *
   * @param rows ascending rows of the batch, all if null
   * @return {@code [rows, hidden]}
   */
  public Tensor forward(
      Session s, TokenBatch batch, int @Nullable [] rows, @Nullable DropoutPlan dropout) {
    return states(s, batch, rows, dropout, false).getLast();
  }

  /** The embeddings' layer norm and then what each layer gives, all {@code [tokens, hidden]}. */
  public List<Tensor> hiddenStates(Session s, TokenBatch batch) {
    return states(s, batch, null, null, true);
  }

  private List<Tensor> states(
      Session s,
      TokenBatch batch,
      int @Nullable [] rows,
      @Nullable DropoutPlan dropout,
      boolean all) {
    check(batch);
    int[] counters = dropout == null ? null : dropout.tokenRows(batch);
    List<Tensor> states = new ArrayList<>();
    states.add(embed(s, batch, dropout, counters)); // [tokens, hidden]
    for (int i = 0; i < layers.size(); i++) {
      boolean last = i == layers.size() - 1;
      states.add(kept(s, i, states.get(i), batch, last ? rows : null, dropout, counters));
      if (!all) {
        s.release(states.get(i));
      }
    }
    return states;
  }

  /** LN(word + segment + position), {@code [tokens, hidden]}. */
  Tensor embed(Session s, TokenBatch b, @Nullable DropoutPlan dropout, int @Nullable [] counters) {
    Tensor sum = s.embeddingSum(b.ids(), b.segments(), b.positions(), word, segment, position);
    Tensor x = embeddingNorm.apply(s, sum, null, config.layerNormEpsilon());
    s.release(sum);
    return drop(s, x, dropout, counters, null, -1, 0);
  }

  /** One layer, of which only the result is kept if that was asked for. */
  private Tensor kept(
      Session s,
      int index,
      Tensor x,
      TokenBatch batch,
      int @Nullable [] rows,
      @Nullable DropoutPlan dropout,
      int @Nullable [] counters) {
    return recompute
        ? s.recomputed(x, leaf -> layer(s, index, leaf, batch, rows, dropout, counters))
        : layer(s, index, x, batch, rows, dropout, counters);
  }

  /** One layer; with {@code rows}, only those rows come out. */
  Tensor layer(
      Session s,
      int index,
      Tensor x,
      TokenBatch batch,
      int @Nullable [] rows,
      @Nullable DropoutPlan dropout,
      int @Nullable [] counters) {
    Layer l = layers.get(index);
    float epsilon = config.layerNormEpsilon();
    Tensor from = rows == null ? x : s.gather(x, rows); // [queries, hidden]
    int[] queryOffsets = rows == null ? batch.offsets() : offsetsOf(rows, batch.offsets());
    Dropout onWeights =
        dropout == null || counters == null
            ? null
            : dropout.at(index, 0, DropoutPlan.select(counters, rows));
    Tensor q = l.query.apply(s, from, Activation.NONE);
    Tensor k = l.key.apply(s, x, Activation.NONE);
    Tensor v = l.value.apply(s, x, Activation.NONE);
    Tensor context = s.attention(q, k, v, queryOffsets, batch.offsets(), config.heads(), onWeights);
    release(s, q, k, v);
    Tensor attended = l.out.apply(s, context, Activation.NONE);
    s.release(context);
    attended = drop(s, attended, dropout, counters, rows, index, 1);
    Tensor middle = l.norm.apply(s, attended, from, epsilon);
    s.release(attended);
    Tensor up = l.up.apply(s, middle, config.activation());
    Tensor out = l.down.apply(s, up, Activation.NONE);
    s.release(up);
    out = drop(s, out, dropout, counters, rows, index, 2);
    Tensor result = l.end.apply(s, out, middle, epsilon);
    release(s, out, middle);
    if (rows != null) {
      s.release(from);
    }
    return result;
  }

  private static void release(Session s, Tensor... tensors) {
    for (Tensor t : tensors) {
      s.release(t);
    }
  }

  private Tensor drop(
      Session s,
      Tensor x,
      @Nullable DropoutPlan dropout,
      int @Nullable [] counters,
      int @Nullable [] rows,
      int layer,
      int place) {
    if (dropout == null || counters == null) {
      return x;
    }
    Tensor dropped = s.dropout(x, dropout.at(layer, place, DropoutPlan.select(counters, rows)));
    s.release(x);
    return dropped;
  }

  /** How ascending rows fall to the sequences. */
  static int[] offsetsOf(int[] rows, int[] offsets) {
    int[] result = new int[offsets.length];
    int at = 0;
    for (int s = 0; s + 1 < offsets.length; s++) {
      while (at < rows.length && rows[at] < offsets[s + 1]) {
        if (at > 0 && rows[at] <= rows[at - 1]) {
          throw new IllegalArgumentException("rows: expected ascending ones");
        }
        at++;
      }
      result[s + 1] = at;
    }
    if (at != rows.length) {
      throw new IllegalArgumentException("rows: " + rows[at] + " lies outside of the batch");
    }
    return result;
  }

  private void check(TokenBatch batch) {
    for (int t = 0; t < batch.tokens(); t++) {
      if (batch.ids()[t] < 0 || batch.ids()[t] >= config.vocabulary()) {
        throw new RealmException.Incompatible(
            "token id: expected 0 to "
                + (config.vocabulary() - 1)
                + ", found "
                + batch.ids()[t]
                + "; the vocabulary does not fit the model");
      }
      if (batch.positions()[t] >= config.positions()) {
        throw new RealmException.BadInput(
            "sequence: expected at most " + config.positions() + " tokens, found more");
      }
    }
  }
}
