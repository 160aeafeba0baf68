package org.realm4j.testkit.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.TokenBatch;

/**
 * Padded inputs of a case as the library takes them.
 *
 * @param length of a padded sequence
 * @param all the sequences without padding
 * @param batch all of them, packed
 * @param rows where each token of the batch stands in the padded tensors
 */
record Sequences(int length, List<InputSequence> all, TokenBatch batch, int[] rows) {

  /**
   * Packs {@code PREFIXinput_ids}, {@code PREFIXattention_mask} and {@code PREFIXtoken_type_ids} of
   * any number of dimensions; the last one is the sequence.
   */
  static Sequences of(GoldenCase golden, String prefix) {
    Packed p =
        golden.packed(prefix + "input_ids", prefix + "attention_mask", prefix + "token_type_ids");
    List<InputSequence> sequences = new ArrayList<>();
    for (int i = 0; i + 1 < p.offsets().length; i++) {
      int from = p.offsets()[i];
      int to = p.offsets()[i + 1];
      sequences.add(
          new InputSequence(
              Arrays.copyOfRange(p.ids(), from, to), Arrays.copyOfRange(p.types(), from, to)));
    }
    int[] shape = golden.ints(prefix + "input_ids").shape();
    return new Sequences(
        shape[shape.length - 1], List.copyOf(sequences), TokenBatch.of(sequences), p.rows());
  }

  /** The row of the batch that holds position {@code position} of a sequence. */
  int row(int sequence, int position) {
    return batch.offsets()[sequence] + position;
  }

  /** The parts of a sequence, each closed by [SEP], without special tokens. */
  static List<int[]> parts(InputSequence sequence, int sep) {
    List<int[]> parts = new ArrayList<>();
    int start = 1; // after [CLS]
    for (int i = 1; i < sequence.length(); i++) {
      if (sequence.ids()[i] == sep) {
        parts.add(Arrays.copyOfRange(sequence.ids(), start, i));
        start = i + 1;
      }
    }
    return parts;
  }

  /** Ids of sequences, padded to a length with 0. */
  static int[] ids(List<InputSequence> sequences, int length) {
    int[] padded = new int[sequences.size() * length];
    for (int i = 0; i < sequences.size(); i++) {
      int[] ids = sequences.get(i).ids();
      System.arraycopy(ids, 0, padded, i * length, ids.length);
    }
    return padded;
  }

  /** Segments of sequences, padded to a length with 0. */
  static int[] segments(List<InputSequence> sequences, int length) {
    int[] padded = new int[sequences.size() * length];
    for (int i = 0; i < sequences.size(); i++) {
      int[] segments = sequences.get(i).segments();
      System.arraycopy(segments, 0, padded, i * length, segments.length);
    }
    return padded;
  }
}
