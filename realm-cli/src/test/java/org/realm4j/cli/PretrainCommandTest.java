package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.PublishedFolder;
import org.realm4j.nn.RealmModel;

class PretrainCommandTest {
  @TempDir Path folder;
  private Path model;
  private Path corpus;

  @BeforeEach
  void makeModelAndCorpus() throws IOException {
    model = TinyFiles.bert(folder.resolve("bert"));
    corpus = TinyFiles.corpus(folder.resolve("corpus"), model);
  }

  @Test
  void threeStepsGiveAModelAndFigures() {
    Path run = folder.resolve("run");
    Path json = folder.resolve("figures.json");
    Ran ran = pretrain(run, 3, "--json", json).succeeded();
    assertTrue(ran.out().contains("p(null)"), ran::toString);
    assertTrue(ran.out().contains("the model after 3 steps"), ran::toString);
    assertTrue(ran.err().contains("step 3/3"), ran::toString);
    JsonObject figures = Json.parseObject(json);
    assertEquals(3, figures.list("loss").size());
    assertEquals(1, figures.integer("refreshes"));
    assertTrue(figures.bool("finished"));
    String help = Ran.realm("pretrain", "--help").out();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
    Ran.realm("check", run, run.resolve("model"), run.resolve("checkpoint")).succeeded();
    Path trained = run.resolve("model");
    Path index = folder.resolve("index");
    Ran.realm("index", "build", "--model", trained, "--corpus", corpus, "--output", index)
        .succeeded();
    Ran.realm("index", "search", "--index", index, "--model", trained, "Rome").succeeded();
  }

  @Test
  void aResumedRunEqualsAnUnbrokenOne() throws IOException {
    Path whole = folder.resolve("whole");
    Path broken = folder.resolve("broken");
    pretrain(whole, 4, "--warm-up-steps", 2, "--cloze-steps", 2, "--cloze-batch", 4).succeeded();
    Ran stopped =
        pretrain(
            broken,
            4,
            "--warm-up-steps",
            2,
            "--cloze-steps",
            2,
            "--cloze-batch",
            4,
            "--stop-after",
            3);
    assertTrue(stopped.succeeded().out().contains("stopped after step 3 of 4"), stopped::toString);
    assertFalse(Files.exists(broken.resolve("model")));
    pretrain(broken, 4, "--resume").succeeded();
    for (String part : List.of("retriever", "encoder")) {
      Path file = Path.of("model", part, "model.safetensors");
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(broken.resolve(file)), part);
    }
  }

  @Test
  void theIndexIsOfTheKindAskedFor() throws IOException {
    Path exact = folder.resolve("exact");
    Path int8 = folder.resolve("int8");
    Path other = folder.resolve("other");
    pretrain(exact, 3).succeeded();
    Ran ran = pretrain(int8, 3, "--index", "int8").succeeded();
    assertTrue(
        ran.err().contains("index int8: all rows are compared, by their int8"), ran::toString);
    Path file = Path.of("model", "retriever", "model.safetensors");
    assertArrayEquals(
        Files.readAllBytes(exact.resolve(file)), Files.readAllBytes(int8.resolve(file)));
    pretrain(other, 3, "--index", "hnsw").failedWith("index 'hnsw' is not there; found: ", "int8");
    assertFalse(Files.exists(other));
  }

  @Test
  void aRealmGoesOn() throws IOException {
    Path first = folder.resolve("first");
    pretrain(first, 1).succeeded();
    Path second = folder.resolve("second");
    // BERT's schedule begins with a rate of 0.
    run(first.resolve("model"), second, 1, "--constant-rate").succeeded();
    assertFalse(
        Files.mismatch(
                first.resolve("model/encoder/model.safetensors"),
                second.resolve("model/encoder/model.safetensors"))
            < 0,
        "nothing was learnt");
  }

  @Test
  void aRunIsNotOverwritten() throws IOException {
    Path run = folder.resolve("run");
    pretrain(run, 1).succeeded();
    byte[] before = Files.readAllBytes(run.resolve("model/encoder/model.safetensors"));
    pretrain(run, 1).failedWith("run: holds a run already", "--resume");
    pretrain(run, 1, "--seed", 9, "--resume")
        .failedWith("made with other settings: seed was 1 and is 9");
    pretrain(run, 1, "--index", "ivf", "--resume").failedWith("index was the default and is ivf");
    pretrain(folder.resolve("none"), 1, "--resume").failedWith("there is no checkpoint");
    assertArrayEquals(before, Files.readAllBytes(run.resolve("model/encoder/model.safetensors")));
    pretrain(run, 1, "--resume").succeeded();
    assertArrayEquals(before, Files.readAllBytes(run.resolve("model/encoder/model.safetensors")));
  }

  @Test
  void recomputationMayBeSwitchedOnForTheRest() throws IOException {
    Path whole = folder.resolve("whole");
    pretrain(whole, 4).succeeded();
    Path broken = folder.resolve("broken");
    pretrain(broken, 4, "--stop-after", 2).succeeded();
    assertTrue(state(broken).contains("\"recompute\":false"), state(broken));
    pretrain(broken, 4, "--resume", "--recompute").succeeded();
    assertTrue(state(broken).contains("\"recompute\":true"), state(broken));
    Path file = Path.of("model", "encoder", "model.safetensors");
    assertArrayEquals(
        Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(broken.resolve(file)));
  }

  private static String state(Path run) throws IOException {
    Path dir = PublishedFolder.at(run.resolve("checkpoint")).current().orElseThrow();
    return Files.readString(dir.resolve("state.json")).replaceAll("\\s", "");
  }

  @Test
  void vectorsHaveTheSizeAskedFor() {
    Path run = folder.resolve("run");
    pretrain(run, 1, "--projection", 16).succeeded();
    assertEquals(16, RealmModel.open(run.resolve("model")).config().embedder().projection());
    Path other = folder.resolve("other");
    pretrain(other, 1, "--projection", 1000)
        .failedWith("projection: expected 1 to the hidden size 32, found 1000");
    run(run.resolve("model"), other, 1, "--projection", 16)
        .failedWith("--projection: expected a model that starts from a BERT", "is a REALM");
    assertFalse(Files.exists(other));
  }

  @Test
  void theWarmUpTellsWhatReadingIsWorthAndMayEndByIt() {
    Ran whole =
        pretrain(folder.resolve("run"), 1, "--warm-up-steps", 2, "--warm-up-until", 1000)
            .succeeded();
    String told = "encoder warm-up: after %d steps log p(span) is ";
    assertTrue(whole.err().contains(told.formatted(0)), whole::toString);
    assertTrue(whole.err().contains(told.formatted(2)), whole::toString);
    pretrain(folder.resolve("none"), 1, "--warm-up-until", 3)
        .wasWrongUse("--warm-up-until: expected --warm-up-steps");
  }

  @Test
  void everyKindOfMaskingAndMarginalRuns() {
    for (String masking : List.of("salient-span", "random-tokens", "random-span")) {
      for (String marginal : List.of("per-sequence", "per-token")) {
        Path run = folder.resolve(masking + marginal);
        pretrain(run, 1, "--masking", masking, "--marginal", marginal).succeeded();
      }
    }
  }

  @Test
  void aCorpusOfFewerPassagesThanCandidatesIsRefused() {
    Path run = folder.resolve("run");
    pretrain(run, 1, "--candidates", 21).failedWith("expected at least 21 passages", "found 20");
    assertFalse(Files.exists(run));
  }

  @Test
  void shortAndLongPassagesAreNoObstacle() throws IOException {
    List<String> lines = new ArrayList<>(TinyFiles.passages());
    lines.add(TinyFiles.passage("", "Rome"));
    lines.add(TinyFiles.passage("Rome", "In Rome, " + "the old city and ".repeat(100) + "Italy."));
    build(lines);
    pretrain(folder.resolve("run"), 8, "--batch", 3).succeeded();
  }

  @Test
  void aCorpusWithNothingToMaskIsRefused() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      lines.add(TinyFiles.passage("", "the old city"));
    }
    build(lines);
    pretrain(folder.resolve("run"), 1).failedWith("something to mask", "found none");
  }

  @Test
  void aDamagedCheckpointIsRefused() throws IOException {
    Path run = folder.resolve("run");
    pretrain(run, 2, "--stop-after", 1).succeeded();
    Path generation = run.resolve("checkpoint/generation-1");
    TinyFiles.cut(generation.resolve("moments.safetensors"), 8);
    pretrain(run, 2, "--resume").failedWith("moments.safetensors", "expected", "found");
    Ran check = Ran.realm("check", run);
    check.failedWith("1 of 1");
    assertTrue(check.out().contains("moments.safetensors"), check::toString);
  }

  @Test
  void nanInTheStartIsRefused() {
    TinyFiles.poke(model.resolve("model.safetensors"), "embeddings.LayerNorm.bias", 2, Float.NaN);
    pretrain(folder.resolve("run"), 1)
        .failedWith("embeddings.LayerNorm.bias", "expected finite values", "NaN at [2]");
  }

  @Test
  void wrongUseIsTold() {
    Path run = folder.resolve("run");
    pretrain(run, -1).wasWrongUse("--steps", "at least 0");
    pretrain(run, 1, "--learning-rate", "fast").wasWrongUse("--learning-rate", "above 0");
    pretrain(run, 1, "--learning-rate", "NaN").wasWrongUse("--learning-rate", "above 0");
    pretrain(run, 1, "--masking", "all").wasWrongUse("random-span");
    pretrain(run, 1, "--dropout", "1.5").failedWith("dropout in [0, 1)", "found 1.5");
  }

  private void build(List<String> lines) throws IOException {
    Path file = TinyFiles.jsonLines(folder.resolve("lines.jsonl"), lines);
    Ran.realm("corpus", "build", "--model", model, "--jsonl", file, "--output", corpus).succeeded();
  }

  private Ran pretrain(Path output, int steps, Object... more) {
    return run(model, output, steps, more);
  }

  private Ran run(Path start, Path output, int steps, Object... more) {
    List<Object> args =
        new ArrayList<>(
            List.of("pretrain", "--model", start, "--corpus", corpus, "--output", output));
    args.addAll(List.of("--steps", steps, "--refresh-every", 1, "--threads", 1));
    if (!List.of(more).contains("--batch")) {
      args.addAll(List.of("--batch", 2));
    }
    if (!List.of(more).contains("--candidates")) {
      args.addAll(List.of("--candidates", 4));
    }
    args.addAll(List.of(more));
    return Ran.realm(args.toArray());
  }
}
