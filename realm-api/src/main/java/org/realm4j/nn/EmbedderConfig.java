package org.realm4j.nn;

import org.realm4j.io.JsonObject;

/**
 * How a BERT's states become one vector.
 *
 * @param pooling the [CLS] state, or the mean of all states as sentence encoders use it
 * @param pooler whether tanh(W_p h + b_p) comes first, as in BERT
 * @param projection the size of the vector
 * @param layerNorm whether a layer norm comes last, as in the released code
 * @param layerNormEpsilon 1e-12 for published checkpoints
 */
public record EmbedderConfig(
    Pooling pooling, boolean pooler, int projection, boolean layerNorm, float layerNormEpsilon) {
  /** Which states are taken. */
  public enum Pooling {
    CLS,
    MEAN
  }

  EmbedderConfig withProjection(int size) {
    return new EmbedderConfig(pooling, pooler, size, layerNorm, layerNormEpsilon);
  }

  /** As in the released REALM: [CLS], tanh pooler, projection to 128, layer norm. */
  public static EmbedderConfig realm() {
    return new EmbedderConfig(Pooling.CLS, true, 128, true, 1e-12f);
  }

  /** The same with the sizes of a Hugging Face {@code config.json}. */
  public static EmbedderConfig of(JsonObject json) {
    return new EmbedderConfig(
        Pooling.CLS,
        true,
        json.int32("retriever_proj_size", 128),
        true,
        (float) json.number("layer_norm_eps", 1e-12));
  }

  /** For a sentence encoder such as MiniLM, which has no pooler. */
  public static EmbedderConfig sentenceEncoder() {
    return sentenceEncoder(Integer.MAX_VALUE);
  }

  /** The same for a hidden size that may be below 128: a projection cannot have more directions. */
  static EmbedderConfig sentenceEncoder(int hidden) {
    return new EmbedderConfig(Pooling.MEAN, false, Math.min(128, hidden), true, 1e-12f);
  }
}
