package org.realm4j.gpu;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.realm4j.io.RealmException;

/**
 * The buffers of one session. ND4J itself gives the memory of a result back when the garbage
 * collector finds it, which on a device is too late; so every operation writes into a buffer from
 * here, and buffers are used again.
 */
final class Memory implements AutoCloseable {
  private static final long MIB = 1L << 20;

  private final long limit;
  private final Map<DataType, Map<Long, Deque<DataBuffer>>> free = new EnumMap<>(DataType.class);
  private final Set<DataBuffer> lent = Collections.newSetFromMap(new IdentityHashMap<>());
  private long allocated; // bytes, free and lent

  /**
   * @param limit bytes that the session may hold
   */
  Memory(long limit) {
    this.limit = limit;
  }

  long allocated() {
    return allocated;
  }

  /** A buffer of at least {@code n} elements with anything in it. */
  DataBuffer take(DataType type, long n) {
    long size = sizeClass(n);
    Deque<DataBuffer> list = of(type).get(size);
    DataBuffer buffer = list == null ? null : list.poll();
    if (buffer == null) {
      buffer = allocate(type, size);
    }
    lent.add(buffer);
    return buffer;
  }

  void give(DataBuffer buffer) {
    if (lent.remove(buffer)) {
      of(buffer.dataType()).computeIfAbsent(buffer.length(), _ -> new ArrayDeque<>()).push(buffer);
    }
  }

  private Map<Long, Deque<DataBuffer>> of(DataType type) {
    return free.computeIfAbsent(type, _ -> new HashMap<>());
  }

  /** Multiples of an eighth of a power of two: at most a fifth is wasted, and sizes are few. */
  static long sizeClass(long n) {
    long step = Math.max(64, Long.highestOneBit(Math.max(n - 1, 1)) >> 2);
    return (n + step - 1) / step * step;
  }

  private DataBuffer allocate(DataType type, long size) {
    long bytes = size * type.width();
    if (allocated + bytes > limit) {
      trim();
    }
    if (allocated + bytes > limit) {
      throw outOfMemory(bytes, null);
    }
    DataBuffer buffer;
    try {
      buffer = allocateNow(type, size);
    } catch (RuntimeException | OutOfMemoryError e) {
      trim();
      try {
        buffer = allocateNow(type, size);
      } catch (RuntimeException | OutOfMemoryError again) {
        throw outOfMemory(bytes, again);
      }
    }
    allocated += bytes;
    return buffer;
  }

  private static DataBuffer allocateNow(DataType type, long size) {
    // Detached: a workspace that the caller's thread may have open must not own it. Sizes are
    // multiples of 64 and may be beyond an int.
    return Nd4j.createBufferDetached(new int[] {Math.toIntExact(size / 64), 64}, type);
  }

  private RealmException.OutOfMemory outOfMemory(long bytes, @Nullable Throwable cause) {
    String message =
        "ND4J: an array of "
            + mib(bytes)
            + " does not fit beside the "
            + mib(allocated)
            + " in use"
            + (limit == Long.MAX_VALUE ? "" : "; the limit is " + mib(limit));
    return cause == null
        ? new RealmException.OutOfMemory(message)
        : new RealmException.OutOfMemory(message + ": " + cause.getMessage(), cause);
  }

  private static String mib(long bytes) {
    return (bytes + MIB - 1) / MIB + " MiB";
  }

  /** Gives back to the device what nobody uses. */
  void trim() {
    List<DataBuffer> unused = new ArrayList<>();
    free.values().forEach(sizes -> sizes.values().forEach(unused::addAll));
    free.clear();
    unused.forEach(this::release);
  }

  private void release(DataBuffer buffer) {
    allocated -= buffer.length() * buffer.dataType().width();
    buffer.close();
  }

  @Override
  public void close() {
    trim();
    lent.forEach(this::release);
    lent.clear();
  }
}
