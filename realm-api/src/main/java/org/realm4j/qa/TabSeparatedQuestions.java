package org.realm4j.qa;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.realm4j.io.Lines;

/** Reads {@link QuestionFormat#CURATED_TREC}, {@link QuestionFormat#DPR_TSV} and plain lists. */
final class TabSeparatedQuestions {
  private TabSeparatedQuestions() {}

  static void curatedTrec(Path file, QuestionSet.Sink sink) {
    forEach(
        file,
        (where, line) -> {
          String[] fields = line.split("\t", 4);
          if (fields.length < 4) {
            throw tooFew(where, "id, 'factoid', question and pattern", line);
          }
          if (!fields[1].equals("factoid")) {
            throw Fields.wrong(where, "field 2", "'factoid'", Fields.kind(fields[1]));
          }
          String id = fields[0].isEmpty() ? null : fields[0];
          String text = question(fields[2], where);
          sink.accept(where, new Question(text, List.of(fields[3]), true, null, id));
        });
  }

  static void dpr(Path file, QuestionSet.Sink sink) {
    forEach(
        file,
        (where, line) -> {
          String[] fields = line.split("\t", 2);
          if (fields.length < 2) {
            throw tooFew(where, "question and list of answers", line);
          }
          List<String> answers = StringList.parse(unquoted(fields[1]), where);
          String text = question(unquoted(fields[0]), where);
          sink.accept(where, new Question(text, answers, false, null, null));
        });
  }

  static void plain(Path file, QuestionSet.Sink sink) {
    forEach(
        file,
        (where, line) -> {
          List<String> fields = new ArrayList<>(Arrays.asList(line.split("\t", -1)));
          if (fields.size() < 2) {
            throw tooFew(where, "question and answers", line);
          }
          String text = question(fields.removeFirst(), where);
          sink.accept(where, new Question(text, fields, false, null, null));
        });
  }

  @FunctionalInterface
  private interface PlacedLine {
    void accept(String where, String line);
  }

  private static void forEach(Path file, PlacedLine consumer) {
    Lines.forEach(
        file,
        (number, line) -> {
          if (!line.isBlank()) {
            consumer.accept(file + ", line " + number, line);
          }
        });
  }

  private static String question(String field, String where) {
    if (field.isBlank()) {
      throw Fields.wrong(where, "question", "a text", "a blank one");
    }
    return field;
  }

  /** The content of a field that a CSV writer put into quotation marks. */
  private static String unquoted(String field) {
    boolean quoted = field.length() >= 2 && field.startsWith("\"") && field.endsWith("\"");
    return quoted ? field.substring(1, field.length() - 1).replace("\"\"", "\"") : field;
  }

  private static RuntimeException tooFew(String where, String expected, String line) {
    return Fields.wrong(where, "fields", expected + " separated by tabs", Fields.kind(line));
  }
}
