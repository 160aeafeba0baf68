package org.realm4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code realm corpus}. */
@Command(
    name = "corpus",
    description = "Works on corpora of passages.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = CorpusBuildCommand.class)
final class CorpusCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command? There is: build");
  }
}
