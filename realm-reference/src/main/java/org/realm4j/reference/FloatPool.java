package org.realm4j.reference;

import it.unimi.dsi.fastutil.ints.Int2ObjectOpenHashMap;
import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;

/**
 * Arrays that are used again, by size class: eight classes to each doubling, so that at most an
 * eighth is wasted. An array is at least as long as was asked. Batches differ from step to step, so
 * what lies free is bounded by a share of what was lent at the same time; the rest goes back to the
 * heap, the longest unused first. For one thread.
 */
final class FloatPool {
  private static final int CLASSES = 8;
  private static final int SMALLEST = 64;
  private static final long LARGEST = Integer.MAX_VALUE - 8;

  /** What may lie free beside the largest amount lent lately. */
  private static final double SLACK = 0.25;

  /** How many size classes above the right one are looked at: up to half as much again. */
  private static final int LARGER = 4;

  /**
   * An array that may be taken, and when it was given back. What lies free is held softly: other
   * sessions have pools of their own, and need not fail for memory that nobody uses.
   */
  private record Free(SoftReference<float[]> array, int size, long since) {}

  private final Int2ObjectOpenHashMap<ArrayDeque<Free>> free = new Int2ObjectOpenHashMap<>();
  private long allocated;
  private long lent;
  private long lentLately;
  private long clock;

  /** Floats that this pool holds or has lent. */
  long allocated() {
    return allocated;
  }

  /** An array of at least n elements with anything in it. */
  float[] take(long n) {
    int size = sizeClass(n);
    float[] array = null;
    // A larger one will do: batches differ a little, and allocating means zeroing.
    for (int i = 0, fit = size; i <= LARGER && array == null; i++, fit = nextClass(fit)) {
      array = takeFree(free.get(fit));
    }
    if (array == null) {
      array = allocateCounted(size);
    }
    lent += array.length;
    lentLately = Math.max(lentLately, lent);
    return array;
  }

  private float @Nullable [] takeFree(@Nullable ArrayDeque<Free> list) {
    while (list != null && !list.isEmpty()) {
      Free last = list.removeLast();
      float[] array = last.array().get();
      if (array != null) {
        return array;
      }
      allocated -= last.size(); // the collector needed it
    }
    return null;
  }

  /** An array of which the first n elements are 0. */
  float[] zeros(int n) {
    float[] array = take(n);
    Arrays.fill(array, 0, n, 0f);
    return array;
  }

  void give(float[] array) {
    lent -= array.length;
    free.computeIfAbsent(array.length, _ -> new ArrayDeque<>())
        .addLast(new Free(new SoftReference<>(array), array.length, clock++));
  }

  private float[] allocateCounted(int size) {
    long bound = (long) (Math.max(lentLately, lent + size) * (1 + SLACK));
    while (allocated + size > bound && dropLongestUnused()) {
      lentLately = Math.max(lent + size, lentLately - size / 8); // forgets a rare large batch
    }
    float[] array;
    try {
      array = new float[size];
    } catch (OutOfMemoryError e) {
      while (dropLongestUnused()) {}
      array = allocate(size);
    }
    allocated += size;
    return array;
  }

  private boolean dropLongestUnused() {
    ArrayDeque<Free> oldest = null;
    for (ArrayDeque<Free> list : free.values()) {
      if (!list.isEmpty()
          && (oldest == null || list.getFirst().since() < oldest.getFirst().since())) {
        oldest = list;
      }
    }
    if (oldest == null) {
      return false;
    }
    allocated -= oldest.removeFirst().size();
    return true;
  }

  /** An array outside of any pool, with the library's own exception when there is no room. */
  static float[] allocate(long n) {
    if (n > LARGEST) {
      throw tooLarge(n);
    }
    try {
      return new float[(int) n];
    } catch (OutOfMemoryError e) {
      throw new RealmException.OutOfMemory(
          "the heap has no room for another %,d bytes (limit %,d): use a smaller batch or -Xmx"
              .formatted(4 * n, Runtime.getRuntime().maxMemory()),
          e);
    }
  }

  private static RealmException tooLarge(long n) {
    return new RealmException.OutOfMemory(
        "%,d bytes are more than one array can hold: use a smaller batch".formatted(4 * n),
        new OutOfMemoryError());
  }

  private static int nextClass(int size) {
    return (int) Math.min(size + Math.max(Integer.highestOneBit(size) / CLASSES, 1L), LARGEST);
  }

  private static int sizeClass(long n) {
    if (n > LARGEST) {
      throw tooLarge(n);
    }
    if (n <= SMALLEST) {
      return SMALLEST;
    }
    long step = Math.max(Long.highestOneBit(n - 1) / CLASSES, 1);
    return (int) Math.min((n + step - 1) / step * step, LARGEST);
  }
}
