package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.JsonObject;
import org.realm4j.io.PublishedFolder;
import org.realm4j.retrieval.RealmFolder;

class OpenQaCommandTest {
  private static final List<String> ROWS = List.of("bm25", "minilm", "ict", "realm");

  @TempDir Path folder;
  private Path bert;
  private Path data;

  @BeforeEach
  void makeModelAndQuestions() throws IOException {
    bert = TinyFiles.bert(folder.resolve("bert"));
    data = TinyQuestions.folder(folder.resolve("tiny"));
  }

  private Object[] args(Path output, Object... more) {
    List<Object> args =
        new ArrayList<>(List.of("experiment", "open-qa", "--data", data, "--output", output));
    args.addAll(List.of("--model", bert, "--batch", 2));
    args.addAll(List.of("--warm-up-steps", 2, "--steps", 4, "--checkpoint-every", 2));
    args.addAll(List.of("--cloze-batch", 4, "--threads", 1));
    if (!List.of(more).contains("--train-questions")) {
      args.addAll(List.of("--train-questions", "all"));
    }
    if (!List.of(more).contains("--cloze-steps")) {
      args.addAll(List.of("--cloze-steps", 2));
    }
    args.addAll(List.of(more));
    return args.toArray();
  }

  private Ran run(Path output, Object... more) {
    return Ran.realm(args(output, more));
  }

  @Test
  void everyStageLeavesARecordAndSharedOnesRunOnce() throws IOException {
    Path output = folder.resolve("run");
    run(output).succeeded();
    List<String> stages =
        ExperimentFolder.records(output).stream().map(r -> r.string("stage")).toList();
    List<String> expected = new ArrayList<>(List.of("corpus", "minilm-s1"));
    expected.addAll(List.of("ict-s1", "index-ict-s1", "index-minilm-s1"));
    expected.addAll(List.of("warm-up-s1", "realm-s1", "index-realm-s1"));
    for (String row : ROWS) {
      if (!row.equals("bm25")) {
        expected.add("retrieved-" + row + "-dev-s1");
      }
      expected.add("fine-tuned-" + row + "-all-s1");
      expected.add("evaluated-" + row + "-all-dev-s1");
    }
    assertEquals(expected.stream().sorted().toList(), stages.stream().sorted().toList());
    for (JsonObject record : ExperimentFolder.records(output)) {
      assertTrue(record.has("seconds"), record::toString);
      if (record.string("stage").startsWith("evaluated")) {
        agrees(record, outcomes(output, record.string("stage")));
      }
    }
    // All twenty passages are retrieved.
    JsonObject before = record(output, "retrieved-minilm-dev-s1").object("measures");
    assertEquals(10, before.object("gold passage in top 20").number("sum"));
    assertFalse(before.has("answer in the passages read"), "nothing was read");
    JsonObject warmUp = record(output, "warm-up-s1");
    assertEquals(2, warmUp.integer("steps"));
    assertEquals(2, warmUp.list("utility").size(), "before the first step, after the last");
    assertFalse(Files.exists(output.resolve("unfinished/fine-tuned-bm25-all-s1")));
    String log = Files.readString(output.resolve("log.txt"));
    assertTrue(log.contains("fine-tuned-ict-all-s1: step 5 of 5"), log);
  }

  @Test
  void whatTheRetrieverAndTheEncoderStartFromCanBeChosen() {
    Path output = folder.resolve("run");
    List<Object> chosen = List.of("--rows", "realm", "--warm-up-until", 1000, "--projection", 16);
    run(output, chosen.toArray()).succeeded();
    JsonObject warmUp = record(output, "warm-up-s1");
    assertEquals(2, warmUp.integer("steps"));
    assertEquals(1000, warmUp.object("settings").number("warm_up_until"));
    assertEquals(16, record(output, "minilm-s1").object("settings").integer("projection"));
    run(output, "--rows", "realm", "--projection", 16)
        .failedWith("made with other settings: warm_up_until");
  }

  private static JsonObject record(Path output, String stage) {
    return ExperimentFolder.records(output).stream()
        .filter(r -> r.string("stage").equals(stage))
        .findFirst()
        .orElseThrow();
  }

  /** The record's counts are those of the questions, counted here. */
  private static void agrees(JsonObject record, List<JsonObject> outcomes) {
    assertEquals(10, outcomes.size());
    JsonObject measures = record.object("measures");
    long right = outcomes.stream().filter(o -> o.string("verdict").equals("right")).count();
    assertEquals((double) right, measures.object("exact match").number("sum"));
    for (int k : new int[] {1, 5, 20}) {
      long gold =
          outcomes.stream()
              .mapToLong(o -> o.integer("gold_rank"))
              .filter(rank -> rank >= 1 && rank <= k)
              .count();
      if (measures.has("gold passage in top " + k)) { // BM25 finds fewer in so small a corpus
        assertEquals((double) gold, measures.object("gold passage in top " + k).number("sum"));
      }
    }
    assertTrue(measures.has("gold passage in top 1"), measures::toString);
  }

  private static List<JsonObject> outcomes(Path output, String stage) {
    Path result = PublishedFolder.at(output.resolve(stage)).current().orElseThrow();
    return JsonLog.read(result.resolve("outcomes.jsonl"));
  }

  @Test
  void stoppedAnywhereItGoesOnToTheSameRecords() throws IOException {
    Path whole = folder.resolve("whole");
    run(whole).succeeded();
    Path broken = folder.resolve("broken");
    String[] lastWords = {
      "corpus: done",
      "minilm-s1: done",
      "fine-tuned-bm25-all-s1: step 1 ",
      "evaluated-bm25-all-dev-s1: begun",
      "index-minilm-s1: done",
      "fine-tuned-minilm-all-s1: step 3 ",
      "evaluated-minilm-all-dev-s1: 10 questions",
      "ict-s1: begun",
      "index-ict-s1: done",
      "warm-up-s1: begun",
      "realm-s1: step 1 ",
      "realm-s1: step 3 ",
      "realm-s1: done",
      "fine-tuned-realm-all-s1: step 4 ",
      "evaluated-realm-all-dev-s1: done",
    };
    for (String words : lastWords) {
      StringWriter err = new StringWriter();
      int status =
          Main.run(new PrintWriter(new StringWriter()), Dying.as(err, words), strings(broken));
      assertEquals(1, status, () -> words + ": " + err);
    }
    run(broken).succeeded();
    same(whole, broken);
    // Not begun again from their start:
    String log = Files.readString(broken.resolve("log.txt"));
    for (String stage :
        List.of("realm-s1", "fine-tuned-minilm-all-s1", "fine-tuned-realm-all-s1")) {
      assertTrue(log.contains(stage + ": goes on after step 2"), log);
    }
  }

  private String[] strings(Path output) {
    return Stream.of(args(output)).map(String::valueOf).toArray(String[]::new);
  }

  @Test
  void killedItGoesOnToTheSameRecords() throws Exception {
    Path whole = folder.resolve("whole");
    run(whole).succeeded();
    Path broken = folder.resolve("broken");
    String[] waitedFor = {"fine-tuned-minilm-all-s1: step 1", "realm-s1: step 3"};
    for (String words : waitedFor) {
      kill(broken, words);
    }
    run(broken).succeeded();
    same(whole, broken);
  }

  private void kill(Path output, String words) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-cp"));
    command.add(System.getProperty("java.class.path").replace(";", File.pathSeparator));
    command.add(Main.class.getName());
    command.addAll(List.of(strings(output)));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("said.txt").toFile())
            .start();
    Path log = output.resolve("log.txt");
    while (process.isAlive() && !(Files.exists(log) && Files.readString(log).contains(words))) {
      Thread.sleep(1);
    }
    process.destroyForcibly();
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    // Wherever it was hit, or if it was done already, what follows must hold.
    assertTrue(Files.readString(log).contains(words), Files.readString(folder.resolve("said.txt")));
  }

  private static void same(Path first, Path second) {
    List<Map<String, Object>> expected = withoutTimes(ExperimentFolder.records(first));
    assertEquals(expected, withoutTimes(ExperimentFolder.records(second)));
    for (Map<String, Object> record : expected) {
      String stage = String.valueOf(record.get("stage"));
      if (stage.startsWith("evaluated")) {
        assertEquals(
            withoutTimes(outcomes(first, stage)), withoutTimes(outcomes(second, stage)), stage);
      }
    }
  }

  private static List<Map<String, Object>> withoutTimes(List<JsonObject> objects) {
    List<Map<String, Object>> rest = new ArrayList<>();
    for (JsonObject object : objects) {
      Map<String, Object> fields = new LinkedHashMap<>(object.fields());
      fields.remove("command"); // names the folder
      fields.keySet().removeIf(key -> key.contains("second"));
      rest.add(fields);
    }
    return rest;
  }

  @Test
  void aSecondRunDoesNothing() throws IOException {
    Path output = folder.resolve("run");
    run(output, "--rows", "bm25").succeeded();
    byte[] records = Files.readAllBytes(output.resolve("records.jsonl"));
    Ran again = run(output, "--rows", "bm25").succeeded();
    assertEquals("", again.err());
    assertEquals(-1, Files.mismatch(output.resolve("records.jsonl"), write(records)));
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("before"), bytes);
  }

  @Test
  void everySeedHasStagesOfItsOwn() {
    Path output = folder.resolve("run");
    run(output, "--rows", "minilm").succeeded();
    run(output, "--rows", "minilm", "--seed", 2).succeeded();
    List<JsonObject> first = outcomes(output, "evaluated-minilm-all-dev-s1");
    List<JsonObject> second = outcomes(output, "evaluated-minilm-all-dev-s2");
    assertFalse(
        first.stream()
            .map(o -> o.number("probability"))
            .toList()
            .equals(second.stream().map(o -> o.number("probability")).toList()),
        "the seed changed nothing");
  }

  @Test
  void otherSettingsAreRefused() {
    Path output = folder.resolve("run");
    run(output, "--rows", "ict").succeeded();
    run(output, "--rows", "ict", "--cloze-steps", 3)
        .failedWith("ict-s1: made with other settings", "cloze_steps was 2 and is 3", "--output");
  }

  @Test
  void theBestRowIsLeftReadyToAnswer() {
    Path output = folder.resolve("run");
    Ran ran = run(output, "--best", "minilm").succeeded();
    Path realm = output.resolve("answering-minilm-all-s1");
    assertTrue(ran.out().contains("realm ask " + realm), ran::toString);
    RealmFolder.Parts parts = RealmFolder.open(realm);
    try (var store = parts.store()) {
      assertEquals(20, store.size());
      assertNotNull(parts.reader());
    }
    assertFalse(Files.exists(output.resolve("fine-tuned-bm25-all-s1")));
  }

  @Test
  void aPlanTrainsNothing() {
    Path output = folder.resolve("run");
    Ran ran = run(output, "--plan").succeeded();
    assertTrue(ran.out().contains("tokens/s in training"), ran::toString);
    for (String row : ROWS) {
      assertTrue(ran.out().contains("fine-tuned-" + row + "-all-s1"), ran::toString);
    }
    assertEquals(1, ExperimentFolder.records(output).size());
    run(output, "--rows", "bm25").succeeded();
    Ran later = run(output, "--rows", "bm25", "--plan").succeeded();
    assertTrue(
        later.out().lines().anyMatch(l -> l.startsWith("fine-tuned-bm25") && l.endsWith("done")),
        later::toString);
  }

  @Test
  void severalSetsAreTrainedOnTogetherAndEvaluatedApart() throws IOException {
    for (String part : List.of("train", "dev")) {
      Path only = data.resolve("questions." + part + ".jsonl");
      Files.copy(only, data.resolve("questions.nq." + part + ".jsonl"));
      Files.move(only, data.resolve("questions.squad." + part + ".jsonl"));
    }
    Path output = folder.resolve("run");
    run(output, "--rows", "bm25", "--train-questions", "nq=3,squad=all", "--max-dev", 4)
        .succeeded();
    String stage = "evaluated-bm25-nq-3+squad-all-dev-";
    assertEquals(4, outcomes(output, stage + "nq-of-4-s1").size());
    JsonObject record = ExperimentFolder.records(output).getLast();
    assertEquals(stage + "squad-of-4-s1", record.string("stage"));
    assertEquals(13, record.integer("trained_on"));
    run(output, "--train-questions", "trec=3")
        .failedWith("--train-questions", "nq", "squad", "found 'trec'");
  }

  @Test
  void whatIsMissingIsNamed() throws IOException {
    Path output = folder.resolve("run");
    Files.move(data.resolve("questions.dev.jsonl"), data.resolve("dev.jsonl"));
    run(output).failedWith("tiny: expected questions.dev.jsonl");
    Files.delete(data.resolve("passages.jsonl"));
    run(output).failedWith("tiny: expected passages.jsonl");
    data = folder.resolve("nowhere");
    run(output).failedWith("nowhere: expected a folder");
    assertFalse(Files.exists(output));
  }

  @Test
  void wrongUseIsTold() {
    Path output = folder.resolve("run");
    run(output, "--rows", "bm26").wasWrongUse("--rows", "bm25", "found 'bm26'");
    run(output, "--best", "bm25").wasWrongUse("--best", "found bm25");
    run(output, "--max-dev", 0).wasWrongUse("--max-dev", "at least 1");
    Ran.realm("experiment").wasWrongUse("open-qa, report");
  }

  @Test
  void aReportHasTheCountsOfTheRecords() {
    Path output = folder.resolve("run");
    run(output, "--rows", "bm25,minilm").succeeded();
    String report = Ran.realm("experiment", "report", output).succeeded().out();
    assertTrue(report.startsWith("## tiny (20 passages)"), report);
    for (OpenQaRow row : List.of(OpenQaRow.BM25, OpenQaRow.MINILM)) {
      List<JsonObject> outcomes =
          outcomes(output, "evaluated-" + Choices.word(row) + "-all-dev-s1");
      long right = outcomes.stream().filter(o -> o.string("verdict").equals("right")).count();
      long gold = outcomes.stream().filter(o -> o.integer("gold_rank") == 1).count();
      assertRow(report, row.title(), "%.1f (".formatted(10.0 * right), right + " of 10");
      assertRow(report, row.title(), "%.1f (".formatted(10.0 * gold), gold + " of 10");
    }
    assertRow(
        report, "bm25, 10 questions, seed 1 | minilm, 10 questions, seed 1", difference(output));
    assertTrue(report.contains("realm experiment open-qa --data"), report);
    assertTrue(report.contains("| fine-tuned-bm25-all-s1 |"), report);
    Ran.realm("experiment", "report", folder).failedWith("expected the records", "found none");
  }

  private static String difference(Path output) {
    List<JsonObject> first = outcomes(output, "evaluated-bm25-all-dev-s1");
    List<JsonObject> second = outcomes(output, "evaluated-minilm-all-dev-s1");
    int onlyFirst = 0;
    int onlySecond = 0;
    for (int i = 0; i < first.size(); i++) {
      boolean a = first.get(i).string("verdict").equals("right");
      boolean b = second.get(i).string("verdict").equals("right");
      onlyFirst += a && !b ? 1 : 0;
      onlySecond += b && !a ? 1 : 0;
    }
    return String.format(Locale.ROOT, "| %d, %d |", onlyFirst, onlySecond);
  }

  private static void assertRow(String report, String name, String... parts) {
    assertTrue(
        report
            .lines()
            .anyMatch(l -> l.startsWith("| " + name) && Stream.of(parts).allMatch(l::contains)),
        () -> name + " with " + List.of(parts) + " in " + report);
  }

  @Test
  void theHelpNamesTheKeys() {
    Path output = folder.resolve("run");
    run(output, "--rows", "minilm").succeeded();
    String help = Ran.realm("experiment", "open-qa", "--help").out();
    for (JsonObject record : ExperimentFolder.records(output)) {
      if (record.string("stage").matches("(fine-tuned|evaluated).*")) {
        record.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
      }
    }
  }
}
