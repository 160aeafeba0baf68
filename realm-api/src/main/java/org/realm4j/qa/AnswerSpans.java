package org.realm4j.qa;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.Arrays;
import org.realm4j.nn.Spans;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/**
 * All spans of all passages that are read for some questions, as answers: the logit of span (i, j)
 * of passage z is its reader's score plus the relevance f(x, z), and one softmax goes over all
 * spans of all passages of a question (ORQA, Lee et al. 2019, sections 3 and 5; REALM's released
 * code). Not thread-safe, and alive as long as its tape.
 *
 * @param relevance f(x, z) of all retrieved passages, best first, {@code [retrieved, 1]}
 * @param retrieved where each question's passages begin in it; length questions + 1
 * @param read the passages that are read, as rows of {@code relevance}, ordered by question; one
 *     for each sequence of the spans
 * @param logits {@code [spans, 1]}
 * @param byQuestion where each question's spans begin; length questions + 1
 */
public record AnswerSpans(
    Tensor relevance, int[] retrieved, int[] read, Spans spans, Tensor logits, int[] byQuestion) {

  /**
   * Puts relevance and the reader's scores together.
   *
   * @param scores of the reader, {@code [spans, 1]}
   */
  public static AnswerSpans of(
      Session s, Tensor relevance, int[] retrieved, int[] read, Tensor scores, Spans spans) {
    if (read.length != spans.sequences()) {
      throw new IllegalArgumentException(
          "read: expected one passage for each of %d sequences, found %d"
              .formatted(spans.sequences(), read.length));
    }
    int[] byQuestion = new int[retrieved.length];
    int sequence = 0;
    for (int q = 0; q + 1 < retrieved.length; q++) {
      while (sequence < read.length
          && read[sequence] >= retrieved[q]
          && read[sequence] < retrieved[q + 1]) {
        sequence++;
      }
      byQuestion[q + 1] = spans.offsets()[sequence];
    }
    if (sequence != read.length) {
      throw new IllegalArgumentException(
          "read: expected retrieved passages ordered by question, found %d at %d"
              .formatted(read[sequence], sequence));
    }
    int[] passageOf = Arrays.stream(spans.sequenceOf()).map(i -> read[i]).toArray();
    Tensor logits = s.add(scores, s.gather(relevance, passageOf)); // [spans, 1]
    return new AnswerSpans(relevance, retrieved, read, spans, logits, byQuestion);
  }

  /**
   * The first passages of each question, for {@code read}.
   *
   * @param retrieved where each question's passages begin
   * @param beam how many are read at most
   */
  public static int[] firstOf(int[] retrieved, int beam) {
    IntArrayList read = new IntArrayList();
    for (int q = 0; q + 1 < retrieved.length; q++) {
      for (int row = retrieved[q]; row < retrieved[q + 1] && row - retrieved[q] < beam; row++) {
        read.add(row);
      }
    }
    return read.toIntArray();
  }

  public int questions() {
    return retrieved.length - 1;
  }

  /** The log of each span's probability among all of its question, {@code [spans, 1]}. */
  public Tensor logProbabilities(Session s) {
    return s.logSoftmax(logits, byQuestion);
  }

  /**
   * The most likely span of each question, over passages and spans together; the first in order
   * among equals.
   *
   * @return numbers of spans, -1 where a question has none. {@code [questions]}
   */
  public int[] argmax() {
    float[] x = logits.toArray();
    int[] best = new int[questions()];
    for (int q = 0; q < best.length; q++) {
      best[q] = byQuestion[q] == byQuestion[q + 1] ? -1 : byQuestion[q];
      for (int i = byQuestion[q]; i < byQuestion[q + 1]; i++) {
        if (x[i] > x[best[q]]) {
          best[q] = i;
        }
      }
    }
    return best;
  }
}
