package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.qa.Evaluation;
import org.realm4j.qa.FineTuning;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.Question;
import org.realm4j.qa.QuestionSet;
import org.realm4j.qa.Ranking;

class QaReportTest {
  private static final int QUESTIONS = 8;

  /** The first so many of eight questions are answered right. */
  private static QaExperiment.Row row(int right) {
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < QUESTIONS; i++) {
      Question question = new Question("who was " + i, List.of("Ada"), false, "p" + i, null);
      int rank = i < right ? 1 : 0;
      outcomes.add(
          Evaluation.judge(question, i < right ? "Ada" : "Bob", 1, new Ranking(20, rank, rank, 5)));
    }
    return new QaExperiment.Row(outcomes, right, 2, 4);
  }

  private static QaReport report() {
    QaExperiment.Rows rows = new QaExperiment.Rows(row(6), row(3), row(1));
    QuestionSet test =
        new QuestionSet("test", rows.realm().outcomes().stream().map(Outcome::question).toList());
    FineTuning settings = FineTuning.steps(10).batch(4);
    return new QaReport(new QaExperiment.Plan(test, test, settings, settings), rows, 99);
  }

  @Test
  void everyRowHasItsKeyAndIsSubtractedFromTheFirst() {
    JsonObject json = Json.parseObject(Json.format(report().json()), "figures");
    Map<String, Integer> right = Map.of("qa", 6, "qaBm25", 3, "qaWithoutPretraining", 1);
    right.forEach(
        (row, count) -> {
          JsonObject figures = json.object(row);
          for (String measure : List.of("em", "f1", "recall1", "recall20", "oracle")) {
            assertEquals(count / 8.0, figures.number(measure), 1e-12, row + " " + measure);
          }
          assertEquals((long) count, figures.integer("withoutMatch"));
          List<?> interval = figures.object("intervals").list("em");
          assertTrue((double) interval.getFirst() < count / 8.0, interval::toString);
          assertTrue((double) interval.getLast() > count / 8.0, interval::toString);
        });
    assertEquals(3 / 8.0, json.object("qaMinusBm25").number("em"), 1e-12);
    assertEquals(5 / 8.0, json.object("qaMinusWithoutPretraining").number("recall5"), 1e-12);
    assertEquals(99, json.number("qaSeconds"));
  }

  @Test
  void countsStandBesidePercentages() {
    StringWriter text = new StringWriter();
    report().print(new PrintWriter(text));
    List<String> lines = text.toString().lines().toList();
    String match = lines.stream().filter(l -> l.startsWith("exact match")).findFirst().orElse("");
    assertTrue(match.matches("exact match +75.0 % +6 .* 37.5 % +3 .* 12.5 % +1 .*"), match);
    assertTrue(
        lines.contains("  5 questions right only with REALM, 0 only with the other"),
        text::toString);
    assertTrue(text.toString().contains("exact match              +37.5"), text::toString);
    assertTrue(text.toString().contains("6 of 40 questions had no answer"), text::toString);
    assertTrue(text.toString().contains("500 ms an answer"), text::toString);
    assertTrue(text.toString().contains("who was 0  Ada (1.00)"), text::toString);
  }
}
