package org.realm4j.nn;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Dropout;

/**
 * What is dropped in one forward pass of one network in training.
 *
 * @param rate of hidden states and of attention weights, in [0, 1)
 * @param key from seed, stream and step; another one for each network
 * @param examples one counter per sequence of the batch that does not depend on how it is packed;
 *     counters that agree in their lowest 22 bits drop the same
 */
public record DropoutPlan(float rate, int key, int[] examples) {
  /** The plan of the sequences from that one on. */
  DropoutPlan from(int sequence) {
    return new DropoutPlan(rate, key, Arrays.copyOfRange(examples, sequence, examples.length));
  }

  /** Counters of all tokens of a batch: example and position, never the packed row. */
  int[] tokenRows(TokenBatch batch) {
    int[] rows = new int[batch.tokens()];
    for (int s = 0; s < batch.sequences(); s++) {
      for (int t = batch.offsets()[s]; t < batch.offsets()[s + 1]; t++) {
        rows[t] = (examples[s] << 10) + batch.positions()[t];
      }
    }
    return rows;
  }

  static int[] select(int[] rows, int @Nullable [] chosen) {
    if (chosen == null) {
      return rows;
    }
    int[] selected = new int[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      selected[i] = rows[chosen[i]];
    }
    return selected;
  }

  Dropout at(int layer, int place, int[] rows) {
    return new Dropout(rate, CounterRandom.key(key, layer, place), rows);
  }
}
