package org.realm4j.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntFunction;

/** Arrays as little-endian bytes. */
final class LittleEndian {
  /** Some machines cannot make the longest arrays. */
  static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private static final int CHUNK = 1 << 16;

  private LittleEndian() {}

  /** Allocates an array whose length has been checked against the file. */
  static <T> T allocate(IntFunction<T> constructor, long length, String where) {
    if (length < 0 || length > MAX_ARRAY) {
      throw new RealmException.Incompatible(
          "%s: %,d elements; a Java array holds at most %,d".formatted(where, length, MAX_ARRAY));
    }
    try {
      return constructor.apply((int) length);
    } catch (OutOfMemoryError e) {
      throw new RealmException.OutOfMemory(
          "%s: no heap for an array of %,d elements".formatted(where, length), e);
    }
  }

  static void write(OutputStream out, float[] values) throws IOException {
    ByteBuffer chunk = chunk();
    for (int i = 0, n; i < values.length; i += n) {
      n = Math.min(values.length - i, CHUNK / Float.BYTES);
      chunk.asFloatBuffer().put(values, i, n);
      out.write(chunk.array(), 0, n * Float.BYTES);
    }
  }

  static void write(OutputStream out, double[] values) throws IOException {
    ByteBuffer chunk = chunk();
    for (int i = 0, n; i < values.length; i += n) {
      n = Math.min(values.length - i, CHUNK / Double.BYTES);
      chunk.asDoubleBuffer().put(values, i, n);
      out.write(chunk.array(), 0, n * Double.BYTES);
    }
  }

  static void write(OutputStream out, long[] values) throws IOException {
    ByteBuffer chunk = chunk();
    for (int i = 0, n; i < values.length; i += n) {
      n = Math.min(values.length - i, CHUNK / Long.BYTES);
      chunk.asLongBuffer().put(values, i, n);
      out.write(chunk.array(), 0, n * Long.BYTES);
    }
  }

  private static ByteBuffer chunk() {
    return ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
  }
}
