package org.realm4j.nn;

import java.util.LinkedHashMap;
import java.util.Map;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;

/**
 * How spans are scored.
 *
 * @param spanHidden the size of a span's state, at least 1
 * @param maxSpanWidth the wordpieces that an answer has at most, at least 1
 * @param layerNormEpsilon of the span's layer norm, 1e-3 for published checkpoints, above 0
 */
public record ReaderConfig(int spanHidden, int maxSpanWidth, float layerNormEpsilon) {
  public ReaderConfig {
    if (spanHidden < 1 || maxSpanWidth < 1 || !(layerNormEpsilon > 0)) {
      throw new RealmException.BadInput(
          "reader configuration: expected sizes of at least 1 and an epsilon above 0, found"
              + " span_hidden_size %d, max_span_width %d, reader_layer_norm_eps %s"
                  .formatted(spanHidden, maxSpanWidth, layerNormEpsilon));
    }
  }

  /** As in the released REALM: states of 256, answers of up to 10 wordpieces. */
  public static ReaderConfig realm() {
    return new ReaderConfig(256, 10, 1e-3f);
  }

  /** From a Hugging Face {@code config.json}; what it does not say is as in {@link #realm()}. */
  public static ReaderConfig of(JsonObject json) {
    ReaderConfig realm = realm();
    return new ReaderConfig(
        json.int32("span_hidden_size", realm.spanHidden),
        json.int32("max_span_width", realm.maxSpanWidth),
        (float) json.number("reader_layer_norm_eps", 1e-3));
  }

  /** The keys and values that a {@code config.json} has beside the BERT's. */
  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("span_hidden_size", spanHidden);
    json.put("max_span_width", maxSpanWidth);
    json.put("reader_layer_norm_eps", layerNormEpsilon);
    return json;
  }
}
