package org.realm4j.tensor;

import org.realm4j.io.RealmException;

/**
 * Which entries of a tensor are dropped: entry (row, channel) is kept when the draw of {@link
 * CounterRandom} for (key, rows[row], channel) is at least {@code rate} of the range, and kept
 * entries are divided by {@code 1 - rate}. Inside attention the channel of a weight is {@code head
 * * 65536 + position of the key in its sequence}.
 *
 * @param rate in [0, 1)
 * @param key from seed, stream, step and layer
 * @param rows one counter per row of the tensor, made of example and position, never a packed row
 *     number
 */
public record Dropout(float rate, int key, int[] rows) {
  public Dropout {
    if (!(rate >= 0 && rate < 1)) {
      throw new RealmException.BadInput("dropout rate: expected 0 <= rate < 1, found " + rate);
    }
  }

  /** A draw shifted right by 8 below this is dropped. */
  public int threshold() {
    return (int) (rate * 0x1p24f);
  }

  public float scale() {
    return 1f / (1f - rate);
  }

  public boolean keeps(int row, int channel) {
    return CounterRandom.draw(CounterRandom.rowBase(key, rows[row]), channel) >>> 8 >= threshold();
  }
}
