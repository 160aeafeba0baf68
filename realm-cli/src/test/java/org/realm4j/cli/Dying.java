package org.realm4j.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** The stderr of a process that dies as it says some words. */
final class Dying {
  private Dying() {}

  static PrintWriter as(StringWriter err, String words) {
    return new PrintWriter(err) {
      @Override
      public void println(String line) {
        super.println(line);
        if (line.startsWith("realm: " + words)) {
          throw new IllegalStateException("died");
        }
      }
    };
  }
}
