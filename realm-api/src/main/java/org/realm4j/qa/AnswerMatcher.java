package org.realm4j.qa;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.PatternSyntaxException;
import org.realm4j.text.Span;

/**
 * Distant supervision (section 2.1 of the paper): a passage counts as evidence when one of the
 * question's answers stands in its text. Many passages are labelled by {@link OccurrenceIndex}.
 *
 * <p>Answers that are regular expressions are searched with the flags of the released evaluation,
 * whatever the mode. An answer that is empty, or that normalises to nothing ("the"), never matches.
 * Thread-safe.
 */
public final class AnswerMatcher {
  /** What counts as an occurrence. */
  public enum Mode {
    /** The normalised answer, see {@link Evaluation#normalise}, as whole words. */
    NORMALISED,

    /** The answer's characters as they are, case and all: the released code. "us" is in "bus". */
    RAW
  }

  private final Mode mode;
  private final LongAdder gaveUp = new LongAdder();

  public AnswerMatcher(Mode mode) {
    this.mode = mode;
  }

  public Mode mode() {
    return mode;
  }

  /** How many matches of regular expressions back-tracked too long so far; they count as none. */
  public long gaveUp() {
    return gaveUp.sum();
  }

  /** Whether an answer stands in the text. */
  public boolean matches(Question question, String text) {
    return !spans(question, text).isEmpty();
  }

  /**
   * Where answers stand in the text: every occurrence of each, overlapping ones too, each range
   * once, ascending by start, then end. A range lies in the text as it is given, in UTF-16 code
   * units, in either mode; it begins and ends with a character that counts for the match.
   */
  public List<Span> spans(Question question, String text) {
    Set<Span> spans = new LinkedHashSet<>();
    if (question.regex()) {
      patternSpans(question, text, spans);
    } else if (mode == Mode.RAW) {
      for (String answer : question.answers()) {
        occurrences(answer, text).forEach(at -> spans.add(new Span(at, at + answer.length())));
      }
    } else {
      NormalisedText normalised = NormalisedText.of(text);
      String padded = padded(normalised);
      for (String answer : question.answers()) {
        NormalisedText key = NormalisedText.of(answer);
        int length = key.text().length();
        for (int at : length == 0 ? List.<Integer>of() : occurrences(padded(key), padded)) {
          spans.add(normalised.original(at, at + length));
        }
      }
    }
    return spans.stream()
        .sorted(Comparator.comparingInt(Span::start).thenComparingInt(Span::end))
        .toList();
  }

  private void patternSpans(Question question, String text, Set<Span> spans) {
    List<Span> found = new ArrayList<>();
    for (AnswerPattern pattern : patterns(question)) {
      count(pattern.findAll(text, found));
    }
    spans.addAll(found);
  }

  /** Whether one of the patterns, as {@link #patterns} gives them, stands in the text. */
  boolean matches(List<AnswerPattern> patterns, String text) {
    for (AnswerPattern pattern : patterns) {
      if (count(pattern.find(text))) {
        return true;
      }
    }
    return false;
  }

  /** The answers that are regular expressions; one that does not compile never matches. */
  static List<AnswerPattern> patterns(Question question) {
    List<AnswerPattern> patterns = new ArrayList<>();
    for (String answer : question.answers()) {
      try {
        patterns.add(AnswerPattern.compile(answer));
      } catch (PatternSyntaxException e) {
        // The reader of the file has told about it, see QuestionSet.read.
      }
    }
    return patterns;
  }

  /** What is searched for in {@link #haystack}: empty if the answer never matches. */
  String needle(String answer) {
    if (mode == Mode.RAW) {
      return answer;
    }
    NormalisedText normalised = NormalisedText.of(answer);
    return normalised.text().isEmpty() ? "" : padded(normalised);
  }

  /** The text in which a {@link #needle} occurs if and only if the answer does. */
  String haystack(String text) {
    return mode == Mode.RAW ? text : padded(NormalisedText.of(text));
  }

  /** Words end at spaces alone, so a space on either side makes a match one of whole words. */
  private static String padded(NormalisedText normalised) {
    return " " + normalised.text() + " ";
  }

  private static List<Integer> occurrences(String needle, String text) {
    List<Integer> places = new ArrayList<>();
    if (!needle.isEmpty()) {
      for (int at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
        places.add(at);
      }
    }
    return places;
  }

  private boolean count(AnswerPattern.Outcome outcome) {
    if (outcome == AnswerPattern.Outcome.GAVE_UP) {
      gaveUp.increment();
    }
    return outcome == AnswerPattern.Outcome.MATCH;
  }
}
