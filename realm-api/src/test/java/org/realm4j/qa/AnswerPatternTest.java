package org.realm4j.qa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.realm4j.qa.AnswerPattern.Outcome.GAVE_UP;
import static org.realm4j.qa.AnswerPattern.Outcome.MATCH;
import static org.realm4j.qa.AnswerPattern.Outcome.NO_MATCH;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.realm4j.text.Span;

class AnswerPatternTest {
  /** Tries every way to cut the text into six parts, at each place, before it misses the mark. */
  private static final String SLOW = "aa\\?|.*.*.*.*.*.*!";

  private static final String BAIT = "a".repeat(200) + "b";

  @Test
  void isAnchoredAtTheStartOnly() {
    AnswerPattern pattern = AnswerPattern.compile("New\\s?York|Long Island");
    assertEquals(MATCH, pattern.lookingAt("new york city"));
    assertEquals(NO_MATCH, pattern.lookingAt("in New York"));
    assertEquals(MATCH, pattern.find("in New York"));
  }

  @Test
  void theFlagsArePythons() {
    assertEquals(MATCH, AnswerPattern.compile("ÉCOLE\\b").lookingAt("école"));
    assertEquals(MATCH, AnswerPattern.compile("^b$").find("a\nb\nc"));
    assertEquals(MATCH, AnswerPattern.compile("\\w+!").lookingAt("é!"));
    assertEquals(NO_MATCH, AnswerPattern.compile("a.b").lookingAt("a\nb"));
  }

  @Test
  void emptyMatchesDoNotCountInPassages() {
    AnswerPattern pattern = AnswerPattern.compile("x*");
    assertEquals(NO_MATCH, pattern.find("abc"));
    List<Span> spans = new ArrayList<>();
    assertEquals(MATCH, pattern.findAll("axxbx", spans));
    assertEquals(List.of(new Span(1, 3), new Span(4, 5)), spans);
    assertEquals(MATCH, pattern.lookingAt("abc"), "Python's re.match takes an empty one");
  }

  @Test
  void givesUpWhereBackTrackingHasNoEnd() {
    AnswerPattern pattern = AnswerPattern.compile(SLOW);
    assertEquals(GAVE_UP, pattern.lookingAt(BAIT));
    assertEquals(GAVE_UP, pattern.find(BAIT));
    List<Span> spans = new ArrayList<>();
    assertEquals(GAVE_UP, pattern.findAll("aa? " + BAIT, spans));
    assertEquals(List.of(new Span(0, 3)), spans);
    assertEquals(MATCH, pattern.lookingAt("aa?"));
  }

  @Test
  void givesUpWhereTheStackEnds() {
    AnswerPattern pattern = AnswerPattern.compile("(?:a|b)*c");
    assertEquals(GAVE_UP, pattern.lookingAt("ab".repeat(1_000_000)));
  }

  @Test
  void matcherAndEvaluationCountWhatWasGivenUp() {
    Question question = Question.ofPatterns("q", SLOW);
    AnswerMatcher matcher = new AnswerMatcher(AnswerMatcher.Mode.NORMALISED);
    assertFalse(matcher.matches(question, BAIT));
    assertEquals(1, matcher.gaveUp());
    OccurrenceIndex index =
        OccurrenceIndex.of(new QuestionSet("s", List.of(question)), matcher, 1, p -> BAIT);
    assertFalse(index.holds(0, 0));
    assertEquals(2, matcher.gaveUp());
    assertEquals(
        Outcome.Verdict.GAVE_UP, Evaluation.judge(question, BAIT, Double.NaN, null).verdict());
    assertTrue(Evaluation.exactMatch(question, "so!"));
  }
}
