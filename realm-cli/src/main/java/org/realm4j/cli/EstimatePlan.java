package org.realm4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmConfig.NullDocument;
import org.realm4j.tensor.Activation;

/**
 * What {@code realm estimate} is about: a model and a run.
 *
 * @param model whose limits are the lengths that are counted
 * @param masked tokens of each query
 * @param batch queries a step
 * @param candidates of each query, the null document included
 * @param refreshEvery steps between two refreshes, 0 for none
 */
record EstimatePlan(
    RealmConfig model,
    int masked,
    int passages,
    int steps,
    int batch,
    int candidates,
    int refreshEvery) {

  /** A number of the plan, with its value in the paper and the released code, and its bounds. */
  enum Key {
    VOCAB_SIZE(30_522, 1, 10_000_000),
    HIDDEN_SIZE(768, 1, 100_000),
    NUM_HIDDEN_LAYERS(12, 1, 1_000),
    NUM_ATTENTION_HEADS(12, 1, 1_000),
    INTERMEDIATE_SIZE(3_072, 1, 1_000_000),
    MAX_POSITION_EMBEDDINGS(512, 1, 100_000),
    TYPE_VOCAB_SIZE(2, 1, 1_000),
    RETRIEVER_PROJ_SIZE(128, 1, 100_000),
    QUERY_TOKENS(96, 3, 100_000),
    PASSAGE_TOKENS(288, 4, 100_000),
    MASKED_TOKENS(10, 1, 100_000),
    PASSAGES(13_353_718, 1, Integer.MAX_VALUE),
    STEPS(200_000, 1, Integer.MAX_VALUE),
    BATCH(512, 1, 1_000_000),
    CANDIDATES(8, 1, 1_000),
    REFRESH_EVERY(500, 0, Integer.MAX_VALUE);

    private final int paper;
    private final int least;
    private final int most;

    Key(int paper, int least, int most) {
      this.paper = paper;
      this.least = least;
      this.most = most;
    }

    String key() {
      return name().toLowerCase(Locale.ROOT);
    }

    private int checked(long value, String where) {
      if (value < least || value > most) {
        throw new RealmException.BadInput(
            String.format(
                Locale.ROOT,
                "%s: expected a whole number from %,d to %,d, found %,d",
                where,
                least,
                most,
                value));
      }
      return (int) value;
    }
  }

  /** REALM as in the paper, but for what was given. */
  static EstimatePlan paper(Map<Key, Integer> given) {
    return of(withOptions(new EnumMap<>(Key.class), given), "estimate");
  }

  /**
   * What a file says, or the folder of a model; all else as in the paper.
   *
   * @param given numbers of options, which come first
   */
  static EstimatePlan read(Path path, Map<Key, Integer> given) {
    if (Files.isDirectory(path)) {
      return ofModel(path, given);
    }
    if (path.endsWith("realm.json")) {
      return ofModel(path.toAbsolutePath().resolveSibling(""), given);
    }
    JsonObject json = Json.parseObject(path);
    Map<Key, Integer> values = new EnumMap<>(Key.class);
    for (String name : json.fields().keySet()) {
      Key key = named(name, json.where());
      values.put(key, key.checked(json.integer(name), json.where() + ": \"" + name + "\""));
    }
    return of(withOptions(values, given), json.where());
  }

  private static EstimatePlan ofModel(Path folder, Map<Key, Integer> given) {
    if (!ModelFolder.isRealm(folder)) {
      throw new RealmException.BadInput(
          folder + ": expected a JSON file or the folder of a REALM model, found no realm.json");
    }
    RealmConfig model = RealmConfig.read(folder);
    Map<Key, Integer> values = new EnumMap<>(Key.class);
    values.put(Key.QUERY_TOKENS, model.queryLimit());
    values.put(Key.PASSAGE_TOKENS, model.passageLimit());
    return of(model, withOptions(values, given), folder.toString());
  }

  private static Key named(String name, String where) {
    for (Key key : Key.values()) {
      if (key.key().equals(name)) {
        return key;
      }
    }
    String known = String.join(", ", java.util.Arrays.stream(Key.values()).map(Key::key).toList());
    throw new RealmException.BadInput(
        where + ": \"" + name + "\": no such key; expected some of " + known);
  }

  private static Map<Key, Integer> withOptions(
      Map<Key, Integer> values, Map<Key, Integer> options) {
    options.forEach(
        (key, value) -> values.put(key, key.checked(value, "--" + key.key().replace('_', '-'))));
    return values;
  }

  private static EstimatePlan of(Map<Key, Integer> values, String where) {
    try {
      BertConfig bert =
          new BertConfig(
              get(values, Key.VOCAB_SIZE),
              get(values, Key.HIDDEN_SIZE),
              get(values, Key.NUM_HIDDEN_LAYERS),
              get(values, Key.NUM_ATTENTION_HEADS),
              get(values, Key.INTERMEDIATE_SIZE),
              get(values, Key.MAX_POSITION_EMBEDDINGS),
              get(values, Key.TYPE_VOCAB_SIZE),
              Activation.GELU_TANH,
              1e-12f);
      EmbedderConfig released = EmbedderConfig.realm();
      EmbedderConfig embedder =
          new EmbedderConfig(
              released.pooling(),
              released.pooler(),
              get(values, Key.RETRIEVER_PROJ_SIZE),
              released.layerNorm(),
              released.layerNormEpsilon());
      RealmConfig model =
          new RealmConfig(
              bert,
              embedder,
              bert,
              true,
              NullDocument.EMPTY_PASSAGE,
              get(values, Key.QUERY_TOKENS),
              get(values, Key.PASSAGE_TOKENS));
      return of(model, values, where);
    } catch (RealmException.BadInput e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(where) ? e : new RealmException.BadInput(where + ": " + message, e);
    }
  }

  private static EstimatePlan of(RealmConfig model, Map<Key, Integer> values, String where) {
    int query = get(values, Key.QUERY_TOKENS);
    int masked = get(values, Key.MASKED_TOKENS);
    if (masked > query - 2) {
      throw new RealmException.BadInput(
          String.format(
              Locale.ROOT,
              "%s: \"masked_tokens\": expected at most the %,d of a query between [CLS] and [SEP],"
                  + " found %,d",
              where,
              query - 2,
              masked));
    }
    RealmConfig counted =
        new RealmConfig(
            model.retriever(),
            model.embedder(),
            model.encoder(),
            model.sharedTowers(),
            model.nullDocument(),
            query,
            get(values, Key.PASSAGE_TOKENS));
    return new EstimatePlan(
        counted,
        masked,
        get(values, Key.PASSAGES),
        get(values, Key.STEPS),
        get(values, Key.BATCH),
        get(values, Key.CANDIDATES),
        get(values, Key.REFRESH_EVERY));
  }

  private static int get(Map<Key, Integer> values, Key key) {
    return values.getOrDefault(key, key.paper);
  }
}
