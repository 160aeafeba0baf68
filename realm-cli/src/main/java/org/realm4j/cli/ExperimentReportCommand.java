package org.realm4j.cli;

import java.nio.file.Path;
import java.util.List;
import org.realm4j.io.RealmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code realm experiment report}. */
@Command(
    name = "report",
    description = {
      "Prints the tables of an experiment as Markdown, from the records of its finished stages.",
      "",
      "For each set of dev questions: exact match, F1, recall of the gold passage and of an answer,"
          + " the oracle (an answer stands in the passages read), and the paired differences"
          + " between rows; all with counts and 95 % intervals. Then what each stage cost, and the"
          + " commands."
    },
    footer = {"", "Example: realm experiment report run > tables.md"})
final class ExperimentReportCommand implements Runnable {
  @Parameters(
      paramLabel = "DIR",
      arity = "1..*",
      description = "The --output of 'realm experiment open-qa'.")
  private List<Path> folders = List.of();

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    for (Path folder : folders) {
      if (ExperimentFolder.records(folder).isEmpty()) {
        throw new RealmException.BadInput(
            "%s: expected the records of an experiment, found none".formatted(folder));
      }
    }
    folders.forEach(folder -> new OpenQaReport(folder, spec.commandLine().getOut()).print());
  }
}
