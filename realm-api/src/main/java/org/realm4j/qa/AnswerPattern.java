package org.realm4j.qa;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.realm4j.text.Span;

/**
 * An answer that is a regular expression, with the flags of the released evaluation (Python's
 * IGNORECASE, UNICODE and MULTILINE).
 *
 * <p>An expression may back-track for longer than anybody waits, so a match may read only {@link
 * #MOST_READS} characters. Characters are counted and not seconds, so that the verdict does not
 * depend on the machine; at the limit, some 0.1 s have passed. Immutable, thread-safe.
 */
final class AnswerPattern {
  /** A thousand times what a plain search of a long passage reads. */
  static final long MOST_READS = 10_000_000;

  private static final int FLAGS =
      Pattern.CASE_INSENSITIVE
          | Pattern.UNICODE_CASE
          | Pattern.MULTILINE
          | Pattern.UNICODE_CHARACTER_CLASS;

  /** What came of a match. */
  enum Outcome {
    MATCH,
    NO_MATCH,
    GAVE_UP
  }

  private final Pattern pattern;

  private AnswerPattern(Pattern pattern) {
    this.pattern = pattern;
  }

  /**
   * @throws PatternSyntaxException if it is no regular expression
   */
  static AnswerPattern compile(String regex) {
    return new AnswerPattern(Pattern.compile(regex, FLAGS));
  }

  /** Whether the text begins with a match, as Python's {@code re.match} asks. */
  Outcome lookingAt(String text) {
    return bounded(() -> matcher(text).lookingAt());
  }

  /** Whether a match that is not empty stands anywhere in the text. */
  Outcome find(String text) {
    return bounded(() -> findNonEmpty(matcher(text)));
  }

  /** Adds all matches that are not empty, from left to right, up to where it gives up. */
  Outcome findAll(String text, List<Span> spans) {
    return bounded(
        () -> {
          Matcher matcher = matcher(text);
          boolean found = false;
          while (findNonEmpty(matcher)) {
            spans.add(new Span(matcher.start(), matcher.end()));
            found = true;
          }
          return found;
        });
  }

  private Matcher matcher(String text) {
    return pattern.matcher(new BoundedReads(text));
  }

  private static boolean findNonEmpty(Matcher matcher) {
    while (matcher.find()) {
      if (matcher.end() > matcher.start()) {
        return true;
      }
    }
    return false;
  }

  @FunctionalInterface
  private interface Question {
    boolean ask();
  }

  private static Outcome bounded(Question match) {
    try {
      return match.ask() ? Outcome.MATCH : Outcome.NO_MATCH;
    } catch (TooManyReads | StackOverflowError e) {
      // Java's matcher recurses once for each repetition of a group, which long texts can exhaust.
      return Outcome.GAVE_UP;
    }
  }

  private static final class TooManyReads extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooManyReads() {
      super(null, null, false, false);
    }
  }

  /** A text that can be read only so often. */
  private static final class BoundedReads implements CharSequence {
    private final String text;
    private long reads;

    BoundedReads(String text) {
      this.text = text;
    }

    @Override
    public char charAt(int index) {
      if (++reads > MOST_READS) {
        throw new TooManyReads();
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.substring(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
