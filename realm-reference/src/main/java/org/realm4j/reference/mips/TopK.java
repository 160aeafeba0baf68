package org.realm4j.reference.mips;

import java.util.Arrays;
import org.realm4j.retrieval.MipsIndex.Hits;

/**
 * The k best (score, row) pairs seen; among equal scores the lower row is better.
 *
 * <p>Few are kept in a heap, whose worst is the threshold at any time. Of many, twice as many are
 * collected and then sorted, which costs a fraction of as many insertions; the threshold is that of
 * the last time.
 */
final class TopK {
  private static final int FEW = 64;

  private final int k;
  private final boolean few;
  private final long[] heap; // worst first, if few
  private int size;
  private long worst = Long.MIN_VALUE; // of the k best when last sorted, if many

  TopK(int k) {
    this.k = k;
    this.few = k <= FEW;
    this.heap = new long[few ? k : Math.multiplyExact(2, k)];
  }

  /** Orders as (score, then lower row) does, best largest. Scores are not NaN. */
  static long key(float score, int row) {
    // + 0f makes -0 and 0 equal; flipping the magnitude bits of negative floats orders them
    int bits = Float.floatToIntBits(score + 0f);
    int ordered = bits ^ (bits >> 31 & 0x7fffffff);
    return (long) ordered << 32 | ~row & 0xffffffffL;
  }

  static int row(long key) {
    return ~(int) key;
  }

  static float score(long key) {
    int ordered = (int) (key >> 32);
    return Float.intBitsToFloat(ordered ^ (ordered >> 31 & 0x7fffffff));
  }

  /** What a score must exceed or equal to get in. */
  float threshold() {
    if (few) {
      return size < k ? Float.NEGATIVE_INFINITY : score(heap[0]);
    }
    return worst == Long.MIN_VALUE ? Float.NEGATIVE_INFINITY : score(worst);
  }

  void add(float score, int row) {
    add(key(score, row));
  }

  void add(TopK other) {
    for (int i = 0; i < other.size; i++) {
      add(other.heap[i]);
    }
  }

  private void add(long key) {
    if (!few) {
      collect(key);
    } else if (size < k) {
      int i = size++;
      for (; i > 0 && heap[(i - 1) / 2] > key; i = (i - 1) / 2) {
        heap[i] = heap[(i - 1) / 2];
      }
      heap[i] = key;
    } else if (key > heap[0]) {
      replaceWorst(key);
    }
  }

  private void collect(long key) {
    if (key > worst) {
      heap[size++] = key;
      if (size == heap.length) {
        Arrays.sort(heap);
        System.arraycopy(heap, size - k, heap, 0, k);
        size = k;
        worst = heap[0];
      }
    }
  }

  private void replaceWorst(long key) {
    int i = 0;
    while (true) {
      int child = 2 * i + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= key) {
        break;
      }
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = key;
  }

  /** Best first. */
  Hits hits() {
    long[] keys = Arrays.copyOf(heap, size);
    Arrays.sort(keys);
    int best = Math.min(k, size);
    int[] rows = new int[best];
    float[] scores = new float[best];
    for (int i = 0; i < best; i++) {
      rows[i] = row(keys[size - 1 - i]);
      scores[i] = score(keys[size - 1 - i]);
    }
    return new Hits(rows, scores);
  }
}
