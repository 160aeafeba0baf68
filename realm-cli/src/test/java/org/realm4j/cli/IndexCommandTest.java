package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.PublishedFolder;

class IndexCommandTest {
  @TempDir Path folder;
  private Path model;
  private Path corpus;
  private Path index;

  @BeforeEach
  void makeModelAndCorpus() throws IOException {
    model = TinyFiles.realm(folder.resolve("model"));
    corpus = TinyFiles.corpus(folder.resolve("corpus"), model);
    index = folder.resolve("index");
  }

  @Test
  void aStoredIndexFindsWhatAFreshOneFinds() {
    Ran stored = index("--output", index, "--search", "Bonn is a city", "--top", 4).succeeded();
    Ran again = index("--index", index, "--search", "Bonn is a city", "--top", 4).succeeded();
    Ran fresh = index("--search", "Bonn is a city", "--top", 4).succeeded();
    assertTrue(stored.out().contains("20 vectors of dimension 32"), stored::toString);
    assertEquals(4, again.out().lines().count(), again::toString);
    assertEquals(again.out(), fresh.out());
    assertTrue(stored.out().endsWith(again.out()), stored::toString);
  }

  @Test
  void figuresAreDocumented() {
    Path json = folder.resolve("figures.json");
    index("--search", "Rome", "--top", 100, "--json", json).succeeded();
    JsonObject figures = Json.parseObject(json);
    assertEquals(20, figures.list("hits").size());
    JsonObject best = JsonObject.of(figures.list("hits").getFirst(), "hits");
    JsonObject worst = JsonObject.of(figures.list("hits").getLast(), "hits");
    assertTrue(best.number("score") >= worst.number("score"));
    String help = Ran.realm("index", "--help").out();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
    best.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
  }

  @Test
  void anIndexOfAnotherModelOrCorpusIsRefused() throws IOException {
    index("--output", index).succeeded();
    TinyFiles.poke(model.resolve("retriever/model.safetensors"), "cls.dense.weight", 3, 0.5f);
    index("--index", index, "--search", "Rome")
        .failedWith("index: made with another model", "expected fingerprint", "found");
    Path lines = folder.resolve("other.jsonl");
    TinyFiles.jsonLines(lines, TinyFiles.passages().subList(0, 19));
    Ran.realm("corpus", "build", "--model", model, "--jsonl", lines, "--output", corpus);
    index("--output", index).succeeded();
    TinyFiles.corpus(corpus, model);
    index("--index", index, "--search", "Rome").failedWith("made with another corpus");
  }

  @Test
  void aDamagedIndexIsRefused() throws IOException {
    index("--output", index).succeeded();
    Path vectors = PublishedFolder.at(index).current().orElseThrow().resolve("vectors.npy");
    TinyFiles.cut(vectors, 4);
    index("--index", index, "--search", "Rome").failedWith("vectors.npy", "expected", "found");
    index("--index", folder.resolve("none"), "--search", "Rome").failedWith("expected an index");
  }

  @Test
  void aLongQueryIsCutWithAWarning() {
    Ran ran = index("--search", "city ".repeat(200)).succeeded();
    assertTrue(ran.err().contains("at most 94 wordpieces, found 200"), ran::toString);
    assertEquals(index("--search", "city ".repeat(94)).out(), ran.out());
  }

  @Test
  void aVocabularyThatDoesNotFitIsRefused() throws IOException {
    Path other = TinyFiles.bert(folder.resolve("other"));
    Files.writeString(
        other.resolve("vocab.txt"), "extra\n", java.nio.file.StandardOpenOption.APPEND);
    TinyFiles.corpus(corpus, other);
    index("--search", "Rome").failedWith("corpus: expected the 51 wordpieces", "found 52");
  }

  @Test
  void wrongUseIsTold() throws IOException {
    index().wasWrongUse("nothing to do");
    index("--output", index, "--index", index).wasWrongUse("--index");
    Path bert = TinyFiles.bert(folder.resolve("bert"));
    Ran.realm("index", "--model", bert, "--corpus", corpus, "--search", "Rome")
        .failedWith("bert: expected a REALM model", "found a plain BERT");
    Ran.realm("index", "--model", model, "--corpus", bert, "--search", "Rome")
        .failedWith("bert: expected a passage store, found none");
  }

  private Ran index(Object... more) {
    List<Object> first = List.of("index", "--model", model, "--corpus", corpus, "--threads", 1);
    Object[] args = new Object[first.size() + more.length];
    System.arraycopy(first.toArray(), 0, args, 0, first.size());
    System.arraycopy(more, 0, args, first.size(), more.length);
    return Ran.realm(args);
  }
}
