package org.realm4j.qa;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.PatternSyntaxException;
import org.realm4j.io.RealmException;

/**
 * The questions of a data set, numbered from 0 in the order of the file. Immutable, thread-safe.
 *
 * @param description in a few words, for reports, such as {@code train.jsonl}
 */
public record QuestionSet(String description, List<Question> questions) {
  public QuestionSet {
    questions = List.copyOf(questions);
  }

  /** Receives questions as they are read. */
  @FunctionalInterface
  interface Sink {
    void accept(String where, Question question);
  }

  public int size() {
    return questions.size();
  }

  public Question question(int number) {
    return questions.get(number);
  }

  /**
   * Reads a file whose format is recognised by its content.
   *
   * @throws RealmException.BadInput as {@link #read(Path, QuestionFormat)}, or if it is no format
   *     of questions
   */
  public static QuestionSet read(Path file) {
    return read(file, QuestionFormat.detect(file));
  }

  /**
   * Reads a file.
   *
   * @throws RealmException.BadInput if there is no such file or no question in it, if a field is
   *     missing or of another type, or an answer is no regular expression where one is expected;
   *     the message names file, line or JSON path, field, what was expected and what was found
   * @throws RealmException.CorruptFile if it is not valid JSON or UTF-8
   */
  public static QuestionSet read(Path file, QuestionFormat format) {
    return read(
        file,
        format,
        problem -> {
          throw new RealmException.BadInput(problem);
        });
  }

  /**
   * Reads a file, and lets the caller decide about regular expressions that do not compile. A
   * question that has one stays in the set; the released evaluation counts its predictions as
   * wrong, and so does {@link Evaluation}.
   *
   * @param badPattern receives one message for each of them, with the place; may throw
   */
  public static QuestionSet read(Path file, QuestionFormat format, Consumer<String> badPattern) {
    List<Question> questions = new ArrayList<>();
    Sink sink =
        (where, question) -> {
          if (question.regex()) {
            check(question, where, badPattern);
          }
          questions.add(question);
        };
    switch (format) {
      case JSON_LINES -> JsonQuestions.lines(file, false, sink);
      case JSON_LINES_REGEX -> JsonQuestions.lines(file, true, sink);
      case WEB_QUESTIONS -> JsonQuestions.webQuestions(file, sink);
      case CURATED_TREC -> TabSeparatedQuestions.curatedTrec(file, sink);
      case SQUAD -> JsonQuestions.squad(file, sink);
      case DPR_TSV -> TabSeparatedQuestions.dpr(file, sink);
      case TSV -> TabSeparatedQuestions.plain(file, sink);
    }
    if (questions.isEmpty()) {
      throw new RealmException.BadInput(file + ": expected questions, found none");
    }
    return new QuestionSet(String.valueOf(file.getFileName()), questions);
  }

  private static void check(Question question, String where, Consumer<String> badPattern) {
    for (String answer : question.answers()) {
      try {
        AnswerPattern.compile(answer);
      } catch (PatternSyntaxException e) {
        badPattern.accept(
            "%s: answer: expected a regular expression, found %s: %s"
                .formatted(where, Fields.kind(answer), e.getDescription()));
      }
    }
  }
}
