package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
  void whatWasBuiltIsSearchedAndAllKindsFindTheSame() {
    Ran built = build("--kind", "exact").succeeded();
    assertTrue(built.out().contains("20 vectors of dimension 32, exact"), built::toString);
    Ran exact = search("Bonn is a city", "--top", 4).succeeded();
    assertEquals(4, exact.out().lines().count(), exact::toString);
    build().succeeded();
    assertEquals(exact.out(), search("Bonn is a city", "--top", 4).out());
    Ran ivf = build("--kind", "ivf", "--option", "lists=3", "--option", "probes=3").succeeded();
    assertTrue(ivf.out().contains("3 lists, 3 probed; recall@8 1.000"), ivf::toString);
    assertEquals(exact.out(), search("Bonn is a city", "--top", 4).out());
  }

  @Test
  void passagesAreAddedReplacedAndRemoved() throws IOException {
    build().succeeded();
    Path lines = folder.resolve("more.jsonl");
    TinyFiles.jsonLines(lines, List.of(passage("bonn-2", "Bonn is a city on the Rhine.")));
    Ran added = change("add", "--model", model, "--jsonl", lines).succeeded();
    assertTrue(added.out().contains("1 passages added, 21 in all"), added::toString);
    assertTrue(search("Bonn", "--top", 100).out().contains("bonn-2"));
    change("add", "--model", model, "--jsonl", lines)
        .failedWith("passage 'bonn-2': expected a new id", "replace it");
    TinyFiles.jsonLines(lines, List.of(passage("bonn-2", "A town, rather.")));
    change("add", "--model", model, "--jsonl", lines, "--replace").succeeded();
    Ran found = search("Bonn", "--top", 100).succeeded();
    assertTrue(found.out().contains("A town, rather."), found::toString);
    assertEquals(21, found.out().lines().count());
    Ran removed = change("remove", "bonn-2").succeeded();
    assertTrue(removed.out().contains("20 passages left"), removed::toString);
    change("remove", "bonn-2").failedWith("passage 'bonn-2': expected one of the index");
    change("check").succeeded();
    Ran stats = change("stats").succeeded();
    assertTrue(stats.out().matches("(?s).*passages +20\n.*kind +int8\n.*"), stats::toString);
  }

  @Test
  void figuresAreDocumented() throws IOException {
    Path lines = folder.resolve("more.jsonl");
    TinyFiles.jsonLines(lines, List.of(passage("new", "Bonn is a city.")));
    figures("build", build("--json", json()));
    JsonObject search = figures("search", search("Rome", "--top", 100, "--json", json()));
    figures("add", change("add", "--model", model, "--jsonl", lines, "--json", json()));
    figures("remove", change("remove", "new", "--json", json()));
    figures("stats", change("stats", "--json", json()));
    assertEquals(20, search.list("hits").size());
    JsonObject best = JsonObject.of(search.list("hits").getFirst(), "hits");
    JsonObject worst = JsonObject.of(search.list("hits").getLast(), "hits");
    assertTrue(best.number("score") >= worst.number("score"));
    String help = Ran.realm("index", "search", "--help").out();
    best.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
  }

  private Path json() {
    return folder.resolve("figures.json");
  }

  private JsonObject figures(String command, Ran ran) {
    ran.succeeded();
    JsonObject figures = Json.parseObject(json());
    String help = Ran.realm("index", command, "--help").out();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), command + ": " + key));
    return figures;
  }

  @Test
  void anIndexOfAnotherModelIsRefused() {
    build().succeeded();
    TinyFiles.poke(model.resolve("retriever/model.safetensors"), "cls.dense.weight", 3, 0.5f);
    search("Rome").failedWith("index: made with another model", "expected fingerprint", "found");
  }

  @Test
  void aDamagedIndexIsRefused() throws IOException {
    build().succeeded();
    Path vectors =
        PublishedFolder.at(index).current().orElseThrow().resolve("segment-1/vectors.data");
    byte[] whole = Files.readAllBytes(vectors);
    byte[] damaged = whole.clone();
    damaged[100] ^= 4;
    Files.write(vectors, damaged);
    change("check").failedWith("vectors.data: expected", "checksum");
    Files.write(vectors, whole);
    change("check").succeeded();
    TinyFiles.cut(vectors, 4);
    search("Rome").failedWith("vectors.data", "expected", "found");
    index = folder.resolve("none");
    search("Rome").failedWith("expected an index, found none");
  }

  @Test
  void aLongQueryIsCutWithAWarning() {
    build().succeeded();
    Ran ran = search("city ".repeat(200)).succeeded();
    assertTrue(ran.err().contains("at most 94 wordpieces, found 200"), ran::toString);
    assertEquals(search("city ".repeat(94)).out(), ran.out());
  }

  @Test
  void aVocabularyThatDoesNotFitIsRefused() throws IOException {
    Path other = TinyFiles.bert(folder.resolve("other"));
    Files.writeString(
        other.resolve("vocab.txt"), "extra\n", java.nio.file.StandardOpenOption.APPEND);
    TinyFiles.corpus(corpus, other);
    build().failedWith("corpus: expected the 51 wordpieces", "found 52");
  }

  @Test
  void wrongUseIsTold() throws IOException {
    Ran.realm("index").wasWrongUse("which command?");
    build("--kind", "fast").failedWith("index 'fast' is not there");
    build("--option", "lists=3").failedWith("index 'int8' has no options");
    Path bert = TinyFiles.bert(folder.resolve("bert"));
    Ran.realm("index", "build", "--model", bert, "--corpus", corpus, "--output", index)
        .failedWith("bert: expected a REALM model", "found a plain BERT");
    Ran.realm("index", "build", "--model", model, "--corpus", bert, "--output", index)
        .failedWith("bert: expected a passage store, found none");
  }

  private static String passage(String id, String text) {
    return Json.format(Map.of("id", id, "title", "Bonn", "text", text));
  }

  private Ran build(Object... more) {
    return ran(
        List.of("index", "build", "--model", model, "--corpus", corpus, "--output", index), more);
  }

  private Ran search(String text, Object... more) {
    return ran(List.of("index", "search", "--index", index, "--model", model, text), more);
  }

  private Ran change(String command, Object... more) {
    return ran(List.of("index", command, "--index", index), more);
  }

  private static Ran ran(List<Object> first, Object... more) {
    List<Object> args = new ArrayList<>(first);
    args.addAll(List.of(more));
    return Ran.realm(args.toArray());
  }
}
