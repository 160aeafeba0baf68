package org.realm4j.reference.mips;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.realm4j.reference.kernels.ScanKernels;
import org.realm4j.reference.kernels.Workers;
import org.realm4j.retrieval.Vectors;

/**
 * The rows in a quarter of the memory: row x is s c with a scale s and whole numbers c from -127 to
 * 127, and an error e with |x - s c| &lt;= e. For any query, by the inequality of Cauchy and
 * Schwarz,
 *
 * <pre>
 * q . x  =  s (q . c) + q . (x - s c)  &lt;=  s (q . c) + |q| e
 * </pre>
 *
 * so a row whose bound stays below the threshold is not among the best, whatever the vectors are.
 * What rounding does to both sides, see {@link Rounding}, is a share of |q| (|x| + e), and is
 * contained in the error that is stored.
 *
 * <p>How they lie in memory, see {@link ScanKernels}: for each dimension the codes of 64 rows, so
 * that a scan needs no sum across a vector.
 */
final class Int8Codes {
  private static final double LARGEST = 127;

  private Int8Codes() {}

  static int blockBytes(int dimension) {
    return Math.addExact(ScanKernels.CODES, Math.multiplyExact(dimension, ScanKernels.BLOCK_ROWS));
  }

  static long bytes(int rows, int dimension) {
    return (long) Math.ceilDiv(rows, ScanKernels.BLOCK_ROWS) * blockBytes(dimension);
  }

  /** Codes all rows, whose values are known to be finite. */
  static MemorySegment encode(Vectors vectors, Arena arena, Workers workers) {
    int d = vectors.dimension();
    int size = blockBytes(d);
    MemorySegment codes = arena.allocate(bytes(vectors.rows(), d), 64);
    Encoder[] encoders = new Encoder[workers.count()];
    workers.run(
        Math.ceilDiv(vectors.rows(), ScanKernels.BLOCK_ROWS),
        (block, worker) -> {
          encoders[worker] = encoders[worker] == null ? new Encoder(d) : encoders[worker];
          int first = block * ScanKernels.BLOCK_ROWS;
          int rows = Math.min(ScanKernels.BLOCK_ROWS, vectors.rows() - first);
          vectors.copy(first, rows, encoders[worker].rows, 0);
          byte[] bytes = encoders[worker].block(rows);
          MemorySegment.copy(bytes, 0, codes, ValueLayout.JAVA_BYTE, (long) block * size, size);
        });
    return codes;
  }

  /** Codes a block of rows at a time. */
  static final class Encoder {
    /** {@code [64, dimension]}, to be filled. */
    final float[] rows;

    private final int dimension;
    private final byte[] block;
    private final ByteBuffer floats;

    Encoder(int dimension) {
      this.dimension = dimension;
      this.rows = new float[ScanKernels.BLOCK_ROWS * dimension];
      this.block = new byte[blockBytes(dimension)];
      this.floats = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The first rows coded; the others have scale and error 0. Overwritten by the next call. */
    byte[] block(int count) {
      java.util.Arrays.fill(block, (byte) 0);
      for (int r = 0; r < count; r++) {
        row(r);
      }
      return block;
    }

    private void row(int r) {
      int at = r * dimension;
      float largest = 0;
      for (int i = at; i < at + dimension; i++) {
        largest = Math.max(largest, Math.abs(rows[i]));
      }
      float scale = (float) (largest / LARGEST);
      int codesAt = ScanKernels.CODES + r;
      double squares = 0;
      double errors = 0;
      for (int i = 0; i < dimension; i++) {
        float x = rows[at + i];
        double code = scale == 0 ? 0 : Math.rint(x / (double) scale);
        code = Math.max(-LARGEST, Math.min(LARGEST, code));
        block[codesAt + i * ScanKernels.BLOCK_ROWS] = (byte) code;
        double error = x - scale * code;
        squares += (double) x * x;
        errors += error * error;
      }
      double error = Math.sqrt(errors);
      double rounding = Rounding.share(dimension) * (Math.sqrt(squares) + error);
      floats.putFloat(r * Float.BYTES, scale);
      floats.putFloat(ScanKernels.ERRORS + r * Float.BYTES, Rounding.up(error + rounding));
    }
  }
}
