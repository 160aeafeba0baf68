package org.realm4j.cli;

import java.io.FilterInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Lines;

/** The texts that a command works on: JSON lines of a file or of stdin. */
final class TextLines {
  /** A line; the title is empty where there is none. */
  record Text(String title, String text) {}

  private TextLines() {}

  /**
   * Hands over every text; empty lines are skipped.
   *
   * @param file plain or gzip; stdin if null
   */
  static void forEach(@Nullable Path file, Consumer<Text> consumer) {
    Path name = file == null ? Path.of("stdin") : file;
    try (Lines lines = file == null ? Lines.of(name, stdin()) : Lines.open(file)) {
      while (lines.hasNext()) {
        String line = lines.next();
        if (!line.isBlank()) {
          JsonObject fields = Json.parseObject(line, name + ", line " + lines.lineNumber());
          consumer.accept(new Text(fields.string("title", ""), fields.string("text")));
        }
      }
    }
  }

  /** Stays open: it belongs to the JVM. */
  static InputStream stdin() {
    return new FilterInputStream(System.in) {
      @Override
      public void close() {}
    };
  }
}
