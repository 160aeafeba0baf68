package org.realm4j.cli;

import java.io.PrintStream;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Says in one line that the program was stopped from outside. The JVM itself then exits with 130
 * after Ctrl-C and 143 after a plain kill, so no signal handler is needed.
 */
final class Interruption {
  private final AtomicBoolean running = new AtomicBoolean(true);

  private Interruption() {}

  static Interruption watch(PrintStream err) {
    var interruption = new Interruption();
    var farewell =
        new Thread(
            () -> {
              if (interruption.running.get()) {
                // On a line of its own, below a progress bar.
                err.println(System.lineSeparator() + "realm: interrupted");
              }
            },
            "interrupted");
    Runtime.getRuntime().addShutdownHook(farewell);
    return interruption;
  }

  /** From here on, the end of the JVM is an ordinary one. */
  void over() {
    running.set(false);
  }
}
