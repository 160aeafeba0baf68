package org.realm4j.nn;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.Activation;

/**
 * The sizes of a BERT, as in a Hugging Face {@code config.json}. Dropout is a setting of the
 * training, not of the network.
 */
public record BertConfig(
    int vocabulary,
    int hidden,
    int layers,
    int heads,
    int intermediate,
    int positions,
    int segments,
    Activation activation,
    float layerNormEpsilon) {

  public BertConfig {
    if (vocabulary < 1
        || hidden < 1
        || layers < 1
        || heads < 1
        || intermediate < 1
        || positions < 1
        || segments < 1) {
      throw new RealmException.BadInput("BERT configuration: expected sizes of at least 1");
    }
    if (hidden % heads != 0) {
      throw new RealmException.BadInput(
          "BERT configuration: hidden size " + hidden + " is no multiple of " + heads + " heads");
    }
  }

  /** Reads {@code config.json}; keys that it does not know are ignored. */
  public static BertConfig read(Path file) {
    return of(Json.parseObject(file));
  }

  public static BertConfig of(JsonObject json) {
    return new BertConfig(
        json.int32("vocab_size"),
        json.int32("hidden_size"),
        json.int32("num_hidden_layers"),
        json.int32("num_attention_heads"),
        json.int32("intermediate_size"),
        json.int32("max_position_embeddings"),
        json.int32("type_vocab_size", 2),
        activation(json.string("hidden_act", "gelu")),
        (float) json.number("layer_norm_eps", 1e-12));
  }

  /** The keys and values of a {@code config.json} that {@link #of} reads back. */
  public Map<String, Object> toJson(String modelType) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model_type", modelType);
    json.put("vocab_size", vocabulary);
    json.put("hidden_size", hidden);
    json.put("num_hidden_layers", layers);
    json.put("num_attention_heads", heads);
    json.put("intermediate_size", intermediate);
    json.put("max_position_embeddings", positions);
    json.put("type_vocab_size", segments);
    json.put("hidden_act", name(activation));
    json.put("layer_norm_eps", layerNormEpsilon);
    json.put("pad_token_id", 0);
    return json;
  }

  private static String name(Activation activation) {
    return switch (activation) {
      case GELU -> "gelu";
      case GELU_TANH -> "gelu_new";
      case RELU -> "relu";
      default ->
          throw new RealmException.Incompatible(
              "hidden_act: expected GELU, GELU_TANH or RELU, found " + activation);
    };
  }

  private static Activation activation(String name) {
    return switch (name) {
      case "gelu" -> Activation.GELU;
      case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Activation.GELU_TANH;
      case "relu" -> Activation.RELU;
      default ->
          throw new RealmException.Incompatible(
              "hidden_act: expected gelu, gelu_new or relu, found " + name);
    };
  }
}
