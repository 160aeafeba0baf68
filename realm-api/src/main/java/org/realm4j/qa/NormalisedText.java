package org.realm4j.qa;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.Locale;
import org.realm4j.text.Span;

/**
 * A text as the released evaluation compares it, and where each of its characters comes from.
 *
 * <p>In this order: canonical decomposition (NFD), lower case, ASCII punctuation deleted, the
 * articles a, an and the replaced by a space, white space collapsed and trimmed. NFD does not strip
 * accents: a combining mark stays, and is no part of a word when articles are looked for, so "Thé"
 * becomes the mark alone. Immutable, thread-safe.
 */
final class NormalisedText {
  private final String text;
  private final int[] starts; // [characters], in the original text
  private final int[] ends; // [characters], exclusive

  private NormalisedText(String text, int[] starts, int[] ends) {
    this.text = text;
    this.starts = starts;
    this.ends = ends;
  }

  static NormalisedText of(String original) {
    Draft draft = new Draft(original.length());
    draft.decompose(original);
    draft.lowerCase();
    draft.deletePunctuation();
    draft.blankArticles();
    draft.collapse();
    return draft.finish();
  }

  /** The words, separated by single spaces. */
  String text() {
    return text;
  }

  /** What the range of normalised characters covers in the original. */
  Span original(int start, int end) {
    return new Span(starts[start], ends[end - 1]);
  }

  private static boolean isPunctuation(char c) {
    return (c >= '!' && c <= '/')
        || (c >= ':' && c <= '@')
        || (c >= '[' && c <= '`')
        || (c >= '{' && c <= '~');
  }

  /** What Python's {@code str.split()} splits at. */
  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }

  /** Python's {@code \w}; the underscore is punctuation and gone before this is asked. */
  private static boolean isWordCharacter(int codePoint) {
    return Character.isLetterOrDigit(codePoint)
        || Character.getType(codePoint) == Character.LETTER_NUMBER
        || Character.getType(codePoint) == Character.OTHER_NUMBER;
  }

  private static boolean isMark(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK ->
          true;
      default -> false;
    };
  }

  /** Characters with their origins, changed in place by each step. */
  private static final class Draft {
    private char[] chars;
    private int[] starts;
    private int[] ends;
    private int length;

    Draft(int capacity) {
      chars = new char[capacity];
      starts = new int[capacity];
      ends = new int[capacity];
    }

    /**
     * NFD, piece by piece: a character with the marks behind it decomposes and is reordered by
     * itself, as all that a decomposition can move are marks. The origin of each result is the
     * whole piece.
     */
    void decompose(String original) {
      int start = 0;
      while (start < original.length()) {
        int end = pieceEnd(original, start);
        if (end - start == 1 && original.charAt(start) < 0x80) {
          append(original.charAt(start), start, end);
        } else {
          String piece = Normalizer.normalize(original.substring(start, end), Normalizer.Form.NFD);
          for (int i = 0; i < piece.length(); i++) {
            append(piece.charAt(i), start, end);
          }
        }
        start = end;
      }
    }

    private static int pieceEnd(String text, int start) {
      int end = start + Character.charCount(text.codePointAt(start));
      while (end < text.length() && text.charAt(end) >= 0x80 && isMark(text.codePointAt(end))) {
        end += Character.charCount(text.codePointAt(end));
      }
      return end;
    }

    /**
     * After NFD, lower case has as many characters as before. Equals Python's but for a capital
     * sigma beside letters without case, where the two disagree about the end of a word.
     */
    void lowerCase() {
      chars = new String(chars, 0, length).toLowerCase(Locale.ROOT).toCharArray();
    }

    void deletePunctuation() {
      int kept = 0;
      for (int i = 0; i < length; i++) {
        if (!isPunctuation(chars[i])) {
          move(i, kept++);
        }
      }
      length = kept;
    }

    /**
     * What Python's {@code \b(a|an|the)\b} matches. Java's expressions cannot say it: they take a
     * mark for a part of a word, and look behind by UTF-16 code units.
     */
    void blankArticles() {
      int wordStart = 0;
      int i = 0;
      while (i < length) {
        int c = Character.codePointAt(chars, i, length);
        int next = i + Character.charCount(c);
        if (!isWordCharacter(c)) {
          blankArticle(wordStart, i);
          wordStart = next;
        }
        i = next;
      }
      blankArticle(wordStart, length);
    }

    private void blankArticle(int start, int end) {
      boolean article =
          switch (end - start) {
            case 1 -> chars[start] == 'a';
            case 2 -> chars[start] == 'a' && chars[start + 1] == 'n';
            case 3 -> chars[start] == 't' && chars[start + 1] == 'h' && chars[start + 2] == 'e';
            default -> false;
          };
      if (article) {
        Arrays.fill(chars, start, end, ' ');
      }
    }

    void collapse() {
      int kept = 0;
      for (int i = 0; i < length; i++) {
        if (!isSpace(chars[i])) {
          move(i, kept++);
        } else if (kept > 0 && chars[kept - 1] != ' ') {
          move(i, kept);
          chars[kept++] = ' ';
        }
      }
      length = kept > 0 && chars[kept - 1] == ' ' ? kept - 1 : kept;
    }

    NormalisedText finish() {
      return new NormalisedText(
          new String(chars, 0, length), Arrays.copyOf(starts, length), Arrays.copyOf(ends, length));
    }

    private void append(char c, int start, int end) {
      if (length == chars.length) {
        int capacity = 2 * length + 16;
        chars = Arrays.copyOf(chars, capacity);
        starts = Arrays.copyOf(starts, capacity);
        ends = Arrays.copyOf(ends, capacity);
      }
      chars[length] = c;
      starts[length] = start;
      ends[length++] = end;
    }

    private void move(int from, int to) {
      chars[to] = chars[from];
      starts[to] = starts[from];
      ends[to] = ends[from];
    }
  }
}
