package org.realm4j.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Cuts English text into sentences by rules. Stateless, so safe to use from many threads.
 *
 * <p>Not on {@link java.text.BreakIterator}: it cuts after "Dr." and "J." and its tables change
 * with the Java release, which would change the training data.
 */
public final class SentenceSplitter {
  private static final String STOPS = ".!?…";
  private static final String CLOSERS = "\"')]}”’»";
  private static final String OPENERS = "\"'([{“‘«";

  /** No sentence ends after these, as what they belong to follows. */
  private static final Set<String> TITLES =
      Set.of(
          "adm", "brig", "capt", "cmdr", "col", "cpl", "dr", "fr", "ft", "gen", "gov", "hon", "lt",
          "maj", "messrs", "mlle", "mme", "mr", "mrs", "ms", "mt", "pres", "prof", "rep", "rev",
          "sen", "sgt", "sr", "st", "supt", "vs", "e.g", "i.e", "cf", "viz");

  /** A number after these goes with them: "No. 5". */
  private static final Set<String> BEFORE_NUMBER =
      Set.of(
          "no", "nos", "p", "pp", "vol", "vols", "c", "ca", "fig", "figs", "ch", "art", "op", "sec",
          "b", "d", "r", "fl", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept",
          "oct", "nov", "dec");

  /** These may end a sentence or not: the next word decides. */
  private static final Set<String> ABBREVIATIONS =
      Set.of(
          "inc", "ltd", "co", "corp", "bros", "jr", "etc", "al", "dept", "univ", "assn", "ave",
          "blvd", "rd", "est", "approx", "ed", "eds", "trans", "ph.d", "b.a", "m.a", "a.m", "p.m",
          "b.c", "a.d");

  private SentenceSplitter() {}

  /**
   * The sentences in order. They do not overlap, begin and end with a character that is no space,
   * and together hold every such character of the text. Blank lines end a sentence.
   */
  public static List<Span> split(String text) {
    List<Span> sentences = new ArrayList<>();
    int start = skipSpace(text, 0);
    int i = start;
    while (i < text.length()) {
      char c = text.charAt(i);
      int end = -1;
      if (STOPS.indexOf(c) >= 0) {
        int after = skip(text, i, STOPS);
        int closed = skip(text, after, CLOSERS);
        end = endsSentence(text, i, after, closed) ? closed : -1;
        i = closed;
      } else if (c == '\n' && isBlankLine(text, i)) {
        end = i;
      } else {
        i++;
      }
      if (end >= 0) {
        sentences.add(new Span(start, trimmedEnd(text, start, end)));
        start = skipSpace(text, end);
        i = start;
      }
    }
    if (start < text.length()) {
      sentences.add(new Span(start, trimmedEnd(text, start, text.length())));
    }
    return sentences;
  }

  /** Spaces of every kind: Java's white space, and the no-break spaces that it leaves out. */
  static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c);
  }

  private static boolean endsSentence(String text, int stop, int after, int closed) {
    if (closed < text.length() && !isSpace(text.charAt(closed))) {
      return false; // 3.14, realm4j.org, "U.S.-born"
    }
    int next = skip(text, skipSpace(text, closed), OPENERS);
    if (next >= text.length()) {
      return true;
    }
    int first = text.codePointAt(next);
    if (Character.isLowerCase(first)) {
      return false; // "Yahoo! is", "What?" he asked
    }
    boolean singleDot = text.charAt(stop) == '.' && after == stop + 1;
    if (!singleDot || closed > after) {
      return Character.isLetterOrDigit(first);
    }
    return endsAfterDot(text, stop, next, Character.isDigit(first));
  }

  private static boolean endsAfterDot(String text, int dot, int next, boolean number) {
    int from = dot;
    while (from > 0 && isAbbreviationChar(text.charAt(from - 1))) {
      from--;
    }
    String word = text.substring(from, dot);
    String lower = word.toLowerCase(Locale.ROOT);
    if (TITLES.contains(lower)) {
      return false;
    }
    if (number && BEFORE_NUMBER.contains(lower)) {
      return false;
    }
    boolean initial = word.length() == 1 && Character.isUpperCase(word.charAt(0));
    boolean dotted = word.indexOf('.') > 0;
    if (initial || dotted || ABBREVIATIONS.contains(lower)) {
      return CommonWords.opensSentence(wordAt(text, next));
    }
    return true;
  }

  private static boolean isAbbreviationChar(char c) {
    return Character.isLetterOrDigit(c) || c == '.';
  }

  private static String wordAt(String text, int start) {
    int end = start;
    while (end < text.length() && Character.isLetter(text.charAt(end))) {
      end++;
    }
    return text.substring(start, end);
  }

  private static boolean isBlankLine(String text, int newline) {
    int i = newline + 1;
    while (i < text.length() && isSpace(text.charAt(i))) {
      if (text.charAt(i++) == '\n') {
        return true;
      }
    }
    return false;
  }

  private static int skip(String text, int i, String characters) {
    while (i < text.length() && characters.indexOf(text.charAt(i)) >= 0) {
      i++;
    }
    return i;
  }

  private static int skipSpace(String text, int i) {
    while (i < text.length() && isSpace(text.charAt(i))) {
      i++;
    }
    return i;
  }

  private static int trimmedEnd(String text, int start, int end) {
    while (end > start && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return end;
  }
}
