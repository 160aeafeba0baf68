package org.realm4j.qa;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Lines;
import org.realm4j.io.RealmException;

/**
 * Predicted answers, by the question's text or by its id. Immutable, thread-safe.
 *
 * @param key what the answers are filed under
 * @param answers in the order of the file
 */
public record Predictions(Key key, Map<String, String> answers) {
  /** What identifies a question. */
  public enum Key {
    QUESTION,
    ID
  }

  /** The file formats of predictions. */
  public enum Format {
    /** ORQA's: an object a line, with {@code question} and {@code prediction}. */
    JSON_LINES,
    /** SQuAD's: one object, from the question's id to the answer. */
    SQUAD,
    /** Question, tab, answer. White space in an answer is written as one space. */
    TSV
  }

  private static final int BEGINNING = 1 << 16;
  private static final Pattern LINES_HEAD =
      Pattern.compile("\\{[^\\n]*\"(question|prediction)\"\\s*:[^\\n]*");

  public Predictions {
    answers = Collections.unmodifiableMap(new LinkedHashMap<>(answers));
  }

  /** What was predicted for a question, null if nothing was. */
  public @Nullable String prediction(Question question) {
    String wanted = key == Key.QUESTION ? question.text() : question.id();
    return wanted == null ? null : answers.get(wanted);
  }

  /**
   * Reads a file of any of the formats, which is recognised by its content. Of two predictions for
   * one question the later counts, as in the released evaluation.
   *
   * @throws RealmException.BadInput if there is no such file, no prediction in it, or a field is
   *     missing or of another type; the message names file, line and field
   */
  public static Predictions read(Path file) {
    String head = Lines.beginning(file, BEGINNING);
    head = (head.startsWith("\uFEFF") ? head.substring(1) : head).stripLeading();
    Predictions read =
        !head.startsWith("{")
            ? readTsv(file)
            : LINES_HEAD.matcher(head).lookingAt() ? readLines(file) : readSquad(file);
    if (read.answers.isEmpty()) {
      throw new RealmException.BadInput(file + ": expected predictions, found none");
    }
    return read;
  }

  private static Predictions readLines(Path file) {
    Map<String, String> answers = new LinkedHashMap<>();
    Lines.forEach(
        file,
        (number, line) -> {
          if (!line.isBlank()) {
            JsonObject object = Json.parseObject(line, file + ", line " + number);
            answers.put(object.string("question"), object.string("prediction"));
          }
        });
    return new Predictions(Key.QUESTION, answers);
  }

  private static Predictions readSquad(Path file) {
    JsonObject object = Json.parseObject(file);
    Map<String, String> answers = new LinkedHashMap<>();
    object.fields().keySet().forEach(id -> answers.put(id, object.string(id)));
    return new Predictions(Key.ID, answers);
  }

  private static Predictions readTsv(Path file) {
    Map<String, String> answers = new LinkedHashMap<>();
    Lines.forEach(
        file,
        (number, line) -> {
          if (!line.isBlank()) {
            String[] fields = line.split("\t", -1);
            if (fields.length != 2) {
              String where = file + ", line " + number;
              throw Fields.wrong(where, "fields", "question<TAB>prediction", Fields.kind(line));
            }
            answers.put(fields[0], fields[1]);
          }
        });
    return new Predictions(Key.QUESTION, answers);
  }

  /**
   * Writes a file, so that a crash leaves the old one or the new one.
   *
   * @throws RealmException.BadInput if the format wants the other {@link #key}, or a question
   *     cannot be written in it
   */
  public void write(Path file, Format format) {
    Key wanted = format == Format.SQUAD ? Key.ID : Key.QUESTION;
    if (key != wanted) {
      throw new RealmException.BadInput(
          "%s: %s: expected predictions by %s, found them by %s"
              .formatted(file, format, wanted, key));
    }
    switch (format) {
      case SQUAD -> Json.write(file, answers);
      case JSON_LINES -> {
        List<String> lines = new ArrayList<>();
        answers.forEach(
            (question, answer) -> {
              Map<String, @Nullable Object> object = new LinkedHashMap<>();
              object.put("question", question);
              object.put("prediction", answer);
              lines.add(Json.format(object));
            });
        Lines.write(file, lines);
      }
      case TSV -> {
        List<String> lines = new ArrayList<>();
        answers.forEach((question, answer) -> lines.add(tsvLine(file, question, answer)));
        Lines.write(file, lines);
      }
    }
  }

  private static String tsvLine(Path file, String question, String answer) {
    if (question.contains("\t")) {
      throw Fields.wrong(
          file.toString(), "question", "none with a tab in it", Fields.kind(question));
    }
    return question + "\t" + answer.replaceAll("\\s+", " ").strip();
  }
}
