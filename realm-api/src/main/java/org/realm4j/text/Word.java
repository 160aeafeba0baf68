package org.realm4j.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A word, number or single mark of a text, as {@link NameTagger} sees it.
 *
 * @param text with inner apostrophes, hyphens and the dots of "U.S." and "J.", without 's
 * @param opensSentence whether no word precedes it in its sentence
 * @param joined whether nothing but spaces lies between it and the word before, in one sentence
 */
record Word(String text, Span span, Shape shape, boolean opensSentence, boolean joined) {
  enum Shape {
    /** Has a capital letter: Bach, NASA, iPod, F-16. */
    CAPITAL,
    LOWER,
    NUMBER,
    MARK
  }

  static List<Word> of(String text) {
    List<Word> words = new ArrayList<>();
    for (Span sentence : SentenceSplitter.split(text)) {
      boolean opens = true;
      for (int i = sentence.start(), end; i < sentence.end(); i = end) {
        end = end(text, i, sentence);
        if (SentenceSplitter.isSpace(text.charAt(i))) {
          continue;
        }
        Shape shape = shape(text, i, end);
        Span span = new Span(i, end);
        words.add(new Word(span.of(text), span, shape, opens, i > sentence.start()));
        opens &= shape == Shape.MARK;
      }
    }
    return words;
  }

  boolean is(String mark) {
    return text.equals(mark);
  }

  String lower() {
    return text.toLowerCase(Locale.ROOT);
  }

  private static int end(String text, int start, Span sentence) {
    int i = start;
    boolean inWord = isWordChar(text, i);
    while (inWord && i < sentence.end()) {
      i += Character.charCount(text.codePointAt(i));
      if (i < sentence.end() && !isWordChar(text, i)) {
        inWord = isInner(text, start, i, sentence.end());
      }
    }
    if (i == start) {
      return Math.min(start + Character.charCount(text.codePointAt(start)), sentence.end());
    }
    return i + (hasDot(text, start, i, sentence.end()) ? 1 : 0);
  }

  /** Whether the mark at {@code i} holds a word together: O'Brien, Jean-Paul, U.S, AT&T. */
  private static boolean isInner(String text, int start, int i, int limit) {
    char mark = text.charAt(i);
    if (i + 1 >= limit || "'’-.&".indexOf(mark) < 0 || !isWordChar(text, i + 1)) {
      return false;
    }
    if (mark == '\'' || mark == '’') {
      boolean possessive =
          text.charAt(i + 1) == 's' && (i + 2 >= limit || !isWordChar(text, i + 2));
      return !possessive;
    }
    if (mark == '.') {
      return i - start == 1 || text.charAt(i - 2) == '.' || Character.isDigit(text.charAt(i - 1));
    }
    return true;
  }

  /** Whether the dot behind a word is its own: "J.", "U.S.", "St."; not at a sentence's end. */
  private static boolean hasDot(String text, int start, int i, int limit) {
    if (i >= limit || text.charAt(i) != '.') {
      return false;
    }
    boolean initial = i - start == 1 && Character.isUpperCase(text.charAt(start));
    boolean dotted = i - start >= 3 && text.charAt(i - 2) == '.';
    return dotted
        || i + 1 < limit
            && (initial || NameTagger.ABBREVIATIONS.contains(text.substring(start, i)));
  }

  private static boolean isWordChar(String text, int i) {
    int c = text.codePointAt(i);
    int type = Character.getType(c);
    return Character.isLetterOrDigit(c)
        || type == Character.NON_SPACING_MARK
        || type == Character.COMBINING_SPACING_MARK;
  }

  private static Shape shape(String text, int start, int end) {
    if (!isWordChar(text, start)) {
      return Shape.MARK;
    }
    boolean lowerStart = Character.isLowerCase(text.codePointAt(start));
    if (lowerStart && text.substring(start, end).indexOf('-') > 0) {
      return Shape.LOWER; // "anti-Semitism", but "iPod" is a name.
    }
    for (int i = start; i < end; i++) {
      if (Character.isUpperCase(text.charAt(i)) || Character.isTitleCase(text.charAt(i))) {
        return Shape.CAPITAL;
      }
    }
    return Character.isDigit(text.charAt(start)) ? Shape.NUMBER : Shape.LOWER;
  }
}
