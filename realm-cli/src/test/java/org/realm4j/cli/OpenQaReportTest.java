package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.Json;
import org.realm4j.io.Lines;
import org.realm4j.qa.EvaluationReport;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.Question;
import org.realm4j.qa.Ranking;

/** Tables of outcomes that can be counted by hand. */
class OpenQaReportTest {
  private static final String COMMAND =
      "realm experiment open-qa --data /home/me/tiny --output=../run --rows bm25,realm";

  @TempDir Path folder;
  private Path run;

  @BeforeEach
  void record() {
    run = folder.resolve("run");
    try (ExperimentFolder stages = experiment(run, 20)) {
      evaluate(stages, "bm25", 1, "1100", new int[] {1, 6, 0, 20});
      evaluate(stages, "realm", 1, "1011", new int[] {1, 5, 4, 0});
      evaluate(stages, "realm", 2, "0000", new int[] {0, 0, 0, 0});
    }
  }

  private static ExperimentFolder experiment(Path run, int passages) {
    ExperimentFolder stages = new ExperimentFolder(run, new PrintWriter(new StringWriter()));
    stages.stage(
        "corpus",
        Map.of("passages", passages),
        result -> figures("data", "tiny", "passages", passages));
    return stages;
  }

  /**
   * @param right a digit for each question, 1 if it was answered right
   * @param goldRanks of each question
   */
  private static void evaluate(
      ExperimentFolder stages, String row, int seed, String right, int[] goldRanks) {
    stages.stage(
        "evaluated-" + row + "-s" + seed,
        Map.of("seed", seed),
        result -> {
          List<Outcome> outcomes = new ArrayList<>();
          List<String> lines = new ArrayList<>();
          for (int q = 0; q < goldRanks.length; q++) {
            boolean yes = right.charAt(q) == '1';
            Outcome outcome =
                new Outcome(
                    new Question("question " + q, List.of("Rome"), false, "p" + q, null),
                    yes ? "Rome" : "Oslo",
                    0.5,
                    yes ? Outcome.Verdict.RIGHT : Outcome.Verdict.WRONG,
                    yes ? 1 : 0,
                    new Ranking(20, 1, goldRanks[q], 5));
            outcomes.add(outcome);
            lines.add(Json.format(new OpenQaOutcome(outcome, 1, 0.25).toLine()));
          }
          Lines.write(result.resolve("outcomes.jsonl"), lines);
          Map<String, @Nullable Object> figures =
              new LinkedHashMap<>(EvaluationReport.of(outcomes, 1).toMap());
          figures.putAll(figures("row", row, "set", "", "trained_on", 8000, "command", COMMAND));
          return figures;
        });
  }

  private static Map<String, @Nullable Object> figures(Object... keysAndValues) {
    Map<String, @Nullable Object> figures = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      figures.put(String.valueOf(keysAndValues[i]), keysAndValues[i + 1]);
    }
    return figures;
  }

  @Test
  void sharesHaveCountsAndIntervals() {
    List<String> rows = rows("| after REALM pre-training | 8,000 | 1 |");
    assertTrue(rows.get(0).contains("| 75.0 (25.0 to 100.0), 3 of 4 |"), rows::toString);
    String gold = "| 25.0 (0.0 to 75.0), 1 of 4 | 75.0 (25.0 to 100.0), 3 of 4 | 75.0";
    assertTrue(rows.get(1).contains(gold), rows::toString);
  }

  @Test
  void differencesArePairedAndOnceForEachPair() {
    List<String> rows = rows("| bm25, 8,000 questions, seed 1 | realm, 8,000 questions, seed 1 |");
    assertEquals(1, rows.size(), rows::toString);
    String[] cells = rows.getFirst().split("\\|", -1);
    // Right only in the first: question 1; only in the second: questions 2 and 3.
    assertEquals(" 1, 2 ", cells[4]);
    assertTrue(cells[3].startsWith(" +25.0 ("), rows::toString);
    // The gold passage is among five for question 0, and for 0, 1 and 2.
    assertTrue(cells[6].startsWith(" +50.0 ("), rows::toString);
    assertEquals(
        1, rows("| realm, 8,000 questions, seed 1 | realm, 8,000 questions, seed 2 |").size());
    assertEquals(1, rows(COMMAND).size(), "a command once");
  }

  @Test
  void whatIsExportedHasTheSameTablesAndNoText() throws IOException {
    Path copy = folder.resolve("results").resolve("tiny");
    Ran.realm("experiment", "export", run, copy).succeeded();
    String shortened =
        report(run).replace(COMMAND, COMMAND.replace("/home/me/tiny", "tiny").replace("../", ""));
    assertEquals(shortened, report(copy));
    try (Stream<Path> files = Files.list(copy)) {
      for (Path file : files.toList()) {
        String text = Files.readString(file);
        for (String word : List.of("question 1", "Rome", "Oslo", "p1", "/home", "..")) {
          assertFalse(text.contains(word), () -> file + " contains " + word + ": " + text);
        }
      }
    }
  }

  @Test
  void rowsOfTwoRunsArePaired() {
    Path other = folder.resolve("other");
    try (ExperimentFolder stages = experiment(other, 20)) {
      evaluate(stages, "ict", 1, "1000", new int[] {1, 5, 4, 0});
      evaluate(stages, "realm", 2, "0110", new int[] {0, 0, 0, 0});
    }
    Path copy = folder.resolve("copy");
    Ran.realm("experiment", "export", run, copy).succeeded();
    Ran.realm("experiment", "export", other, copy).succeeded();
    List<String> lines = report(copy).lines().toList();
    String pair = "| bm25, 8,000 questions, seed 1 | ict, 8,000 questions, seed 1 | -25.0 (";
    assertEquals(1, lines.stream().filter(l -> l.startsWith(pair)).count(), lines::toString);
    String replaced = "| after REALM pre-training | 8,000 | 2 | 50.0 (";
    assertEquals(1, lines.stream().filter(l -> l.startsWith(replaced)).count(), lines::toString);
  }

  @Test
  void resultsOfAnotherCorpusAreNotMixed() {
    Path other = folder.resolve("other");
    experiment(other, 30).close();
    Path copy = folder.resolve("copy");
    Ran.realm("experiment", "export", run, copy).succeeded();
    String before = report(copy);
    Ran.realm("experiment", "export", other, copy)
        .failedWith(copy + ": corpus was made with other settings: passages was 20 and is 30");
    assertEquals(before, report(copy));
  }

  @Test
  void aRecordWithoutItsScoresIsAnError() throws IOException {
    Path copy = folder.resolve("copy");
    Ran.realm("experiment", "export", run, copy).succeeded();
    Files.delete(copy.resolve("evaluated-realm-s1.jsonl"));
    Ran.realm("experiment", "report", copy)
        .failedWith(
            copy.resolve("evaluated-realm-s1")
                + ": expected the outcomes of an evaluation, or evaluated-realm-s1.jsonl, found"
                + " neither");
    Path empty = folder.resolve("empty");
    Ran.realm("experiment", "export", empty, copy)
        .failedWith(empty + ": expected the records of an experiment, found none");
  }

  private List<String> rows(String start) {
    return report(run).lines().filter(line -> line.startsWith(start)).toList();
  }

  private static String report(Path of) {
    String report = Ran.realm("experiment", "report", of).succeeded().out();
    assertTrue(report.startsWith("## tiny (20 passages)"), report);
    return report;
  }
}
