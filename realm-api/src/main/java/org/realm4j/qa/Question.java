package org.realm4j.qa;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;

/**
 * A question of a data set.
 *
 * @param text never blank; as it stands in the file
 * @param answers the reference answers, of which one suffices; none if the question has no answer
 *     (SQuAD 2.0)
 * @param regex whether the answers are regular expressions, as in CuratedTREC
 * @param passage the id of the gold passage, if the data set names one
 * @param id of the question, if it has one
 */
public record Question(
    String text,
    List<String> answers,
    boolean regex,
    @Nullable String passage,
    @Nullable String id) {

  public Question {
    if (text.isBlank()) {
      throw new RealmException.BadInput("question: expected a text, found a blank one");
    }
    answers = List.copyOf(answers);
  }

  /** A question whose answers are plain text. */
  public static Question of(String text, String... answers) {
    return new Question(text, List.of(answers), false, null, null);
  }

  /** A question whose answers are regular expressions. */
  public static Question ofPatterns(String text, String... patterns) {
    return new Question(text, List.of(patterns), true, null, null);
  }
}
