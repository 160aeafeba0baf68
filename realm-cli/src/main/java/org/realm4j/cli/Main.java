package org.realm4j.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.realm4j.io.RealmException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The {@code realm} command. Exit status: 0 done, 1 failed, 2 wrong use, 130 stopped by Ctrl-C.
 *
 * <p>A subcommand is a {@code Callable<Integer>} or {@code Runnable} in a file of its own, named
 * under {@code subcommands} below. It writes results to {@code spec.commandLine().getOut()},
 * progress through {@link ProgressBar}, and simply throws when it fails: {@link Failures} turns
 * that into one line.
 */
@Command(
    name = "realm",
    description = "Retrieval-augmented language models (REALM) on the JVM.",
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = Version.class,
    subcommands = {
      DemoCommand.class,
      ImportCommand.class,
      TokenizeCommand.class,
      EmbedCommand.class,
      CorpusCommand.class,
      IndexCommand.class,
      PretrainCommand.class,
      FineTuneCommand.class,
      AskCommand.class,
      EvalCommand.class,
      ExperimentCommand.class,
      ParityCommand.class,
      CheckCommand.class,
      EstimateCommand.class,
    },
    footerHeading = "%nThe launcher ./realm adds, from a checkout of the project:%n",
    footer = {
      "  test         Build everything and run all checks and tests (mvn verify).",
      "  bench        Measure speed and memory beside other libraries.",
      "  format       Format the sources.",
      "  java-home    Print the folder of the JDK 25 that it uses.",
      "",
      "Results go to stdout, progress to stderr. Exit status: 0 done, 1 failed,",
      "2 wrong use, 130 stopped by Ctrl-C.",
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec;

  // Picocli acts on these two by itself.
  @SuppressWarnings("UnusedVariable")
  @Option(
      names = {"-h", "--help"},
      scope = ScopeType.INHERIT,
      usageHelp = true,
      description = "Print this help.")
  private boolean help;

  @SuppressWarnings("UnusedVariable")
  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Print the version of realm4j and of Java.")
  private boolean version;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of a failure.")
  private boolean debug;

  boolean debug() {
    return debug;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command?");
  }

  // Held on to, since the logging system forgets the levels of loggers that nobody holds.
  private static final Logger LUCENE = Logger.getLogger("org.apache.lucene");

  public static void main(String... args) {
    LUCENE.setLevel(Level.WARNING); // it tells on stderr that it found the Vector API
    var interruption = Interruption.watch(System.err);
    int status = run(writer(System.out), writer(System.err), args);
    interruption.over();
    System.exit(status);
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(stream, true, stream.charset());
  }

  static int run(PrintWriter out, PrintWriter err, String... args) {
    return execute(new CommandLine(new Main()), out, err, args);
  }

  /** Runs one command and returns its exit status; what a command throws ends here. */
  static int execute(CommandLine commandLine, PrintWriter out, PrintWriter err, String... args) {
    Main main = commandLine.getCommand();
    Choices.register(commandLine);
    var failures = new Failures(main::debug, err);
    commandLine
        .setOut(out)
        .setErr(err)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(failures)
        .setExecutionExceptionHandler((failure, command, parsed) -> failures.report(failure));
    int status;
    try {
      status = commandLine.execute(args);
    } catch (Error error) { // picocli hands over exceptions only
      status = failures.report(error);
    }
    // PrintWriter swallows what the system says, such as that the disk is full.
    if (out.checkError() && status == ExitCode.OK) {
      status = failures.report(new RealmException("stdout: could not be written"));
    }
    err.flush();
    return status;
  }
}
