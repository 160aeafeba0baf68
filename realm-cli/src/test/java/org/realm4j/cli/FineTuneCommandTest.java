package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.PublishedFolder;

class FineTuneCommandTest {
  private static final List<String> WEIGHTS =
      List.of(
          "reader/model.safetensors",
          "model/query_retriever/model.safetensors",
          "model/retriever/model.safetensors",
          "index.safetensors");

  @TempDir Path folder;
  private Path model;
  private Path corpus;
  private Path questions;

  @BeforeEach
  void makeModelCorpusAndQuestions() throws IOException {
    model = TinyFiles.realm(folder.resolve("realm"));
    corpus = TinyFiles.corpus(folder.resolve("corpus"), model);
    questions = TinyFiles.questions(folder.resolve("questions.jsonl"));
  }

  @Test
  void fiveStepsGiveAFolderAndFigures() {
    Path json = folder.resolve("figures.json");
    Path output = folder.resolve("mine");
    Ran ran =
        fineTune(output, "--epochs", 1, "--batch", 2, "--read", 1, "--json", json).succeeded();
    assertTrue(ran.out().contains("the model after 5 steps"), ran::toString);
    assertTrue(ran.out().contains("10 questions seen; no passage"), ran::toString);
    assertTrue(ran.err().contains("step 5/5"), ran::toString);
    JsonObject figures = Json.parseObject(json);
    assertTrue(figures.bool("finished"));
    assertEquals(5, figures.list("reader_loss").size());
    assertEquals(10, figures.integer("questions_seen"));
    assertEquals(0, figures.integer("not_retrieved"), "all 20 passages are retrieved");
    assertTrue(figures.integer("not_read") > 0, "one passage alone holds every answer");
    String help = Ran.realm("finetune", "--help").out();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
    Ran check = Ran.realm("check", output).succeeded();
    assertTrue(check.out().contains("20 passages, index of step 0 and a reader"), check::toString);
    assertFalse(Files.exists(folder.resolve("mine.work")), "a finished run leaves nothing else");
  }

  @Test
  void aResumedRunEqualsAnUnbrokenOne() throws IOException {
    Path whole = folder.resolve("whole");
    Path broken = folder.resolve("broken");
    fineTune(whole, "--steps", 6).succeeded();
    Ran stopped = fineTune(broken, "--steps", 6, "--stop-after", 2).succeeded();
    assertTrue(stopped.out().contains("stopped after step 2 of 6"), stopped::toString);
    assertFalse(Files.exists(broken));
    Ran check = Ran.realm("check", folder.resolve("broken.work")).succeeded();
    assertTrue(check.out().contains("fine-tuning run"), check::toString);
    fineTune(broken, "--steps", 6, "--stop-after", 3, "--resume").succeeded();
    Path json = folder.resolve("figures.json");
    Ran last = fineTune(broken, "--steps", 6, "--resume", "--json", json).succeeded();
    assertEquals(5, Json.parseObject(json).integer("first_step"));
    assertFalse(last.err().contains("embed the corpus"), "the start was kept");
    assertEqualWeights(whole, broken);
  }

  /** As if it was killed before the first checkpoint. */
  @Test
  void aRunWithoutACheckpointBeginsAgain() throws IOException {
    Path whole = folder.resolve("whole");
    Path broken = folder.resolve("broken");
    fineTune(whole, "--steps", 3).succeeded();
    fineTune(broken, "--steps", 3, "--stop-after", 1).succeeded();
    Artifacts.deleteTree(folder.resolve("broken.work/checkpoint"));
    fineTune(broken, "--steps", 3, "--resume").succeeded();
    assertEqualWeights(whole, broken);
  }

  @Test
  void whatWasFineTunedIsTrainedFurtherWithoutACorpus() throws IOException {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    fineTune(first, "--steps", 2).succeeded();
    List<Object> again = List.of("finetune", "--model", first, "--questions", questions);
    Ran.realm(again, List.of("--output", second, "--steps", 2, "--constant-rate")).succeeded();
    assertArrayEquals(
        bytes(first, WEIGHTS.get(2)), bytes(second, WEIGHTS.get(2)), "passages' tower");
    assertFalse(
        Arrays.equals(bytes(first, WEIGHTS.get(0)), bytes(second, WEIGHTS.get(0))),
        "the reader learnt nothing");
    Ran.realm(again, List.of("--output", folder.resolve("third"), "--corpus", corpus))
        .wasWrongUse("--corpus", "has its corpus inside");
  }

  @Test
  void theOutputOfPretrainIsAStart() {
    Path run = folder.resolve("run");
    Ran.realm(
            List.of("pretrain", "--model", model, "--corpus", corpus, "--output", run),
            List.of("--steps", 1, "--batch", 2, "--candidates", 4, "--threads", 1))
        .succeeded();
    Path output = folder.resolve("mine");
    Ran.realm(
            List.of("finetune", "--model", run, "--corpus", corpus, "--questions", questions),
            List.of("--output", output, "--steps", 1))
        .succeeded();
    Ran.realm("ask", output, "the capital of Peru?").succeeded();
  }

  @Test
  void questionsWithoutAMatchAreCountedAndTeachNothing() throws IOException {
    TinyFiles.jsonLines(questions, List.of("{\"question\":\"where?\",\"answer\":\"Atlantis\"}"));
    Path json = folder.resolve("figures.json");
    Path output = folder.resolve("mine");
    Ran ran = fineTune(output, "--steps", 2, "--batch", 1, "--json", json).succeeded();
    assertTrue(ran.err().contains("nothing was learnt"), ran::toString);
    assertEquals(2, Json.parseObject(json).integer("not_retrieved"));
    assertEquals(2, Json.parseObject(json).integer("not_read"));
  }

  @Test
  void aRunIsNotOverwritten() throws IOException {
    Path output = folder.resolve("mine");
    fineTune(output, "--steps", 2, "--stop-after", 1).succeeded();
    fineTune(output, "--steps", 2).failedWith("mine.work: holds a run already", "--resume");
    fineTune(output, "--steps", 2, "--resume", "--seed", 9)
        .failedWith("another run", "seed was 1 and is 9");
    fineTune(output, "--steps", 2, "--resume").succeeded();
    fineTune(output, "--steps", 2).failedWith("mine: expected a new folder");
    fineTune(output, "--steps", 2, "--resume").failedWith("mine is finished already");
    fineTune(folder.resolve("none"), "--resume").failedWith("expected a run that was stopped");
    Path file = Files.writeString(folder.resolve("file"), "mine");
    fineTune(file, "--steps", 2).failedWith("file: expected a new folder");
  }

  @Test
  void wrongQuestionsAreNamedByFileLineAndField() throws IOException {
    String good = "{\"question\":\"where?\",\"answer\":\"Rome\"}";
    TinyFiles.jsonLines(questions, List.of(good, "{\"question\":\"where?\",\"answr\":\"Rome\"}"));
    fineTune(folder.resolve("mine")).failedWith("questions.jsonl", "line 2", "answer");
    TinyFiles.jsonLines(questions, List.of(good, "{\"question\":7,\"answer\":\"Rome\"}"));
    fineTune(folder.resolve("mine")).failedWith("questions.jsonl", "line 2", "question", "7");
    Files.writeString(questions, "no questions at all");
    fineTune(folder.resolve("mine")).failedWith("questions.jsonl: expected JSON lines");
    fineTune(folder.resolve("mine"), "--format", "xml").wasWrongUse("--format", "web-questions");
    assertFalse(Files.exists(folder.resolve("mine.work")));
  }

  @Test
  void aPatternThatDoesNotCompileIsToldAndNeverMatches() throws IOException {
    Files.writeString(questions, "1\tfactoid\twhere?\tRome(\n2\tfactoid\twhere?\tR.me\n");
    Path json = folder.resolve("figures.json");
    Ran ran =
        fineTune(folder.resolve("mine"), "--epochs", 1, "--batch", 2, "--json", json).succeeded();
    assertTrue(ran.err().contains("warning: ") && ran.err().contains("line 1"), ran::toString);
    assertEquals(1, Json.parseObject(json).integer("not_retrieved"));
  }

  @Test
  void wrongUseIsTold() throws IOException {
    Path output = folder.resolve("mine");
    fineTune(output, "--steps", 1, "--epochs", 1).wasWrongUse("--steps", "--epochs");
    fineTune(output, "--batch", 0).wasWrongUse("--batch", "at least 1");
    fineTune(output, "--read", 9, "--retrieved", 5).failedWith("passages read", "5 and 9");
    fineTune(output, "--supervision", "luck").wasWrongUse("gold-passage");
    Ran.realm("finetune", "--model", model, "--questions", questions, "--output", output)
        .wasWrongUse("--corpus DIR is missing");
    Path bert = TinyFiles.bert(folder.resolve("bert"));
    Ran.realm(
            List.of("finetune", "--model", bert, "--corpus", corpus),
            List.of("--questions", questions, "--output", output))
        .failedWith("expected a REALM model", "a plain BERT");
    assertFalse(Files.exists(output));
  }

  private void assertEqualWeights(Path expected, Path found) throws IOException {
    for (String name : WEIGHTS) {
      assertArrayEquals(bytes(expected, name), bytes(found, name), name);
    }
  }

  private static byte[] bytes(Path output, String name) throws IOException {
    return Files.readAllBytes(PublishedFolder.at(output).current().orElseThrow().resolve(name));
  }

  private Ran fineTune(Path output, Object... more) {
    List<Object> args = new ArrayList<>(List.of("finetune", "--model", model, "--corpus", corpus));
    args.addAll(List.of("--questions", questions, "--output", output, "--threads", 1));
    args.addAll(List.of(more));
    return Ran.realm(args.toArray());
  }
}
