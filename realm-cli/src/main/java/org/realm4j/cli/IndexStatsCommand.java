package org.realm4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.retrieval.IndexReader;
import org.realm4j.retrieval.PassageIndex;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code realm index stats}. */
@Command(
    name = "stats",
    description = "Tells what is in an index, without reading it.",
    footer = {
      "",
      "JSON keys: index, generation, passages, removed (that still take up room), dimension, kind,"
          + " options, model, limit, bytes (on disk), segments (what the index says of itself).",
      "",
      "Example: realm index stats --index index"
    })
final class IndexStatsCommand implements Runnable {
  @Mixin private IndexOption index;
  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    try (PassageIndex opened = index.open(1);
        IndexReader reader = opened.reader()) {
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("index", index.dir().toString());
      figures.put("generation", reader.id());
      figures.put("passages", reader.size());
      figures.put("removed", reader.removed());
      figures.put("dimension", reader.dimension());
      figures.put("kind", opened.settings().kind());
      figures.put("options", opened.settings().options());
      figures.put("model", opened.settings().model());
      figures.put("limit", opened.settings().limit());
      figures.put("bytes", bytes(index.dir()));
      figures.forEach((name, value) -> out.printf("%-12s %s%n", name, text(value)));
      reader.describe().forEach(line -> out.println("  " + line));
      figures.put("segments", reader.describe());
      json.write(figures);
    }
  }

  private static String text(Object value) {
    return value instanceof Number number ? "%,d".formatted(number.longValue()) : value.toString();
  }

  private static long bytes(Path dir) {
    Path generation = PublishedFolder.at(dir).current().orElseThrow();
    try (Stream<Path> files = Files.walk(generation)) {
      return files.filter(Files::isRegularFile).mapToLong(path -> path.toFile().length()).sum();
    } catch (IOException e) {
      throw new RealmException(generation + ": cannot be listed: " + e, e);
    }
  }
}
