package org.realm4j.qa;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Lines;

/**
 * Reads {@link QuestionFormat#JSON_LINES}, {@link QuestionFormat#WEB_QUESTIONS} and {@link
 * QuestionFormat#SQUAD}. The first streams; the other two, of which the largest published file has
 * 42 MB, are parsed at once.
 */
final class JsonQuestions {
  /** One answer of the original WebQuestions: a bare word, or a string in quotation marks. */
  private static final String DESCRIPTION =
      "\\s*\\(description\\s+(?:\"((?:[^\"\\\\]|\\\\.)*+)\"|([^()\\s\"]++))\\s*\\)\\s*";

  private static final Pattern ANSWER = Pattern.compile(DESCRIPTION);

  private JsonQuestions() {}

  static void lines(Path file, boolean regex, QuestionSet.Sink sink) {
    Lines.forEach(
        file,
        (number, line) -> {
          if (!line.isBlank()) {
            JsonObject object = Json.parseObject(line, file + ", line " + number);
            sink.accept(object.where(), line(object, regex));
          }
        });
  }

  private static Question line(JsonObject object, boolean regex) {
    String passage = object.has("passage") ? object.string("passage") : null;
    return new Question(
        Fields.text(object, "question"),
        Fields.strings(object, "answer"),
        regex,
        passage,
        Fields.id(object, "id"));
  }

  static void webQuestions(Path file, QuestionSet.Sink sink) {
    Object root = Json.parse(file);
    if (!(root instanceof List<?> list)) {
      throw Fields.wrong(file.toString(), "the file", "a list of questions", Fields.kind(root));
    }
    forEach(list, file.toString(), o -> sink.accept(o.where(), webQuestion(o)));
  }

  private static Question webQuestion(JsonObject object) {
    if (object.has("utterance")) {
      String text = Fields.text(object, "utterance");
      return new Question(text, targetValue(object), false, null, null);
    }
    String text = Fields.text(object, "qText");
    List<String> answers = Fields.strings(object, "answers");
    return new Question(text, answers, false, null, Fields.id(object, "qId"));
  }

  /** The answers in {@code (list (description "New York") (description Paris))}. */
  private static List<String> targetValue(JsonObject object) {
    String value = object.string("targetValue").strip();
    List<String> answers = new ArrayList<>();
    int at = "(list".length();
    boolean isList = value.startsWith("(list") && value.endsWith(")");
    if (isList) {
      Matcher matcher = ANSWER.matcher(value).region(at, value.length() - 1);
      while (matcher.lookingAt()) {
        String quoted = matcher.group(1);
        answers.add(quoted == null ? matcher.group(2) : quoted.replaceAll("\\\\(.)", "$1"));
        at = matcher.end();
        matcher.region(at, value.length() - 1);
      }
    }
    if (!isList || !value.substring(at, value.length() - 1).isBlank()) {
      String rest = isList ? value.substring(at) : value;
      throw Fields.wrong(
          object.where(), "\"targetValue\"", "(list (description \"..\") ..)", Fields.kind(rest));
    }
    return answers;
  }

  static void squad(Path file, QuestionSet.Sink sink) {
    JsonObject root = Json.parseObject(file);
    forEach(
        root,
        "data",
        article -> {
          String title = article.string("title", "");
          int[] number = {0};
          forEach(
              article,
              "paragraphs",
              paragraph -> {
                String passage = title + "#" + number[0]++;
                forEach(paragraph, "qas", o -> sink.accept(o.where(), squadQuestion(o, passage)));
              });
        });
  }

  private static Question squadQuestion(JsonObject object, @Nullable String passage) {
    LinkedHashSet<String> answers = new LinkedHashSet<>();
    if (!object.bool("is_impossible", false)) {
      forEach(object, "answers", answer -> answers.add(answer.string("text")));
    }
    String id = Fields.id(object, "id");
    return new Question(Fields.text(object, "question"), List.copyOf(answers), false, passage, id);
  }

  private static void forEach(JsonObject object, String key, Consumer<JsonObject> consumer) {
    forEach(object.list(key), object.where() + ": " + key, consumer);
  }

  private static void forEach(List<?> items, String where, Consumer<JsonObject> consumer) {
    for (int i = 0; i < items.size(); i++) {
      consumer.accept(JsonObject.of(items.get(i), where + "[" + i + "]"));
    }
  }
}
