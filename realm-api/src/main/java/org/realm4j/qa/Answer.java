package org.realm4j.qa;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a question, and what it rests on.
 *
 * @param question as it was asked
 * @param text cut from the text of a passage as it stands there; null if there is no answer that is
 *     likely enough, see {@link Asking#threshold}
 * @param probability of all spans that say the same (equal after {@link Evaluation#normalise}),
 *     among all spans of all passages that were read; in [0, 1]. With no answer, that of the best
 *     one
 * @param evidence the passages that were read, the most relevant first
 * @param alternatives further answers, the most likely first
 * @param generation of the index that was searched: the training step that made it
 * @param cut whether the question was longer than the model reads, and its end was left out
 */
public record Answer(
    String question,
    @Nullable String text,
    double probability,
    List<Evidence> evidence,
    List<Alternative> alternatives,
    long generation,
    boolean cut) {
  public Answer {
    evidence = List.copyOf(evidence);
    alternatives = List.copyOf(alternatives);
  }

  /** Whether there is an answer. */
  public boolean found() {
    return text != null;
  }

  /**
   * Another answer.
   *
   * @param probability as of {@link Answer#probability}
   */
  public record Alternative(String text, double probability) {}
}
