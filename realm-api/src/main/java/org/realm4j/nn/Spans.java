package org.realm4j.nn;

import java.util.Arrays;
import org.realm4j.io.RealmException;

/**
 * The spans that a reader chooses an answer from (ORQA, Lee et al. 2019, section 3.2): all (i, j)
 * inside the passage of each sequence with j - i below the limit of the width. Those of a sequence
 * are ordered by width, then by start.
 *
 * @param maxWidth wordpieces of the widest
 * @param rows the rows of the packed batch that spans consist of, ascending
 * @param rowOffsets where each sequence begins in {@code rows}; length sequences + 1
 * @param starts the first wordpiece of each span, as an index of {@code rows}
 * @param ends its last wordpiece, as an index of {@code rows}
 * @param offsets where the spans of each sequence begin; length sequences + 1
 */
public record Spans(
    int maxWidth, int[] rows, int[] rowOffsets, int[] starts, int[] ends, int[] offsets) {

  /**
   * All spans.
   *
   * @param maxWidth at least 1
   */
  public static Spans of(ReadWindow window, int maxWidth) {
    if (maxWidth < 1) {
      throw new RealmException.BadInput("span width: expected at least 1, found " + maxWidth);
    }
    int n = window.sequences();
    int[] rowOffsets = new int[n + 1];
    int[] offsets = new int[n + 1];
    for (int q = 0; q < n; q++) {
      int length = window.to()[q] - window.from()[q];
      rowOffsets[q + 1] = rowOffsets[q] + length;
      offsets[q + 1] = Math.addExact(offsets[q], count(length, maxWidth));
    }
    int[] rows = new int[rowOffsets[n]];
    int[] starts = new int[offsets[n]];
    int[] ends = new int[offsets[n]];
    for (int q = 0; q < n; q++) {
      int length = rowOffsets[q + 1] - rowOffsets[q];
      for (int i = 0; i < length; i++) {
        rows[rowOffsets[q] + i] = window.from()[q] + i;
      }
      int at = offsets[q];
      for (int width = 1; width <= Math.min(maxWidth, length); width++) {
        for (int i = 0; i + width <= length; i++) {
          starts[at] = rowOffsets[q] + i;
          ends[at++] = rowOffsets[q] + i + width - 1;
        }
      }
    }
    return new Spans(maxWidth, rows, rowOffsets, starts, ends, offsets);
  }

  /** How many spans of up to that width so many wordpieces have: the sum of length - w + 1. */
  private static int count(int length, int width) {
    long w = Math.min(length, width);
    return Math.toIntExact(w * length - w * (w - 1) / 2);
  }

  public int sequences() {
    return offsets.length - 1;
  }

  public int size() {
    return starts.length;
  }

  /** The row of the batch that holds the first wordpiece of a span. */
  public int startRow(int span) {
    return rows[starts[span]];
  }

  /** The row of the batch that holds the last wordpiece of a span. */
  public int endRow(int span) {
    return rows[ends[span]];
  }

  /** The sequence of each span. {@code [spans]} */
  public int[] sequenceOf() {
    int[] of = new int[size()];
    for (int q = 0; q < sequences(); q++) {
      Arrays.fill(of, offsets[q], offsets[q + 1], q);
    }
    return of;
  }

  /**
   * Which span of a sequence goes from one row of the batch to another.
   *
   * @return -1 if it is too wide or not inside the passage
   */
  public int indexOf(int sequence, int startRow, int endRow) {
    int first = rowOffsets[sequence];
    int length = rowOffsets[sequence + 1] - first;
    if (length == 0) {
      return -1;
    }
    int start = startRow - rows[first];
    int width = endRow - startRow + 1;
    if (start < 0 || width < 1 || width > maxWidth || start + width > length) {
      return -1;
    }
    return offsets[sequence] + count(length, width - 1) + start; // all narrower ones come before
  }
}
