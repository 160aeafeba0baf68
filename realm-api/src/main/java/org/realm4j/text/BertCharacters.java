package org.realm4j.text;

import java.text.Normalizer;

/** What BERT's basic tokenizer thinks of a code point. */
final class BertCharacters {
  static final byte WORD = 0;
  static final byte SPACE = 1;
  static final byte DROPPED = 2;

  /** A word of its own: punctuation, before and after normalisation. */
  static final byte PUNCTUATION = 3;

  private static final byte[] ASCII = new byte[128];

  static {
    for (int c = 0; c < ASCII.length; c++) {
      ASCII[c] = classify(c);
    }
  }

  private BertCharacters() {}

  static byte kind(int codePoint) {
    return codePoint < 128 ? ASCII[codePoint] : classify(codePoint);
  }

  private static byte classify(int c) {
    if (c == '\t' || c == '\n' || c == '\r') {
      return SPACE;
    }
    if (c < 128 && (c > ' ') && !Character.isLetterOrDigit(c) && c != 127) {
      return PUNCTUATION; // In ASCII symbols count too: $ + < = > ^ ` | ~
    }
    return switch (Character.getType(c)) {
      case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
          SPACE;
      // Unassigned code points stay, they are UNASSIGNED. Java's unpaired surrogates go.
      case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE, Character.SURROGATE ->
          DROPPED;
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          PUNCTUATION;
      default -> c == 0xFFFD ? DROPPED : WORD;
    };
  }

  /** The CJK blocks whose every character is a word; kana and Hangul are not among them. */
  static boolean isIdeograph(int c) {
    return c >= 0x3400
        && (c <= 0x4DBF
            || c >= 0x4E00 && c <= 0x9FFF
            || c >= 0xF900 && c <= 0xFAFF
            || c >= 0x20000 && c <= 0x2A6DF
            || c >= 0x2A700 && c <= 0x2B81F
            || c >= 0x2B920 && c <= 0x2CEAF // Not from 2B820: what the models were made with.
            || c >= 0x2F800 && c <= 0x2FA1F);
  }

  /** Canonical decomposition of one code point; Hangul falls apart into its letters. */
  static String decompose(int codePoint) {
    return Normalizer.normalize(Character.toString(codePoint), Normalizer.Form.NFD);
  }

  static boolean isAccent(int codePoint) {
    return Character.getType(codePoint) == Character.NON_SPACING_MARK;
  }
}
