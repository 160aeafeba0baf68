package org.realm4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code realm experiment}. */
@Command(
    name = "experiment",
    description = {
      "Runs experiments that take hours, and prints their tables.",
      "",
      "An experiment may be stopped at any moment: the same command goes on where it was."
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      OpenQaCommand.class,
      ExperimentReportCommand.class,
      ExperimentExportCommand.class
    })
final class ExperimentCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "which command? There are: open-qa, report, export");
  }
}
