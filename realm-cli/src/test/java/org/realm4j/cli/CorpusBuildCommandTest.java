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
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;

class CorpusBuildCommandTest {
  @TempDir Path folder;
  private Path model;
  private Path output;

  @BeforeEach
  void makeModel() throws IOException {
    model = TinyFiles.bert(folder.resolve("model"));
    output = folder.resolve("corpus");
  }

  @Test
  void allFormatsGiveTheSamePassages() throws IOException {
    Path lines = write("p.jsonl", TinyFiles.passage("Bonn", "Bonn is a city."));
    Path dpr = write("p.tsv", "id\ttext\ttitle", "1\tBonn is a city.\tBonn");
    Path text = write("Bonn.txt", "Bonn is", "a city.");
    for (List<Object> source :
        List.<List<Object>>of(
            List.of("--jsonl", lines), List.of("--dpr", dpr), List.of("--text", text))) {
      build(source.get(0), source.get(1)).succeeded();
      try (PassageStore store = PassageStore.open(output)) {
        assertEquals(1, store.size());
        assertEquals("Bonn", store.passage(0).title());
        assertEquals("Bonn is a city.", store.passage(0).text());
      }
    }
  }

  @Test
  void figuresAreDocumented() throws IOException {
    Path lines = TinyFiles.jsonLines(folder.resolve("p.jsonl"), TinyFiles.passages());
    Path json = folder.resolve("figures.json");
    Ran ran = build("--jsonl", lines, "--json", json).succeeded();
    assertTrue(ran.out().contains("20 passages"), ran::toString);
    JsonObject figures = Json.parseObject(json);
    assertEquals(20, figures.integer("passages"));
    try (PassageStore store = PassageStore.open(output)) {
      assertEquals(store.wordpieces(), figures.integer("wordpieces"));
      assertEquals(store.fingerprint(), figures.string("fingerprint"));
    }
    String help = Ran.realm("corpus", "build", "--help").out();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
  }

  @Test
  void aShortLimitSplitsPassages() throws IOException {
    Path lines = write("p.jsonl", TinyFiles.passage("", "the city ".repeat(50)));
    build("--jsonl", lines, "--limit", 20).succeeded();
    try (PassageStore store = PassageStore.open(output)) {
      assertTrue(store.size() > 4, store::describe);
    }
    build("--jsonl", lines, "--limit", 2).failedWith("passage limit", "found 2");
    build("--jsonl", lines, "--limit", 0).wasWrongUse("--limit");
  }

  @Test
  void badCorporaLeaveTheEarlierOne() throws IOException {
    TinyFiles.corpus(output, model);
    String before;
    try (PassageStore store = PassageStore.open(output)) {
      before = store.fingerprint();
    }
    build("--jsonl", write("empty.jsonl")).failedWith("empty.jsonl", "at least one passage");
    build("--jsonl", write("a.jsonl", "{\"title\": \"\"}")).failedWith("a.jsonl, line 1", "text");
    build("--jsonl", write("b.jsonl", TinyFiles.passage("Bonn", "  ")))
        .failedWith("passage '1'", "at least one wordpiece", "found none");
    String twice = "{\"id\": 7, \"title\": \"\", \"text\": \"Bonn\"}";
    build("--jsonl", write("c.jsonl", twice, twice)).failedWith("c.jsonl", "7");
    build("--dpr", write("d.tsv", "a\tb")).failedWith("d.tsv, line 1", "header");
    build("--text", Files.createDirectories(folder.resolve("none"))).failedWith("*.txt");
    build("--jsonl", folder.resolve("missing")).failedWith("missing: there is no such file");
    try (PassageStore store = PassageStore.open(output)) {
      assertEquals(before, store.fingerprint());
      store.check();
    }
  }

  @Test
  void exactlyOneSourceIsWanted() throws IOException {
    Path lines = write("p.jsonl", TinyFiles.passage("", "Bonn"));
    build().wasWrongUse("--jsonl");
    build("--jsonl", lines, "--text", lines).wasWrongUse("--text");
    build("--wordnet", "half").wasWrongUse("[instances, all]");
    Ran.realm("corpus").wasWrongUse("build");
  }

  private Ran build(Object... more) {
    Object[] args = new Object[6 + more.length];
    List<Object> first = List.of("corpus", "build", "--model", model, "--output", output);
    System.arraycopy(first.toArray(), 0, args, 0, 6);
    System.arraycopy(more, 0, args, 6, more.length);
    return Ran.realm(args);
  }

  private Path write(String name, String... lines) throws IOException {
    return Files.write(folder.resolve(name), List.of(lines));
  }
}
