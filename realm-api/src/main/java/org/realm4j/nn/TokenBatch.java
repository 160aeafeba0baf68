package org.realm4j.nn;

import java.util.List;

/**
 * Sequences packed one after another, without padding.
 *
 * @param ids {@code [tokens]}
 * @param segments {@code [tokens]}
 * @param positions {@code [tokens]}, each from 0 in its sequence
 * @param offsets where each sequence begins; length sequences + 1
 */
public record TokenBatch(int[] ids, int[] segments, int[] positions, int[] offsets) {

  public static TokenBatch of(List<InputSequence> sequences) {
    int[] offsets = new int[sequences.size() + 1];
    for (int i = 0; i < sequences.size(); i++) {
      offsets[i + 1] = Math.addExact(offsets[i], sequences.get(i).length());
    }
    int tokens = offsets[sequences.size()];
    int[] ids = new int[tokens];
    int[] segments = new int[tokens];
    int[] positions = new int[tokens];
    for (int i = 0; i < sequences.size(); i++) {
      InputSequence s = sequences.get(i);
      System.arraycopy(s.ids(), 0, ids, offsets[i], s.length());
      System.arraycopy(s.segments(), 0, segments, offsets[i], s.length());
      for (int j = 0; j < s.length(); j++) {
        positions[offsets[i] + j] = j;
      }
    }
    return new TokenBatch(ids, segments, positions, offsets);
  }

  public int sequences() {
    return offsets.length - 1;
  }

  public int tokens() {
    return ids.length;
  }

  /** The row of each sequence's first token, [CLS]. */
  public int[] firstRows() {
    return java.util.Arrays.copyOf(offsets, sequences());
  }
}
