package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.nn.RealmModel;

class DemoCommandTest {
  @TempDir Path folder;

  /** The whole length on a tiny model that stands where the imported MiniLM would. */
  private Ran demo(Object... more) throws IOException {
    TinyFiles.bert(folder.resolve("cache/all-minilm-l6-v2"));
    Path lines = TinyFiles.jsonLines(folder.resolve("docs.jsonl"), TinyFiles.passages());
    Object[] args = {
      "demo",
      "--cache",
      folder.resolve("cache"),
      "--jsonl",
      lines,
      "--steps",
      7,
      "--warm-up-steps",
      3,
      "--cloze-steps",
      1,
      "--held-out",
      4,
      "--json",
      folder.resolve("figures.json")
    };
    Object[] all = java.util.Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return Ran.realm(all);
  }

  @Test
  void figuresAreThoseThatItPrintsAndDocuments() throws IOException {
    Ran ran = demo("--output", folder.resolve("model")).succeeded();
    JsonObject figures = Json.parseObject(folder.resolve("figures.json"));
    assertEquals(20, figures.integer("passages"));
    assertEquals(2, figures.integer("refreshes"));
    String help = Ran.realm("demo", "--help").out();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
    for (String part : new String[] {"before", "after", "control"}) {
      JsonObject summary = figures.object(part);
      summary.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
      String printed =
          String.format(java.util.Locale.ROOT, "%.3f", summary.number("spanLogLikelihood"));
      assertTrue(ran.out().contains(printed), () -> part + ": " + printed + " in " + ran);
    }
    assertTrue(ran.out().contains("BM25"), ran::toString);
    assertEquals(
        TinyFiles.vocabulary().size(),
        RealmModel.open(folder.resolve("model")).vocabulary().size());
  }

  @Test
  void theSameSeedGivesTheSameFigures() throws IOException {
    demo().succeeded();
    JsonObject first = Json.parseObject(folder.resolve("figures.json"));
    demo("--threads", 1).succeeded();
    JsonObject second = Json.parseObject(folder.resolve("figures.json"));
    for (String part : new String[] {"before", "after", "control"}) {
      assertEquals(first.object(part).fields(), second.object(part).fields());
    }
  }

  @Test
  void aCorpusThatIsTooSmallIsRefusedInOneLine() throws IOException {
    demo("--max-passages", 5).failedWith("expected", "found");
  }
}
