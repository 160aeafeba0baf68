package org.realm4j.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.DiskFault;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Lines;
import org.realm4j.io.RealmException;

/**
 * A file of JSON objects that grows line by line. A process that is killed may leave the last line
 * incomplete; it is dropped when the file is opened again.
 */
final class JsonLog {
  private final Path file;
  private final List<JsonObject> lines = new ArrayList<>();

  private JsonLog(Path file) {
    this.file = file;
  }

  /**
   * Opens a log to go on with it.
   *
   * @param kept what of it is to stay: a run that goes on from a checkpoint does once more what
   *     came after it
   */
  static JsonLog open(Path file, Predicate<JsonObject> kept) {
    JsonLog log = new JsonLog(file);
    List<String> lines = new ArrayList<>();
    for (JsonObject line : complete(file)) {
      if (kept.test(line)) {
        log.lines.add(line);
        lines.add(Json.format(line));
      }
    }
    Lines.write(file, lines);
    return log;
  }

  private static List<JsonObject> complete(Path file) {
    if (!Files.exists(file)) {
      return List.of();
    }
    try {
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      List<JsonObject> objects = new ArrayList<>();
      int from = 0;
      for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        String where = file + ", line " + (objects.size() + 1);
        objects.add(Json.parseObject(text.substring(from, end), where));
        from = end + 1;
      }
      return objects;
    } catch (IOException e) {
      throw DiskFault.reading(file, e);
    }
  }

  /** Reads a log that is complete. */
  static List<JsonObject> read(Path file) {
    if (!Files.exists(file)) {
      throw new RealmException.BadInput(file + ": there is no such file");
    }
    return complete(file);
  }

  void add(Map<String, ? extends @Nullable Object> line) {
    String text = Json.format(line);
    try {
      Files.writeString(file, text + "\n", StandardCharsets.UTF_8, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw DiskFault.writing(file, text.length(), e);
    }
    lines.add(Json.parseObject(text, file.toString()));
  }

  /** All lines, those from before too. */
  List<JsonObject> lines() {
    return lines;
  }
}
