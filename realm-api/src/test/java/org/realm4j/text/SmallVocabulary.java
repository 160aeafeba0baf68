package org.realm4j.text;

import java.util.ArrayList;
import java.util.List;

/** The specials, all lower-case letters and digits as pieces, and what a test adds. */
final class SmallVocabulary {
  private SmallVocabulary() {}

  static Vocabulary with(String... more) {
    List<String> tokens = new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    for (char c : "abcdefghijklmnopqrstuvwxyz0123456789".toCharArray()) {
      tokens.add(String.valueOf(c));
      tokens.add("##" + c);
    }
    for (String mark : ".,;:!?'\"()[]-$#`".split("")) {
      tokens.add(mark);
    }
    tokens.addAll(List.of(more));
    return Vocabulary.of(tokens);
  }

  static List<String> pieces(WordPiece wordPiece, String text) {
    List<String> pieces = new ArrayList<>();
    for (int id : wordPiece.ids(text)) {
      pieces.add(wordPiece.vocabulary().token(id));
    }
    return pieces;
  }
}
