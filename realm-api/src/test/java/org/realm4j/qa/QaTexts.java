package org.realm4j.qa;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/** Awkward texts, and a second normaliser that works on whole strings, step by step. */
final class QaTexts {
  private QaTexts() {}

  static Arbitrary<String> nasty(int most) {
    return Arbitraries.of(
            "a",
            "an",
            "the",
            "A",
            "The",
            "b",
            "x",
            "9",
            " ",
            " ",
            " ",
            "\t",
            "\n",
            "\u00A0",
            "\u2003",
            "\u0085",
            "\u001C",
            "\u200B",
            ".",
            "'",
            "-",
            "_",
            "’",
            "–",
            "é",
            "e\u0301",
            "\u0301",
            "\u0323",
            "\u0327",
            "Á",
            "ệ",
            "ß",
            "Σ",
            "ς",
            "İ",
            "ﬁ",
            "Å",
            "中",
            "国",
            "하",
            "か\u3099",
            "😀",
            "👩\u200D💻",
            "\uD83D",
            "\uDE00",
            "𝐀",
            "क्ष",
            "²",
            "½")
        .list()
        .ofMaxSize(most)
        .map(parts -> String.join("", parts));
  }

  static String normalise(String text) {
    String lower = Normalizer.normalize(text, Normalizer.Form.NFD).toLowerCase(Locale.ROOT);
    String words = withoutArticles(lower.replaceAll("[!-/:-@\\[-`{-~]", ""));
    return String.join(" ", words(words));
  }

  private static String withoutArticles(String text) {
    StringBuilder result = new StringBuilder();
    StringBuilder word = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (Character.isLetter(c) || isNumber(c)) {
                word.appendCodePoint(c);
              } else {
                flush(word, result);
                result.appendCodePoint(c);
              }
            });
    flush(word, result);
    return result.toString();
  }

  private static void flush(StringBuilder word, StringBuilder result) {
    boolean article = List.of("a", "an", "the").contains(word.toString());
    result.append(article ? " " : word);
    word.setLength(0);
  }

  private static boolean isNumber(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }

  /** Python's split(). */
  static List<String> words(String text) {
    String spaces =
        "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
    return new ArrayList<>(Arrays.stream(text.split(spaces)).filter(w -> !w.isEmpty()).toList());
  }
}
