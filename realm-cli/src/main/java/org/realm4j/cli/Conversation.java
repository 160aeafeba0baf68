package org.realm4j.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Function;
import org.realm4j.io.DiskFault;
import org.realm4j.io.RealmException;
import org.realm4j.qa.Answer;

/** Questions that somebody types, answered one after the other. */
final class Conversation {
  private final Function<String, Answer> answers;
  private final AnswerPrinter printer;
  private final PrintWriter err;

  /**
   * @param answers may throw a RealmException, which is told and ends nothing
   * @param err gets the prompt, so that stdout holds answers alone
   */
  Conversation(Function<String, Answer> answers, PrintWriter out, PrintWriter err, boolean colour) {
    this.answers = answers;
    this.printer = new AnswerPrinter(out, colour);
    this.err = err;
  }

  /** What is typed. */
  static BufferedReader stdin() {
    return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
  }

  /** Goes on until an empty line or the end of input (Ctrl-D). */
  void run(BufferedReader in) {
    err.println("Ask a question; an empty line or Ctrl-D ends.");
    for (String question = prompt(in); !question.isBlank(); question = prompt(in)) {
      try {
        printer.print(answers.apply(question.strip()));
      } catch (RealmException e) {
        err.println("realm: " + e.getMessage());
      }
    }
  }

  /** A line, empty at the end of input. */
  private String prompt(BufferedReader in) {
    err.print("> ");
    err.flush();
    try {
      String line = in.readLine();
      if (line == null) {
        err.println(); // Ctrl-D leaves the cursor behind the prompt
        return "";
      }
      return line;
    } catch (IOException e) {
      throw DiskFault.reading(Path.of("stdin"), e);
    }
  }
}
