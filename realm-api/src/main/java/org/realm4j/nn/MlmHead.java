package org.realm4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Parameter.Kind;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/**
 * BERT's masked language model head at chosen rows: LN(activation(W h + b)) E^T + c, where E are
 * the word embeddings.
 */
public final class MlmHead {
  private final Bert.Dense transform;
  private final Bert.Norm norm;
  private final Parameter decoder;
  private final Parameter bias;
  private final BertConfig config;

  /**
   * @param prefix such as {@code "cls."}
   */
  public MlmHead(Bert bert, String prefix, Weights weights) {
    config = bert.config();
    decoder = bert.wordEmbeddings();
    String p = prefix + "predictions.";
    transform = Bert.Dense.of(weights, p + "transform.dense", config.hidden(), config.hidden());
    norm = Bert.Norm.of(weights, p + "transform.LayerNorm", config.hidden());
    bias =
        new Parameter(
            p + "bias",
            Kind.BIAS,
            1,
            config.vocabulary(),
            weights.floats(p + "bias", config.vocabulary()));
  }

  /** Without the word embeddings, which belong to the BERT. */
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    Bert.add(all, transform);
    Bert.add(all, norm);
    all.add(bias);
    return all;
  }

  /** The output bias, {@code [1, vocabulary]}. */
  public Parameter bias() {
    return bias;
  }

  private Tensor transformed(Session s, Tensor hidden) {
    Tensor t = transform.apply(s, hidden, config.activation());
    return norm.apply(s, t, null, config.layerNormEpsilon());
  }

  /**
   * log p(target) of each row.
   *
   * @param hidden {@code [rows, hidden]}
   * @return {@code [rows, 1]}
   */
  public Tensor logLikelihood(Session s, Tensor hidden, int[] targets) {
    return s.vocabularyLogLikelihood(transformed(s, hidden), decoder, bias, targets);
  }

  /** {@code [rows, vocabulary]}, not normalised. */
  public Tensor logits(Session s, Tensor hidden) {
    return s.linear(transformed(s, hidden), decoder, bias, Activation.NONE);
  }
}
