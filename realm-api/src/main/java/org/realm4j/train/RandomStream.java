package org.realm4j.train;

import org.realm4j.tensor.CounterRandom;

/**
 * What a random draw is for. Draws of different streams are independent of each other, so a change
 * to one part of the training does not shift the others.
 */
public enum RandomStream {
  SHUFFLE,
  SPAN,
  MASK,
  ENCODER_DROPOUT,
  QUERY_DROPOUT,
  DOCUMENT_DROPOUT,
  WARM_UP,
  INVERSE_CLOZE,
  EVALUATION;

  /** The key of this stream's draws at one step. */
  public int key(long seed, long step) {
    return CounterRandom.key(seed, ordinal() + 1L, step);
  }
}
