package org.realm4j.qa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.realm4j.io.Json;
import org.realm4j.io.RealmException;

class EvaluationTest {
  @Provide
  Arbitrary<String> nasty() {
    return QaTexts.nasty(8);
  }

  /** Without what depends on its neighbours: a final sigma, several marks on one letter. */
  @Provide
  Arbitrary<List<String>> words() {
    return Arbitraries.of("x", "Year", "é", "中", "😀", "9", "than", "Ab").list().ofMaxSize(6);
  }

  private static Outcome outcome(Question question, String prediction, double probability) {
    return Evaluation.judge(question, prediction, probability, null);
  }

  @Property
  void exactMatchIsSymmetric(@ForAll("nasty") String a, @ForAll("nasty") String b) {
    assertEquals(
        Evaluation.exactMatch(Question.of("q", a), b),
        Evaluation.exactMatch(Question.of("q", b), a));
    assertTrue(Evaluation.exactMatch(Question.of("q", a), a));
  }

  @Property
  void exactMatchAndF1AreTheBestOverTheReferences(
      @ForAll("nasty") String a, @ForAll("nasty") String b, @ForAll("nasty") String prediction) {
    Question both = Question.of("q", a, b);
    Question first = Question.of("q", a);
    Question second = Question.of("q", b);
    assertEquals(
        Evaluation.exactMatch(first, prediction) || Evaluation.exactMatch(second, prediction),
        Evaluation.exactMatch(both, prediction));
    assertEquals(
        Math.max(Evaluation.f1(first, prediction), Evaluation.f1(second, prediction)),
        Evaluation.f1(both, prediction));
  }

  @Property
  void casePunctuationAndArticlesDoNotMatter(
      @ForAll("words") List<String> words, @ForAll @IntRange(max = 200) int seed) {
    String plain = String.join(" ", words);
    String marks = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    char mark = marks.charAt(seed % marks.length());
    int at = plain.offsetByCodePoints(0, seed % (plain.codePointCount(0, plain.length()) + 1));
    for (String other :
        List.of(
            plain.toUpperCase(Locale.ROOT),
            plain.substring(0, at) + mark + plain.substring(at),
            "The " + String.join("  an ", words) + "\n")) {
      assertEquals(Evaluation.normalise(plain), Evaluation.normalise(other));
      assertTrue(Evaluation.exactMatch(Question.of("q", plain), other), other);
    }
  }

  @Property
  void f1IsOneForAnExactMatchAndSymmetric(@ForAll("nasty") String a, @ForAll("nasty") String b) {
    double f1 = Evaluation.f1(Question.of("q", a), b);
    assertEquals(f1, Evaluation.f1(Question.of("q", b), a));
    assertTrue(f1 >= 0 && f1 <= 1);
    if (Evaluation.exactMatch(Question.of("q", a), b)) {
      assertEquals(1, f1);
    }
  }

  @Test
  void f1CountsWordsAsMultisets() {
    Question question = Question.of("q", "the cat sat", "dog dog bird");
    assertEquals(2 * 0.5 * (1 / 3.0) / (0.5 + 1 / 3.0), Evaluation.f1(question, "dog fish"), 1e-15);
    assertEquals(2 * 1 * (2 / 3.0) / (1 + 2 / 3.0), Evaluation.f1(question, "Dog, dog"), 1e-15);
    assertEquals(2.0 * 2 / (2 + 4), Evaluation.f1(question, "cat cat sat cat"), 1e-15);
    assertEquals(0, Evaluation.f1(question, "the"));
    assertEquals(1, Evaluation.f1(Question.of("q", "a"), "the"));
  }

  @Test
  void patternsAreMatchedAtTheStartOfThePrediction() {
    Question question = Question.ofPatterns("q", "x(", "New York", "1\\.4");
    assertTrue(Evaluation.exactMatch(question, "new york city"));
    assertEquals(1, Evaluation.f1(question, "1.4 bn"));
    assertEquals(Outcome.Verdict.BAD_PATTERN, outcome(question, "in New York", 1).verdict());
    assertEquals(Outcome.Verdict.WRONG, outcome(Question.ofPatterns("q", "b"), "ab", 1).verdict());
  }

  @Test
  void aQuestionWithoutAnswersWantsNone() {
    Question question = Question.of("q");
    assertTrue(Evaluation.exactMatch(question, ""));
    assertEquals(1, Evaluation.f1(question, "the"));
    assertFalse(Evaluation.exactMatch(question, "x"));
    assertEquals(0, Evaluation.f1(question, "x"));
  }

  @Test
  void missingPredictionsAreWrongAndCounted() {
    QuestionSet questions =
        new QuestionSet(
            "s", List.of(Question.of("q", "a1"), Question.of("r", "b"), Question.of("t")));
    List<Outcome> outcomes =
        Evaluation.judge(
            questions,
            new Predictions(Predictions.Key.QUESTION, Map.of("q", "A1", "r", "c", "other", "x")));
    EvaluationReport report = EvaluationReport.of(outcomes, 1);
    assertEquals(
        Map.of(
            Outcome.Verdict.RIGHT, 1,
            Outcome.Verdict.WRONG, 1,
            Outcome.Verdict.MISSING, 1,
            Outcome.Verdict.GAVE_UP, 0,
            Outcome.Verdict.BAD_PATTERN, 0),
        report.verdicts());
    assertEquals(1 / 3.0, report.measure(EvaluationReport.EXACT_MATCH).mean());
    assertEquals(1 / 3.0, report.measure(EvaluationReport.F1).mean());
  }

  @Test
  void predictionsForOtherQuestionsAreRefused() {
    QuestionSet questions = new QuestionSet("dev.jsonl", List.of(Question.of("q", "b")));
    Predictions byId = new Predictions(Predictions.Key.ID, Map.of("q", "b"));
    RealmException e =
        assertThrows(RealmException.Incompatible.class, () -> Evaluation.judge(questions, byId));
    assertTrue(
        e.getMessage().contains("dev.jsonl") && e.getMessage().contains("by ID"), e.getMessage());
  }

  @Property(tries = 100)
  void recallDoesNotFallWithKAndReachesAllThatHoldAnAnswer(
      @ForAll @Size(min = 1, max = 30) List<@IntRange(max = 20) Integer> ranks) {
    List<Outcome> outcomes = new ArrayList<>();
    for (int rank : ranks) {
      Question question = new Question("q", List.of("a"), false, "p", null);
      outcomes.add(
          Evaluation.judge(question, null, Double.NaN, new Ranking(20, rank, rank / 2, 7)));
    }
    EvaluationReport report = EvaluationReport.of(outcomes, 1);
    double before = 0;
    for (int k : List.of(1, 5, 10, 20)) {
      var answer = report.measure(EvaluationReport.answerInTop(k));
      assertTrue(answer.sum() >= before);
      before = answer.sum();
      assertEquals(ranks.stream().filter(r -> r >= 1 && r <= k).count(), (long) answer.sum());
      assertEquals(
          ranks.stream().filter(r -> r / 2 >= 1 && r / 2 <= k).count(),
          (long) report.measure(EvaluationReport.goldInTop(k)).sum());
    }
    assertEquals(ranks.stream().filter(r -> r > 0).count(), (long) before);
    assertEquals(
        ranks.stream().filter(r -> r >= 1 && r <= 7).count(),
        (long) report.measure(EvaluationReport.ORACLE).sum());
    assertThrows(
        RealmException.BadInput.class, () -> report.measure(EvaluationReport.answerInTop(50)));
  }

  @Test
  void aRankingThatEndsEarlyFindsNothingFurther() {
    Question question = Question.of("q", "a");
    List<Outcome> outcomes =
        List.of(
            Evaluation.judge(question, "a", Double.NaN, new Ranking(0, 0, 0, 0)),
            Evaluation.judge(question, "a", Double.NaN, new Ranking(3, 2, 0, 3)),
            Evaluation.judge(question, "a", Double.NaN, new Ranking(20, 17, 0, 5)));
    EvaluationReport report = EvaluationReport.of(outcomes, 1);
    assertEquals(1, report.measure(EvaluationReport.answerInTop(5)).sum());
    assertEquals(2, report.measure(EvaluationReport.answerInTop(20)).sum());
    assertEquals(3, report.measure(EvaluationReport.answerInTop(20)).questions());
    assertEquals(1, report.measure(EvaluationReport.ORACLE).sum());
  }

  @Test
  void goldPassagesAreMeasuredWhereTheyAreNamed() {
    Question named = new Question("q", List.of("a"), false, "p", null);
    List<Outcome> outcomes =
        List.of(
            Evaluation.judge(named, "a", Double.NaN, new Ranking(5, 2, 1, 0)),
            Evaluation.judge(Question.of("r", "a"), "a", Double.NaN, new Ranking(9, 0, 0, 0)),
            Evaluation.judge(named, "a", Double.NaN, null));
    EvaluationReport report = EvaluationReport.of(outcomes, 1);
    assertEquals(1, report.measure(EvaluationReport.goldInTop(5)).questions());
    assertEquals(2, report.measure(EvaluationReport.answerInTop(5)).questions());
    assertEquals(3, report.measure(EvaluationReport.F1).questions());
    assertTrue(report.measures().stream().noneMatch(m -> m.name().equals(EvaluationReport.ORACLE)));
  }

  @Test
  void aRankingIsReadOffTheRetrievedPassages() {
    List<String> texts = List.of("no", "b here", "no", "also b");
    OccurrenceIndex index =
        OccurrenceIndex.of(
            new QuestionSet("s", List.of(Question.of("q", "b"))),
            new AnswerMatcher(AnswerMatcher.Mode.NORMALISED),
            4,
            texts::get);
    assertEquals(new Ranking(3, 2, 3, 1), Ranking.of(index, 0, new int[] {2, 3, 1}, 1, 1));
    assertEquals(new Ranking(1, 0, 0, 0), Ranking.of(index, 0, new int[] {0}, -1, 0));
    assertThrows(RealmException.BadInput.class, () -> new Ranking(3, 4, 0, 0));
    assertThrows(RealmException.BadInput.class, () -> new Ranking(3, 0, 0, 4));
    assertThrows(RealmException.BadInput.class, () -> new Ranking(3, -1, 0, 0));
  }

  @Test
  void calibrationComparesProbabilityWithAccuracy() {
    Question question = Question.of("q", "b");
    List<Outcome> outcomes =
        List.of(
            outcome(question, "b", 0.95),
            outcome(question, "b", 1),
            outcome(question, "c", 0.25),
            outcome(question, "b", 0.21),
            outcome(question, "b", Double.NaN),
            outcome(question, null, 0.5));
    Calibration calibration = Calibration.of(outcomes);
    assertEquals(4, calibration.predictions());
    assertEquals(new Calibration.Bin(0.9, 1, 2, 0.975, 2), calibration.bins().get(9));
    assertEquals(2, calibration.bins().get(2).predictions());
    assertEquals(0.5, calibration.bins().get(2).accuracy());
    assertEquals((2 * 0.025 + 2 * (0.5 - 0.23)) / 4, calibration.expectedError(), 1e-12);
    assertThrows(RealmException.BadInput.class, () -> outcome(question, "b", 1.1));
    assertThrows(RealmException.BadInput.class, () -> outcome(question, "b", -0.1));
  }

  @Test
  void theReportIsATableAndPlainValues() {
    Question question = new Question("q", List.of("b"), false, "p", null);
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      outcomes.add(Evaluation.judge(question, i < 2 ? "b" : "c", 0.5, new Ranking(1, i % 2, 1, 1)));
    }
    EvaluationReport report = EvaluationReport.of(outcomes, 7);
    String table = report.table();
    for (String part :
        List.of(
            "8 questions\n",
            "right                2\n",
            "exact match                    25.00",
            "2 of 8\n",
            "answer in top 1                50.00",
            "gold passage in top 1         100.00  100.00 to 100.00  8 of 8\n",
            "answer in the passages read    50.00",
            "expected calibration error     25.00\n",
            "0.5 to 0.6             8     0.500     0.250\n")) {
      assertTrue(table.contains(part), part + "\nis not in\n" + table);
    }
    assertEquals(report.toMap(), Json.parse(Json.format(report.toMap()), "report"));
    assertThrows(RealmException.BadInput.class, () -> EvaluationReport.of(List.of(), 1));
  }

  @Test
  void twoRunsAreComparedQuestionByQuestion() {
    List<Outcome> first = new ArrayList<>();
    List<Outcome> second = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      Question question = Question.of("q" + i, "b");
      first.add(outcome(question, i % 4 == 0 ? "b" : "c", 1));
      second.add(outcome(question, i % 4 == 0 || i % 10 == 1 ? "b" : "c", 1));
    }
    Evaluation.Comparison comparison = Evaluation.compare(first, second, 3);
    assertEquals(0, comparison.onlyFirst());
    assertEquals(40, comparison.onlySecond());
    assertEquals(0.1, comparison.difference(), 1e-12);
    assertTrue(comparison.interval().low() > 0.06 && comparison.interval().high() < 0.14);
    assertEquals(
        new Evaluation.Comparison(400, 0, 0, new Bootstrap.Interval(0, 0)),
        Evaluation.compare(first, first, 3));
    assertEquals(-0.1, Evaluation.compare(second, first, 3).difference(), 1e-12);

    List<Outcome> shuffled = new ArrayList<>(second);
    shuffled.sort(Comparator.comparing(o -> o.question().text()));
    RealmException e =
        assertThrows(
            RealmException.Incompatible.class, () -> Evaluation.compare(first, shuffled, 3));
    assertTrue(e.getMessage().contains("question 2: expected 'q2'"), e.getMessage());
    assertThrows(
        RealmException.Incompatible.class,
        () -> Evaluation.compare(first, second.subList(0, 3), 3));
  }
}
