package org.realm4j.reference;

import it.unimi.dsi.fastutil.ints.Int2ObjectOpenHashMap;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.realm4j.io.RealmException;

/**
 * Arrays that are used again, by size class: four classes to each doubling, so that at most a fifth
 * is wasted. An array is at least as long as was asked. For one thread.
 */
final class FloatPool {
  private static final int SMALLEST = 64;
  private static final long LARGEST = Integer.MAX_VALUE - 8;

  private final Int2ObjectOpenHashMap<ArrayDeque<float[]>> free = new Int2ObjectOpenHashMap<>();
  private long allocated;

  /** Floats that this pool holds or has lent. */
  long allocated() {
    return allocated;
  }

  /** An array of at least n elements with anything in it. */
  float[] take(long n) {
    int size = sizeClass(n);
    ArrayDeque<float[]> list = free.get(size);
    float[] array = list == null ? null : list.pollLast();
    return array == null ? allocateCounted(size) : array;
  }

  /** An array of which the first n elements are 0. */
  float[] zeros(int n) {
    float[] array = take(n);
    Arrays.fill(array, 0, n, 0f);
    return array;
  }

  void give(float[] array) {
    free.computeIfAbsent(array.length, _ -> new ArrayDeque<>()).addLast(array);
  }

  private float[] allocateCounted(int size) {
    float[] array;
    try {
      array = new float[size];
    } catch (OutOfMemoryError e) {
      dropFree();
      array = allocate(size);
    }
    allocated += size;
    return array;
  }

  private void dropFree() {
    for (ArrayDeque<float[]> list : free.values()) {
      for (float[] array : list) {
        allocated -= array.length;
      }
    }
    free.clear();
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

  private static int sizeClass(long n) {
    if (n > LARGEST) {
      throw tooLarge(n);
    }
    if (n <= SMALLEST) {
      return SMALLEST;
    }
    long step = Math.max(Long.highestOneBit(n - 1) >> 2, 1);
    return (int) Math.min((n + step - 1) / step * step, LARGEST);
  }
}
