package org.realm4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/**
 * The retriever's vector of a text (section 3.1): LN(W tanh(W_p h + b_p) + b), with the parts that
 * {@link EmbedderConfig} names.
 */
public final class Embedder {
  private final EmbedderConfig config;
  private final Bert bert;
  private final Bert.@Nullable Dense pooler;
  private final Bert.Dense projection;
  private final Bert.@Nullable Norm norm;

  /** Names as in Hugging Face's RealmEmbedder for the prefix {@code "realm."}. */
  public Embedder(BertConfig bertConfig, EmbedderConfig config, String prefix, Weights weights) {
    this.config = config;
    bert = new Bert(bertConfig, prefix, weights);
    int h = bertConfig.hidden();
    pooler = config.pooler() ? Bert.Dense.of(weights, prefix + "pooler.dense", h, h) : null;
    projection = Bert.Dense.of(weights, "cls.dense", config.projection(), h);
    norm = config.layerNorm() ? Bert.Norm.of(weights, "cls.LayerNorm", config.projection()) : null;
  }

  public EmbedderConfig config() {
    return config;
  }

  public Bert bert() {
    return bert;
  }

  /** Pooler, projection and layer norm: what comes after the BERT. */
  public List<Parameter> headParameters() {
    List<Parameter> all = new ArrayList<>();
    if (pooler != null) {
      Bert.add(all, pooler);
    }
    Bert.add(all, projection);
    if (norm != null) {
      Bert.add(all, norm);
    }
    return all;
  }

  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(bert.parameters());
    all.addAll(headParameters());
    return all;
  }

  /** The states before pooler and projection, {@code [sequences, hidden]}. */
  public Tensor pooled(Session s, TokenBatch batch, @Nullable DropoutPlan dropout) {
    if (config.pooling() == EmbedderConfig.Pooling.CLS) {
      return bert.forward(s, batch, batch.firstRows(), dropout);
    }
    return s.segmentSum(bert.forward(s, batch, dropout), batch.offsets(), true);
  }

  /** One vector a sequence, {@code [sequences, projection]}; not of unit length. */
  public Tensor embed(Session s, TokenBatch batch, @Nullable DropoutPlan dropout) {
    return project(s, pooled(s, batch, dropout));
  }

  /** What comes after the BERT: {@code [sequences, hidden]} to {@code [sequences, projection]}. */
  public Tensor project(Session s, Tensor pooled) {
    Tensor x = pooled;
    if (pooler != null) {
      x = pooler.apply(s, x, Activation.TANH);
    }
    x = projection.apply(s, x, Activation.NONE); // [sequences, projection]
    return norm == null ? x : norm.apply(s, x, null, config.layerNormEpsilon());
  }
}
