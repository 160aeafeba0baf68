package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;

class EvalCommandTest {
  @TempDir static Path shared;
  private static Path mine;
  private static Path questions;

  @TempDir Path folder;

  @BeforeAll
  static void fineTune() throws IOException {
    mine = TinyFiles.answering(shared.resolve("mine"));
    questions = shared.resolve("questions.jsonl");
  }

  @Test
  void everyMeasureIsToldWithItsCounts() {
    Path json = folder.resolve("figures.json");
    Ran ran = Ran.realm("eval", mine, "--questions", questions, "--json", json).succeeded();
    for (String part :
        List.of(
            "exact match",
            "F1",
            "answer in top 1 ",
            "answer in top 5",
            "answer in top 20",
            "gold passage in top 1 ",
            "gold passage in top 20",
            "answer in the passages read",
            "expected calibration error",
            "seconds a question, median",
            "10 of 10")) {
      assertTrue(ran.out().contains(part), () -> part + " is not in " + ran);
    }
    JsonObject figures = Json.parseObject(json);
    JsonObject run = JsonObject.of(figures.list("runs").getFirst(), "run");
    double exact = run.object("measures").object("exact match").number("sum");
    assertEquals(countedByHand(), exact);
    assertTrue(exact >= 8, "the fixture does not answer what it was trained on: " + exact);
    assertTrue(run.number("seconds_median") <= run.number("seconds_p90"));
    String help = Ran.realm("eval", "--help").out();
    assertTrue(help.contains("95 % "), help);
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
    run.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
  }

  /** How many of the questions 'ask' answers as the file says. */
  private static int countedByHand() {
    List<String> cities =
        List.of(
            "Bonn", "Paris", "Rome", "Cairo", "Oslo", "Lima", "Delhi", "Kyoto", "Quito", "Sofia");
    int right = 0;
    List<String> countries =
        List.of(
            "Germany",
            "France",
            "Italy",
            "Egypt",
            "Norway",
            "Peru",
            "India",
            "Japan",
            "Ecuador",
            "Bulgaria");
    for (int i = 0; i < cities.size(); i++) {
      Ran ran = Ran.realm("ask", mine, "--json", "the capital of " + countries.get(i) + "?");
      right += ran.json().getFirst().string("answer").equals(cities.get(i)) ? 1 : 0;
    }
    return right;
  }

  @Test
  void predictionsThatWereWrittenMeasureTheSame() throws IOException {
    for (String format : List.of("json-lines", "tsv")) {
      Path file = folder.resolve(format);
      Path first = folder.resolve("first.json");
      Path second = folder.resolve("second.json");
      Ran.realm(
              List.of("eval", mine, "--questions", questions, "--json", first),
              List.of("--output", file, "--predictions-format", format))
          .succeeded();
      Ran ran =
          Ran.realm("eval", "--predictions", file, "--questions", questions, "--json", second)
              .succeeded();
      assertFalse(ran.out().contains("seconds a question"), ran::toString);
      assertEquals(exactMatch(first, 0), exactMatch(second, 0));
      JsonObject run = JsonObject.of(Json.parseObject(second).list("runs").getFirst(), "run");
      assertNull(run.fields().get("seconds_median"));
    }
    Ran.realm(
            List.of("eval", mine, "--questions", questions),
            List.of("--output", folder.resolve("x"), "--predictions-format", "squad"))
        .failedWith("by the questions' ids", "questions.jsonl have none");
  }

  @Test
  void answersToSquadAreWrittenByIdAndNoAnswerMayBeRight() throws IOException {
    Path squad = folder.resolve("squad.json");
    Files.writeString(
        squad,
        """
        {"version": "v2.0", "data": [{"title": "a", "paragraphs": [{"context": "Oslo", "qas": [
          {"id": "n", "question": "the capital of Norway?", "is_impossible": false,
           "answers": [{"text": "Oslo", "answer_start": 0}]},
          {"id": "z", "question": "the capital of nowhere?", "is_impossible": true,
           "answers": []}]}]}]}
        """);
    Path file = folder.resolve("answers.json");
    Path json = folder.resolve("figures.json");
    List<Object> eval = List.of("eval", mine, "--questions", squad, "--json", json);
    Ran.realm(eval, List.of("--output", file, "--predictions-format", "squad")).succeeded();
    assertEquals("Oslo", Json.parseObject(file).string("n"));
    assertEquals(1, exactMatch(json, 0));
    Ran.realm(eval, List.of("--output", file, "--predictions-format", "squad", "--threshold", "1"))
        .succeeded();
    assertEquals("", Json.parseObject(file).string("z"));
    assertEquals(1, exactMatch(json, 0), "nothing is found now, and that is right for one");
  }

  @Test
  void bm25AndOtherRunsAreComparedQuestionByQuestion() throws IOException {
    Path other = folder.resolve("other.tsv");
    Files.writeString(other, "the capital of Norway?\tOslo\nthe capital of Peru?\tBonn\n");
    Path json = folder.resolve("figures.json");
    Ran ran =
        Ran.realm(
                List.of("eval", mine, "--questions", questions, "--json", json),
                List.of("--bm25", "--compare", other))
            .succeeded();
    assertTrue(ran.out().contains("BM25 + the same reader:"), ran::toString);
    assertTrue(ran.out().contains("minus BM25 + the same reader: "), ran::toString);
    JsonObject figures = Json.parseObject(json);
    assertEquals(3, figures.list("runs").size());
    assertEquals(1, exactMatch(json, 2));
    JsonObject gain = JsonObject.of(figures.list("gains").get(1), "gain");
    double expected = (exactMatch(json, 0) - 1) / 10;
    assertEquals(expected, gain.number("difference"), 1e-9);
    assertEquals(
        exactMatch(json, 0) - 1,
        gain.number("right_here_alone") - gain.number("right_there_alone"));
    JsonObject recall =
        JsonObject.of(figures.list("runs").get(1), "run").object("measures").object("F1");
    assertEquals(10, recall.integer("questions"));
    Ran folders = Ran.realm("eval", mine, "--questions", questions, "--compare", mine).succeeded();
    assertTrue(folders.out().contains("+0.00 points"), folders::toString);
  }

  @Test
  void bm25MayFindNothing() throws IOException {
    Path chinese = folder.resolve("chinese.tsv");
    Files.writeString(chinese, "挪威的首都是哪里？\tOslo\nthe capital of Peru?\tLima\n");
    Path json = folder.resolve("figures.json");
    Ran.realm("eval", mine, "--questions", chinese, "--bm25", "--json", json).succeeded();
    JsonObject run = JsonObject.of(Json.parseObject(json).list("runs").get(1), "run");
    assertEquals(1, run.object("verdicts").integer("missing"));
    assertEquals(2, run.object("measures").object("answer in top 5").integer("questions"));
  }

  @Test
  void wrongDataIsNamedByFileLineAndField() throws IOException {
    Path bad = folder.resolve("bad.jsonl");
    String good = "{\"question\":\"where?\",\"answer\":\"Rome\"}";
    TinyFiles.jsonLines(bad, List.of(good, "{\"question\":\"who?\",\"answer\":[1]}"));
    Ran.realm("eval", mine, "--questions", bad).failedWith("bad.jsonl", "line 2", "answer");
    Path file = folder.resolve("predictions.jsonl");
    TinyFiles.jsonLines(file, List.of("{\"question\":\"where?\",\"answer\":\"Rome\"}"));
    Ran.realm("eval", "--predictions", file, "--questions", questions)
        .failedWith("predictions.jsonl", "line 1", "prediction");
    TinyFiles.jsonLines(file, List.of("{\"question\":\"else?\",\"prediction\":\"Rome\"}"));
    Ran.realm("eval", "--predictions", file, "--questions", questions)
        .failedWith("questions.jsonl: expected predictions for its 10 questions");
    Ran.realm("eval", mine, "--questions", folder.resolve("none")).failedWith("none");
  }

  @Test
  void wrongUseIsTold() {
    Ran.realm("eval", "--questions", questions).wasWrongUse("either FOLDER or --predictions");
    Ran.realm("eval", mine, "--questions", questions, "--predictions", questions)
        .wasWrongUse("either FOLDER or --predictions");
    Ran.realm("eval", "--questions", questions, "--predictions", questions, "--bm25")
        .wasWrongUse("need a FOLDER");
    Ran.realm("eval", mine).wasWrongUse("--questions");
    Ran.realm("eval", shared.resolve("realm"), "--questions", questions)
        .failedWith("a REALM model alone");
  }

  @Test
  void quantilesAreTimesThatOccurred() {
    double[] seconds = {5, 1, 4, 2, 3, 10, 9, 8, 7, 6};
    EvaluatedRun run = new EvaluatedRun("a", List.of(), seconds);
    assertEquals(5, run.quantile(0.5));
    assertEquals(9, run.quantile(0.9));
    assertEquals(10, run.quantile(1));
    assertEquals(4, new EvaluatedRun("a", List.of(), new double[] {3, 4, 2, 1}).quantile(0.9));
    assertEquals(1, new EvaluatedRun("a", List.of(), new double[] {1}).quantile(0.5));
  }

  /** How many questions the n-th run answers rightly. */
  private static double exactMatch(Path json, int run) {
    return JsonObject.of(Json.parseObject(json).list("runs").get(run), "run")
        .object("measures")
        .object("exact match")
        .number("sum");
  }
}
