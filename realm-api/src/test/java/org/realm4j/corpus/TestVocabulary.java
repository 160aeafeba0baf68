package org.realm4j.corpus;

import java.util.ArrayList;
import java.util.List;
import org.realm4j.text.Vocabulary;
import org.realm4j.text.WordPiece;

/** A small vocabulary: a few words, and letters, digits and marks as words and as continuations. */
final class TestVocabulary {
  private TestVocabulary() {}

  static WordPiece tokenizer() {
    List<String> tokens =
        new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "city", "of"));
    "abcdefghijklmnopqrstuvwxyz0123456789.,:;!?()-#'\""
        .chars()
        .mapToObj(Character::toString)
        .forEach(tokens::add);
    "abcdefghijklmnopqrstuvwxyz0123456789"
        .chars()
        .mapToObj(Character::toString)
        .forEach(letter -> tokens.add("##" + letter));
    return new WordPiece(Vocabulary.of(tokens));
  }
}
