package org.realm4j.qa;

import org.jspecify.annotations.Nullable;

/**
 * What came of one question.
 *
 * @param prediction null if there is none
 * @param probability of the prediction, as the model sees it; NaN if unknown
 * @param verdict whether the prediction is right
 * @param f1 the share of words in common with the best reference, in [0, 1]; for regular
 *     expressions 1 if the prediction is right, else 0
 * @param ranking null if nothing was retrieved
 */
public record Outcome(
    Question question,
    @Nullable String prediction,
    double probability,
    Verdict verdict,
    double f1,
    @Nullable Ranking ranking) {

  /** Whether a prediction is right, and if not, why. */
  public enum Verdict {
    RIGHT,
    WRONG,
    /** There is no prediction. */
    MISSING,
    /** The match of a regular expression back-tracked too long. */
    GAVE_UP,
    /** No regular expression matches, and one of them does not compile. */
    BAD_PATTERN
  }

  public boolean right() {
    return verdict == Verdict.RIGHT;
  }
}
