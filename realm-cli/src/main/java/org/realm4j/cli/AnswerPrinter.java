package org.realm4j.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.realm4j.qa.Answer;
import org.realm4j.qa.Evidence;
import org.realm4j.text.Span;

/**
 * An answer for people: the text, the passages that were read with the answer marked in them, what
 * else was likely.
 */
final class AnswerPrinter {
  /** Characters of a passage that are shown before and after the answer, about. */
  private static final int AROUND = 120;

  /** A word that is longer than this is cut. */
  private static final int LONGEST_WORD = 30;

  private static final String BOLD = "\u001b[1m";
  private static final String GREEN = "\u001b[1;32m";
  private static final String PLAIN = "\u001b[0m";

  private final PrintWriter out;
  private final boolean colour;

  /**
   * @param colour marks by colour, for terminals; by ** otherwise
   */
  AnswerPrinter(PrintWriter out, boolean colour) {
    this.out = out;
    this.colour = colour;
  }

  /** Repeats a question, or the beginning of a long one. */
  void printQuestion(String question) {
    String line = oneLine(question);
    int end = to(line, 0);
    out.println("> " + bold(line.substring(0, end) + (end < line.length() ? " ..." : "")));
  }

  /** Prints an answer on some lines. */
  void print(Answer answer) {
    String text = answer.text();
    if (text != null) {
      out.printf(
          Locale.ROOT, "%s  (probability %.2f)%n", strong(oneLine(text)), answer.probability());
    } else if (answer.evidence().isEmpty()) {
      out.println("no answer: no passage was found");
    } else {
      out.printf(
          Locale.ROOT,
          "no answer: the most likely one has probability %.2f only%n",
          answer.probability());
    }
    if (answer.cut()) {
      out.println("  note: the question is longer than what the model reads; its end was cut");
    }
    int rank = 1;
    for (Evidence evidence : answer.evidence()) {
      print(rank++, evidence);
    }
    if (!answer.alternatives().isEmpty()) {
      out.println("  also possible: " + alternatives(answer));
    }
    out.printf(Locale.ROOT, "  index of step %,d%n", answer.generation());
    out.flush();
  }

  private void print(int rank, Evidence evidence) {
    String title = evidence.passage().title();
    if (title.isBlank()) {
      title = evidence.passage().id();
    }
    out.printf(
        Locale.ROOT, "%3d. %s  p(z|x) %.3f%n", rank, bold(oneLine(title)), evidence.probability());
    out.println("     " + excerpt(evidence));
  }

  private static String alternatives(Answer answer) {
    return String.join(
        ", ",
        answer.alternatives().stream()
            .map(a -> String.format(Locale.ROOT, "%s (%.2f)", oneLine(a.text()), a.probability()))
            .toList());
  }

  /** The passage around its most likely span, with every span in sight marked. */
  private String excerpt(Evidence evidence) {
    String text = evidence.passage().text();
    Span centre = evidence.spans().isEmpty() ? evidence.best() : evidence.spans().getFirst();
    int from = from(text, centre.start());
    int to = to(text, centre.end());
    StringBuilder shown = new StringBuilder(from > 0 ? "... " : "");
    int at = from;
    for (Span span : apart(evidence.spans(), new Span(from, to))) {
      shown.append(printable(text.substring(at, span.start())));
      shown.append(strong(printable(span.of(text))));
      at = span.end();
    }
    shown.append(printable(text.substring(at, to)));
    return shown.append(to < text.length() ? " ..." : "").toString().strip();
  }

  /** The spans in sight, in their order; of two that overlap, the more likely one. */
  private static List<Span> apart(List<Span> mostLikelyFirst, Span sight) {
    List<Span> apart = new ArrayList<>();
    for (Span span : mostLikelyFirst) {
      if (sight.contains(span)
          && apart.stream().noneMatch(o -> o.start() < span.end() && span.start() < o.end())) {
        apart.add(span);
      }
    }
    apart.sort(Comparator.comparingInt(Span::start));
    return apart;
  }

  /** Where an excerpt begins: at a word, or within a very long one. */
  private static int from(String text, int start) {
    int at = start - AROUND;
    if (at <= 0) {
      return 0;
    }
    for (int i = at; i < Math.min(start, at + LONGEST_WORD); i++) {
      if (Character.isWhitespace(text.charAt(i))) {
        return i + 1;
      }
    }
    return Character.isLowSurrogate(text.charAt(at)) ? at - 1 : at;
  }

  /** Where it ends. */
  private static int to(String text, int end) {
    int at = end + AROUND;
    if (at >= text.length()) {
      return text.length();
    }
    for (int i = at; i > Math.max(end, at - LONGEST_WORD); i--) {
      if (Character.isWhitespace(text.charAt(i))) {
        return i;
      }
    }
    return Character.isLowSurrogate(text.charAt(at)) ? at + 1 : at;
  }

  private String strong(String text) {
    return colour ? GREEN + text + PLAIN : "**" + text + "**";
  }

  private String bold(String text) {
    return colour ? BOLD + text + PLAIN : text;
  }

  private static String oneLine(String text) {
    return printable(text).strip();
  }

  /** Nothing in a corpus may move the cursor or change the colours of a terminal. */
  private static String printable(String text) {
    return text.replaceAll("\\s+", " ").replaceAll("\\p{Cc}", "");
  }
}
