package org.realm4j.cli;

import java.io.PrintWriter;
import org.realm4j.io.RealmException;

/** Many lines of results; ends as soon as nobody takes them, as after {@code | head}. */
final class ResultLines {
  private final PrintWriter out;

  ResultLines(PrintWriter out) {
    this.out = out;
  }

  void print(String line) {
    out.println(line);
    if (out.checkError()) {
      throw new RealmException("stdout: could not be written: closed, or the disk is full");
    }
  }
}
