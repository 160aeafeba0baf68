package org.realm4j.nn;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;

/**
 * What a REALM is made of.
 *
 * @param sharedTowers whether one embedder serves questions and passages, as in the released code
 * @param nullDocument where the null document's vector comes from
 * @param queryLimit tokens of a query with its special tokens
 * @param passageLimit tokens of a passage with title and special tokens
 */
public record RealmConfig(
    BertConfig retriever,
    EmbedderConfig embedder,
    BertConfig encoder,
    boolean sharedTowers,
    NullDocument nullDocument,
    int queryLimit,
    int passageLimit) {

  /** The null document's vector. */
  public enum NullDocument {
    /** The empty passage through the document tower, as in the released code. */
    EMPTY_PASSAGE,
    /** A learned vector of its own. */
    FREE_VECTOR
  }

  public RealmConfig {
    if (queryLimit < 3 || passageLimit < 4) {
      throw new RealmException.BadInput(
          "limits: expected at least 3 tokens a query and 4 a passage, found "
              + queryLimit
              + " and "
              + passageLimit);
    }
    int joint = queryLimit + passageLimit - 1;
    if (joint > encoder.positions() || passageLimit > retriever.positions()) {
      throw new RealmException.BadInput(
          "limits: query "
              + queryLimit
              + " + passage "
              + passageLimit
              + " need "
              + joint
              + " positions, the encoder has "
              + encoder.positions()
              + " and the retriever "
              + retriever.positions());
    }
    if (retriever.vocabulary() != encoder.vocabulary()) {
      throw new RealmException.Incompatible(
          "vocabulary: the retriever has "
              + retriever.vocabulary()
              + " tokens, the encoder "
              + encoder.vocabulary());
    }
  }

  /** A REALM whose two BERTs have the shape of a sentence encoder such as MiniLM. */
  public static RealmConfig fromSentenceEncoder(BertConfig bert) {
    return new RealmConfig(
        bert,
        EmbedderConfig.sentenceEncoder(bert.hidden()),
        bert,
        true,
        NullDocument.EMPTY_PASSAGE,
        96,
        288);
  }

  public RealmConfig withNullDocument(NullDocument kind) {
    return new RealmConfig(
        retriever, embedder, encoder, sharedTowers, kind, queryLimit, passageLimit);
  }

  /**
   * @param size of the retriever's vectors, from 1 to the retriever's hidden size, of which they
   *     are a projection
   */
  public RealmConfig withProjection(int size) {
    if (size < 1 || size > retriever.hidden()) {
      throw new RealmException.BadInput(
          "projection: expected 1 to the hidden size %d, found %d"
              .formatted(retriever.hidden(), size));
    }
    return new RealmConfig(
        retriever,
        embedder.withProjection(size),
        encoder,
        sharedTowers,
        nullDocument,
        queryLimit,
        passageLimit);
  }

  public RealmConfig withSeparateTowers() {
    return new RealmConfig(
        retriever, embedder, encoder, false, nullDocument, queryLimit, passageLimit);
  }

  /** The keys and values of a {@code realm.json}. */
  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", 1);
    json.put("shared_towers", sharedTowers);
    json.put("null_document", nullDocument.name());
    json.put("query_limit", queryLimit);
    json.put("passage_limit", passageLimit);
    json.put("pooling", embedder.pooling().name());
    json.put("pooler", embedder.pooler());
    json.put("retriever_proj_size", embedder.projection());
    json.put("projection_layer_norm", embedder.layerNorm());
    json.put("projection_layer_norm_eps", embedder.layerNormEpsilon());
    return json;
  }

  /** What {@code realm.json} and the networks' files in a model's folder say; reads no weights. */
  public static RealmConfig read(Path folder) {
    return of(
        Json.parseObject(folder.resolve("realm.json")),
        BertConfig.read(folder.resolve("retriever").resolve("config.json")),
        BertConfig.read(folder.resolve("encoder").resolve("config.json")));
  }

  static RealmConfig of(JsonObject json, BertConfig retriever, BertConfig encoder) {
    long format = json.integer("format");
    if (format != 1) {
      throw new RealmException.Incompatible(
          json.where() + ": format: this version reads 1, found " + format);
    }
    EmbedderConfig embedder =
        new EmbedderConfig(
            choice(EmbedderConfig.Pooling.class, json, "pooling"),
            json.bool("pooler"),
            json.int32("retriever_proj_size"),
            json.bool("projection_layer_norm"),
            (float) json.number("projection_layer_norm_eps"));
    return new RealmConfig(
        retriever,
        embedder,
        encoder,
        json.bool("shared_towers"),
        choice(NullDocument.class, json, "null_document"),
        json.int32("query_limit"),
        json.int32("passage_limit"));
  }

  private static <E extends Enum<E>> E choice(Class<E> type, JsonObject json, String key) {
    String name = json.string(key);
    for (E e : type.getEnumConstants()) {
      if (e.name().equals(name)) {
        return e;
      }
    }
    throw new RealmException.BadInput(
        json.where()
            + ": "
            + key
            + ": expected one of "
            + java.util.List.of(type.getEnumConstants())
            + ", found "
            + name);
  }
}
