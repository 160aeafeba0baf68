package org.realm4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.DiskFault;
import org.realm4j.io.FolderLock;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Lines;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;

/**
 * An experiment that may be stopped at any moment and started again. Each of its stages has a
 * folder of its own, published as a whole with a {@value #RECORD} when the stage is done, and
 * perhaps one for its checkpoints until then:
 *
 * <pre>
 * STAGE/            what a stage left, with its record
 * unfinished/STAGE/ its checkpoints, while it goes on
 * records.jsonl     the records of all finished stages, one a line
 * log.txt           what happened, and when
 * </pre>
 *
 * A stage that is done is not run again; one that was made with other settings is refused. Locked
 * while it is open. Used by one thread.
 */
final class ExperimentFolder implements AutoCloseable {
  static final String RECORDS = "records.jsonl";
  static final String RECORD = "record.json";
  private static final String UNFINISHED = "unfinished";
  private static final String LOG = "log.txt";
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

  private final Path dir;
  private final PrintWriter err;
  private final FolderLock lock;

  /** Does what a stage is for. */
  @FunctionalInterface
  interface Work {
    /**
     * @param result an empty folder for what the stage leaves
     * @return figures for the record; {@code tokens} and {@code seconds} have a meaning: seconds
     *     that are not told are measured
     */
    Map<String, @Nullable Object> into(Path result) throws IOException;
  }

  ExperimentFolder(Path dir, PrintWriter err) {
    this.dir = dir;
    this.err = err;
    try {
      Files.createDirectories(dir);
    } catch (IOException e) {
      throw DiskFault.writing(dir, 0, e);
    }
    lock = FolderLock.acquire(dir);
  }

  /** Where something beside the stages is. */
  Path path(String name) {
    return dir.resolve(name);
  }

  /** Whether a stage has been done. */
  boolean done(String stage) {
    return PublishedFolder.at(dir.resolve(stage)).current().isPresent();
  }

  /** Where a stage keeps what it needs to go on. */
  Path unfinished(String stage) {
    Path folder = dir.resolve(UNFINISHED).resolve(stage);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw DiskFault.writing(folder, 0, e);
    }
    return folder;
  }

  /**
   * Runs a stage, unless it has been done.
   *
   * @param settings all that its result depends on
   * @return what it left
   * @throws RealmException.Incompatible if it was done with other settings
   */
  Path stage(String stage, Map<String, ?> settings, Work work) {
    PublishedFolder folder = PublishedFolder.at(dir.resolve(stage)).keeping(0);
    if (folder.current().isEmpty()) {
      say(stage + ": begun");
      folder.publish(result -> run(stage, settings, work, result));
    }
    Path result = folder.current().orElseThrow();
    JsonObject record = Json.parseObject(result.resolve(RECORD));
    sameSettings(stage, record.object("settings"), settings);
    list(record);
    deleteUnfinished(stage);
    return result;
  }

  private void run(String stage, Map<String, ?> settings, Work work, Path result)
      throws IOException {
    long begun = System.nanoTime();
    Map<String, @Nullable Object> record = new LinkedHashMap<>();
    record.put("stage", stage);
    record.put("settings", settings);
    record.putAll(work.into(result));
    double seconds =
        record.get("seconds") instanceof Double told
            ? Math.round(told * 1e3) * 1e-3
            : Seconds.since(begun);
    record.put("seconds", seconds);
    if (record.get("tokens") instanceof Long tokens && seconds > 0) {
      record.put("tokens_per_second", (double) Math.round(tokens / seconds));
    }
    Json.write(result.resolve(RECORD), record);
    say("%s: done in %.1f seconds".formatted(stage, seconds));
  }

  private void sameSettings(String stage, JsonObject then, Map<String, ?> settings) {
    JsonObject now = Json.parseObject(Json.format(settings), "settings");
    List<String> differences = differences(then, now);
    if (!differences.isEmpty()) {
      throw new RealmException.Incompatible(
          "%s: made with other settings: %s; name another --output"
              .formatted(dir.resolve(stage), String.join(", ", differences)));
    }
  }

  /** In which fields two settings differ, in words. */
  static List<String> differences(JsonObject then, JsonObject now) {
    TreeSet<String> keys = new TreeSet<>(then.fields().keySet());
    keys.addAll(now.fields().keySet());
    List<String> differences = new ArrayList<>();
    for (String key : keys) {
      Object before = then.fields().get(key);
      Object after = now.fields().get(key);
      if (!Objects.equals(before, after)) {
        differences.add(key + " was " + before + " and is " + after);
      }
    }
    return differences;
  }

  /** Adds a record to the list, unless a run that was stopped has done so. */
  private void list(JsonObject record) {
    List<String> lines = new ArrayList<>();
    for (JsonObject other : records(dir)) {
      if (other.string("stage").equals(record.string("stage"))) {
        return;
      }
      lines.add(Json.format(other));
    }
    lines.add(Json.format(record));
    Lines.write(dir.resolve(RECORDS), lines);
  }

  /** The records of the stages that are done; none if there is no experiment in the folder. */
  static List<JsonObject> records(Path dir) {
    Path file = dir.resolve(RECORDS);
    List<JsonObject> records = new ArrayList<>();
    if (Files.exists(file)) {
      Lines.forEach(
          file, (number, line) -> records.add(Json.parseObject(line, file + ", line " + number)));
    }
    return records;
  }

  private void deleteUnfinished(String stage) {
    Path folder = dir.resolve(UNFINISHED).resolve(stage);
    try {
      if (Files.exists(folder)) {
        Artifacts.deleteTree(folder);
      }
    } catch (IOException e) {
      throw DiskFault.writing(folder, 0, e);
    }
  }

  /** Tells that a stage was stopped, and goes on from its checkpoint. */
  void goesOn(String stage, long step) {
    say("%s: goes on after step %,d".formatted(stage, step));
  }

  /** Tells on stderr and in the log. */
  void say(String line) {
    err.println("realm: " + line);
    err.flush();
    try {
      Files.writeString(
          dir.resolve(LOG),
          LocalDateTime.now(ZoneId.systemDefault()).format(TIME) + "  " + line + "\n",
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw DiskFault.writing(dir.resolve(LOG), line.length(), e);
    }
  }

  @Override
  public void close() {
    lock.close();
  }
}
