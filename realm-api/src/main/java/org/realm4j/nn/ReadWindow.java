package org.realm4j.nn;

/**
 * What of each passage a reader sees: the rows of its wordpieces in a packed batch of joint inputs,
 * [CLS] question [SEP] passage [SEP]. What a limit cut off is not in it.
 *
 * @param from the first row of each sequence's passage
 * @param to the row after its last; equal to {@code from} where nothing of the passage is read
 */
public record ReadWindow(int[] from, int[] to) {
  public ReadWindow {
    if (from.length != to.length) {
      throw new IllegalArgumentException(
          "read window: expected as many ends as starts, found %d and %d"
              .formatted(to.length, from.length));
    }
    for (int i = 0; i < from.length; i++) {
      int least = i == 0 ? 0 : to[i - 1];
      if (from[i] < least || to[i] < from[i]) {
        throw new IllegalArgumentException(
            "read window: sequence %d: expected ascending rows from %d on, found %d to %d"
                .formatted(i, least, from[i], to[i]));
      }
    }
  }

  /**
   * The second parts of inputs that {@link InputSequence#join} made of two, without their [SEP].
   */
  public static ReadWindow of(TokenBatch joint) {
    int n = joint.sequences();
    int[] from = new int[n];
    int[] to = new int[n];
    for (int i = 0; i < n; i++) {
      int end = joint.offsets()[i + 1];
      int row = joint.offsets()[i];
      while (row < end && joint.segments()[row] == 0) {
        row++;
      }
      from[i] = row;
      to[i] = Math.max(row, end - 1); // the closing [SEP] belongs to the part
    }
    return new ReadWindow(from, to);
  }

  public int sequences() {
    return from.length;
  }
}
