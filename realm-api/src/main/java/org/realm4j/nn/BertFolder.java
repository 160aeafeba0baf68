package org.realm4j.nn;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;
import org.realm4j.io.WeightFolder;
import org.realm4j.text.Vocabulary;
import org.realm4j.text.WordPiece;

/**
 * A BERT and its tokenizer as Hugging Face keeps them in a folder: {@code config.json, vocab.txt,
 * model.safetensors} and perhaps {@code tokenizer_config.json}.
 */
public record BertFolder(Bert bert, WordPiece tokenizer) {
  /** What stands before the names of BertModel, of the models built on it, and of REALM's. */
  private static final List<String> PREFIXES = List.of("", "bert.", "realm.");

  private static final String WORDS = "embeddings.word_embeddings.weight";

  /**
   * Opens a folder.
   *
   * @throws RealmException.Incompatible if configuration, vocabulary and weights do not fit
   * @throws RealmException.CorruptFile if a file is damaged or a weight is not finite
   */
  public static BertFolder open(Path dir) {
    JsonObject json = Json.parseObject(dir.resolve("config.json"));
    String type = json.string("model_type", "bert");
    if (!type.equals("bert") && !type.equals("realm")) {
      throw new RealmException.Incompatible(
          json.where() + ": model_type: expected bert or realm, found " + type);
    }
    BertConfig config = BertConfig.of(json);
    WordPiece tokenizer = tokenizer(dir);
    checkVocabulary(dir, config, tokenizer);
    try (WeightFolder weights = WeightFolder.open(dir)) {
      return new BertFolder(
          new Bert(config, prefix(dir, weights), RealmModel.from(weights)), tokenizer);
    }
  }

  /** The tokenizer alone; lower-casing unless {@code tokenizer_config.json} says otherwise. */
  public static WordPiece tokenizer(Path dir) {
    Path settings = dir.resolve("tokenizer_config.json");
    boolean lowerCase =
        !Files.exists(settings) || Json.parseObject(settings).bool("do_lower_case", true);
    return new WordPiece(Vocabulary.load(dir.resolve("vocab.txt")), lowerCase);
  }

  static void checkVocabulary(Path dir, BertConfig config, WordPiece tokenizer) {
    if (tokenizer.vocabulary().size() != config.vocabulary()) {
      throw new RealmException.Incompatible(
          "%s: expected %,d wordpieces, as config.json says, found %,d in vocab.txt"
              .formatted(dir, config.vocabulary(), tokenizer.vocabulary().size()));
    }
  }

  /** What stands before the tensors' names. */
  static String prefix(Path dir, WeightFolder weights) {
    for (String prefix : PREFIXES) {
      if (weights.contains(prefix + WORDS)) {
        return prefix;
      }
    }
    throw new RealmException.Incompatible(
        "%s: expected a tensor %s, perhaps after 'bert.' or 'realm.', found none among %,d"
            .formatted(dir, WORDS, weights.names().size()));
  }
}
