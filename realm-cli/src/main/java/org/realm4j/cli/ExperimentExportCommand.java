package org.realm4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.DiskFault;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Lines;
import org.realm4j.io.RealmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code realm experiment export}. */
@Command(
    name = "export",
    description = {
      "Copies what came out of an experiment, without models and without a word of its corpus or its"
          + " questions: small enough to be kept, and free of what may not be passed on.",
      "",
      "DIR gets the records of all finished stages, commands without the folders of this machine,"
          + " and for every evaluated question a line with a hash of its text, whether it was"
          + " answered right, F1, and the ranks of the first passage with an answer and of the gold"
          + " passage (0: not retrieved). 'realm experiment report DIR' makes the same tables of it.",
      "",
      "If DIR has rows already, these join them: rows of the same questions are paired, wherever they"
          + " were run. A stage that is there is replaced, unless it was made with other settings."
    },
    footer = {"", "Example: realm experiment export run results/wiki10k"})
final class ExperimentExportCommand implements Runnable {
  /** The folders before the last name of a path, absolute or not. */
  private static final Pattern FOLDERS = Pattern.compile("[^\\s=]*[/\\\\](?=[^\\s=/\\\\])");

  @Parameters(
      index = "0",
      paramLabel = "RUN",
      description = "The --output of 'realm experiment open-qa'.")
  private Path run;

  @Parameters(index = "1", paramLabel = "DIR", description = "Where the copy goes.")
  private Path dir;

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    List<JsonObject> records = ExperimentFolder.records(run);
    if (records.isEmpty()) {
      throw new RealmException.BadInput(
          "%s: expected the records of an experiment, found none".formatted(run));
    }
    Map<String, Map<String, @Nullable Object>> all = new LinkedHashMap<>();
    ExperimentFolder.records(dir).forEach(r -> all.put(r.string("stage"), r.fields()));
    for (JsonObject record : records) {
      Map<String, @Nullable Object> there = all.get(record.string("stage"));
      if (there != null) {
        sameSettings(record, new JsonObject(there, dir.toString()));
      }
      all.put(record.string("stage"), withoutFolders(record));
    }
    try {
      Files.createDirectories(dir);
    } catch (IOException e) {
      throw DiskFault.writing(dir, 0, e);
    }
    int evaluations = 0;
    for (JsonObject record : records) {
      if (OpenQaScore.has(record)) {
        String stage = record.string("stage");
        OpenQaScore.write(dir, stage, OpenQaScore.read(run, stage));
        evaluations++;
      }
    }
    // last, so that no record is without its scores
    Lines.write(
        dir.resolve(ExperimentFolder.RECORDS), all.values().stream().map(Json::format).toList());
    spec.commandLine()
        .getOut()
        .printf(
            "%d stages, %d of them evaluations; realm experiment report %s%n",
            records.size(), evaluations, dir);
  }

  private void sameSettings(JsonObject record, JsonObject there) {
    List<String> differences =
        ExperimentFolder.differences(there.object("settings"), record.object("settings"));
    if (!differences.isEmpty()) {
      throw new RealmException.Incompatible(
          "%s: %s was made with other settings: %s; name another folder"
              .formatted(dir, record.string("stage"), String.join(", ", differences)));
    }
  }

  private static Map<String, @Nullable Object> withoutFolders(JsonObject record) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>(record.fields());
    if (record.has("command")) {
      fields.put("command", FOLDERS.matcher(record.string("command")).replaceAll(""));
    }
    return fields;
  }
}
