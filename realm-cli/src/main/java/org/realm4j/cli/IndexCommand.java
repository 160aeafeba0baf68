package org.realm4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code realm index}. */
@Command(
    name = "index",
    description = {
      "Makes, changes and searches an index: passages with their vectors, in a folder.",
      "",
      "Changes take effect at once and together; whoever searches meanwhile sees what was there"
          + " before, or all of the new."
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      IndexBuildCommand.class,
      IndexAddCommand.class,
      IndexRemoveCommand.class,
      IndexSearchCommand.class,
      IndexCheckCommand.class,
      IndexStatsCommand.class
    })
final class IndexCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "which command? There are: build, add, remove, search, check, stats");
  }
}
