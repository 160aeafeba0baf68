package org.realm4j.cli;

import java.io.PrintWriter;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says in one line why a command failed, and with {@code --debug} where. */
final class Failures implements IParameterExceptionHandler {
  private final BooleanSupplier debug;
  private final PrintWriter err;

  Failures(BooleanSupplier debug, PrintWriter err) {
    this.debug = debug;
    this.err = err;
  }

  int report(Throwable failure) {
    err.println("realm: " + oneLine(describe(failure)));
    if (debug.getAsBoolean()) {
      failure.printStackTrace(err);
    }
    return ExitCode.SOFTWARE;
  }

  private @Nullable String describe(Throwable failure) {
    String hint = debug.getAsBoolean() ? "" : " (run again with --debug to see where)";
    return switch (failure) {
      case RealmException expected -> expected.getMessage();
      case OutOfMemoryError error ->
          "out of memory: %s; a smaller batch may fit, or a larger heap: REALM_JAVA_OPTS=-Xmx6g%s"
              .formatted(error.getMessage(), hint);
      case StackOverflowError _ -> "the stack overflowed; this is a defect of realm4j" + hint;
      default -> "unexpected " + failure + hint;
    };
  }

  private static String oneLine(@Nullable String text) {
    return String.valueOf(text).strip().replaceAll("\\s*\\R\\s*", " ");
  }

  @Override
  public int handleParseException(ParameterException wrongUse, String[] args) {
    err.println("realm: " + oneLine(wrongUse.getMessage()));
    UnmatchedArgumentException.printSuggestions(wrongUse, err);
    String command = wrongUse.getCommandLine().getCommandSpec().qualifiedName();
    err.println("Try '" + command + " --help'.");
    return ExitCode.USAGE;
  }
}
