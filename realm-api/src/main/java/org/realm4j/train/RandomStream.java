package org.realm4j.train;

import org.realm4j.tensor.CounterRandom;

/**
 * What a random draw is for. Draws of different streams are independent of each other, so a change
 * to one part of the training does not shift the others.
 */
public enum RandomStream {
  SHUFFLE(1),
  SPAN(2),
  MASK(3),
  ENCODER_DROPOUT(4),
  QUERY_DROPOUT(5),
  DOCUMENT_DROPOUT(6),
  WARM_UP(7),
  INVERSE_CLOZE(8),
  EVALUATION(9),
  QUESTIONS(10),
  QUESTION_DROPOUT(11),
  READER_DROPOUT(12);

  // Written out, so that a stream added between two others does not change their draws.
  private final long number;

  RandomStream(long number) {
    this.number = number;
  }

  /** The key of this stream's draws at one step. */
  public int key(long seed, long step) {
    return CounterRandom.key(seed, number, step);
  }
}
