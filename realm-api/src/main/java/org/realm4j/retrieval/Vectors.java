package org.realm4j.retrieval;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;
import org.realm4j.io.RealmException;

/**
 * A matrix of vectors, {@code [rows, dimension]} in float32, row after row: in an array, or in
 * memory outside the heap, such as a mapped file, where it may be larger than 2 GiB. Nobody writes
 * to it while an index over it is in use. Thread-safe as its memory is.
 */
public final class Vectors {
  /**
   * No vector may be longer. The sums that make up an inner product of two such vectors stay below
   * 2^126 in any order, hence in float32.
   */
  public static final double LONGEST = 0x1p62;

  /** As in memory, so in files. */
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment memory;
  private final ValueLayout.OfFloat layout;
  private final int rows;
  private final int dimension;

  private Vectors(MemorySegment memory, ValueLayout.OfFloat layout, int dimension) {
    long values = memory.byteSize() / Float.BYTES;
    if (dimension < 1 || memory.byteSize() % Float.BYTES != 0 || values % dimension != 0) {
      throw new RealmException.BadInput(
          "vectors: %,d values are not rows of %,d".formatted(values, dimension));
    }
    if (values / dimension > Integer.MAX_VALUE) {
      throw new RealmException.BadInput(
          "vectors: expected at most %,d rows, found %,d"
              .formatted(Integer.MAX_VALUE, values / dimension));
    }
    this.memory = memory;
    this.layout = layout;
    this.rows = (int) (values / dimension);
    this.dimension = dimension;
  }

  /**
   * Over an array, which is not copied.
   *
   * @throws RealmException.BadInput if its length is no multiple of the dimension
   */
  public static Vectors of(float[] rowMajor, int dimension) {
    return new Vectors(
        MemorySegment.ofArray(rowMajor), ValueLayout.JAVA_FLOAT_UNALIGNED, dimension);
  }

  /**
   * Over memory outside the heap that holds little-endian floats; whoever opened it keeps it open.
   *
   * @throws RealmException.BadInput if its length is no multiple of the dimension
   */
  public static Vectors of(MemorySegment memory, int dimension) {
    return new Vectors(memory, FLOAT, dimension);
  }

  public int rows() {
    return rows;
  }

  public int dimension() {
    return dimension;
  }

  /** The memory itself, in the order of the processor if it is an array, else little-endian. */
  public MemorySegment memory() {
    return memory;
  }

  /**
   * Copies rows from {@code from} on to {@code to[at …]}.
   *
   * @throws IndexOutOfBoundsException if there are not so many rows, or not so much room
   */
  public void copy(int from, int count, float[] to, int at) {
    Objects.checkFromIndexSize(from, count, rows);
    MemorySegment.copy(
        memory, layout, (long) from * dimension * Float.BYTES, to, at, count * dimension);
  }

  /**
   * The Euclidean lengths of vectors, in double precision.
   *
   * @param what names them in a failure
   * @param values {@code [count, dimension]}, row-major
   * @param first the number of the first row, for a failure
   * @throws RealmException.BadInput if there are too few values, one is not finite, with row and
   *     column, or a vector is longer than {@link #LONGEST}
   */
  public static double[] lengths(String what, float[] values, int count, int dimension, int first) {
    if (values.length < (long) count * dimension) {
      throw new RealmException.BadInput(
          "%s: expected %,d x %,d values, found %,d"
              .formatted(what, count, dimension, values.length));
    }
    double[] lengths = new double[count];
    for (int row = 0; row < count; row++) {
      lengths[row] = Math.sqrt(squares(values, row * dimension, dimension));
      if (!(lengths[row] <= LONGEST)) {
        refuse(what, values, row * dimension, dimension, first + row, lengths[row]);
      }
    }
    return lengths;
  }

  /** Four sums, so that the additions do not wait for each other. */
  private static double squares(float[] x, int at, int n) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = at;
    for (; i + 3 < at + n; i += 4) {
      a += (double) x[i] * x[i];
      b += (double) x[i + 1] * x[i + 1];
      c += (double) x[i + 2] * x[i + 2];
      d += (double) x[i + 3] * x[i + 3];
    }
    for (; i < at + n; i++) {
      a += (double) x[i] * x[i];
    }
    return a + b + (c + d);
  }

  private static void refuse(String what, float[] x, int at, int n, int row, double length) {
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(x[at + i])) {
        throw new RealmException.BadInput(
            "%s: row %,d, column %d is %s".formatted(what, row, i, x[at + i]));
      }
    }
    throw new RealmException.BadInput(
        "%s: row %,d: expected a length of at most %.2e, found %.2e: inner products could overflow"
            .formatted(what, row, LONGEST, length));
  }
}
