package org.realm4j.cli;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Json;
import picocli.CommandLine.Option;

/** The option {@code --json}: a command's figures for scripts. */
final class JsonOption {
  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write this run's figures to a JSON file; the keys are listed below.")
  private @Nullable Path file;

  /** Writes the figures if they were asked for. */
  void write(Map<String, ? extends @Nullable Object> figures) {
    if (file != null) {
      Json.write(file, figures);
    }
  }
}
