package org.realm4j.qa;

import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/**
 * The objective of fine-tuning (ORQA, Lee et al. 2019, section 5; REALM's released code). The
 * retriever's loss is minus the log of what p(z | x) gives to the passages with an answer, among
 * all that were retrieved; the reader's is minus the log of what p(span) gives to the correct
 * spans, among all spans of all passages that are read. A question where nothing is correct has no
 * such loss: it adds 0 and passes no gradient on.
 *
 * @param retriever the sum over questions, divided, {@code [1, 1]}
 * @param reader the same, {@code [1, 1]}
 * @param total their sum, which is minimised, {@code [1, 1]}
 * @param retrieverMatches questions with a retrieved passage that has an answer
 * @param readerMatches questions with a correct span
 */
public record OpenQaLoss(
    Tensor retriever, Tensor reader, Tensor total, int retrieverMatches, int readerMatches) {

  /**
   * The loss of some questions.
   *
   * @param hasAnswer which of the retrieved passages have an answer, {@code [retrieved]}
   * @param correct which spans are an answer, {@code [spans]}
   * @param divisor the number of questions of the whole batch, those without a match too, even
   *     where this is only a part of it; at least 1
   */
  public static OpenQaLoss of(
      Session s, AnswerSpans spans, boolean[] hasAnswer, boolean[] correct, int divisor) {
    if (divisor < 1) {
      throw new IllegalArgumentException("divisor: expected at least 1, found " + divisor);
    }
    boolean[] retrieverMatch = anyMarked(hasAnswer, spans.retrieved());
    boolean[] readerMatch = anyMarked(correct, spans.byQuestion());
    Tensor retriever =
        loss(s, spans.relevance(), spans.retrieved(), hasAnswer, retrieverMatch, divisor);
    Tensor reader = loss(s, spans.logits(), spans.byQuestion(), correct, readerMatch, divisor);
    return new OpenQaLoss(
        retriever, reader, s.add(retriever, reader), count(retrieverMatch), count(readerMatch));
  }

  /** The sum over matched groups of -log sum over marked of softmax(x), {@code [1, 1]}. */
  private static Tensor loss(
      Session s, Tensor x, int[] offsets, boolean[] marked, boolean[] matched, int divisor) {
    // A weight of 0 drops its group, and where all are 0 no gradient passes, rather than one of 0.
    float[] weights = new float[matched.length];
    for (int q = 0; q < weights.length; q++) {
      weights[q] = matched[q] ? -1f / divisor : 0f;
    }
    return s.weightedSum(s.logSumExp(s.logSoftmax(x, offsets), offsets, marked), weights);
  }

  private static boolean[] anyMarked(boolean[] marked, int[] offsets) {
    if (marked.length != offsets[offsets.length - 1]) {
      throw new IllegalArgumentException(
          "marks: expected %d, found %d".formatted(offsets[offsets.length - 1], marked.length));
    }
    boolean[] any = new boolean[offsets.length - 1];
    for (int q = 0; q < any.length; q++) {
      for (int i = offsets[q]; i < offsets[q + 1]; i++) {
        any[q] |= marked[i];
      }
    }
    return any;
  }

  private static int count(boolean[] matched) {
    int n = 0;
    for (boolean m : matched) {
      n += m ? 1 : 0;
    }
    return n;
  }
}
