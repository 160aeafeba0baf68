package org.realm4j.reference.mips;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.realm4j.reference.kernels.ScanKernels;

/**
 * Queries scaled by powers of 2 to lengths from 0.5 to 1, so that nothing of their products with
 * {@link Int8Codes} under- or overflows. Belongs to one worker.
 */
final class ScaledQueries {
  /** Rows of a block that are not worth sorting. */
  private static final int FEW = 4;

  private final ScanKernels kernels;
  private final int dimension;
  private final float[] values;
  private final int[] exponents;
  private final float[] lengths;
  private final float[] products = new float[ScanKernels.BLOCK_ROWS];
  private final byte[] block;
  private final ByteBuffer floats; // over the block
  private final int[] found = new int[ScanKernels.BLOCK_ROWS];
  private final long[] order = new long[ScanKernels.BLOCK_ROWS];

  ScaledQueries(Queries queries, ScanKernels kernels) {
    this.kernels = kernels;
    this.dimension = queries.dimension();
    this.block = new byte[Int8Codes.blockBytes(dimension)];
    this.floats = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    this.values = new float[queries.count() * dimension];
    this.exponents = new int[queries.count()];
    this.lengths = new float[queries.count()];
    for (int q = 0; q < queries.count(); q++) {
      double length = queries.lengths()[q];
      exponents[q] = length == 0 ? 0 : Math.getExponent(length) + 1;
      lengths[q] = Rounding.up(Math.scalb(length, -exponents[q]));
      for (int i = q * dimension; i < (q + 1) * dimension; i++) {
        values[i] = (float) Math.scalb((double) queries.values()[i], -exponents[q]);
      }
    }
  }

  /** The scaled queries, {@code [count, dimension]}. */
  float[] values() {
    return values;
  }

  /** What the rows of a block are. */
  interface Rows {
    /** The number of the row at a place of the block, -1 if there is none. */
    int number(int place);
  }

  /** Copies the block at {@code at}, which the calls that follow are about, and returns it. */
  byte[] load(MemorySegment codes, long at) {
    MemorySegment.copy(codes, ValueLayout.JAVA_BYTE, at, block, 0, block.length);
    return block;
  }

  /** Offers the rows of the block that may be among the best. */
  void offer(int query, Rows rows, Best best) {
    kernels.codeProducts(block, values, query * dimension, dimension, products);
    offer(query, products, 0, rows, best);
  }

  /** The same, with the products of the scaled query and the codes at hand. */
  void offer(int query, float[] given, int givenAt, Rows rows, Best best) {
    float limit = limit(query, best.threshold(query));
    int count = kernels.boundsReaching(block, given, givenAt, lengths[query], limit, found);
    if (count > FEW) {
      offerInOrder(query, given, givenAt, rows, best, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      int row = rows.number(found[i]);
      if (row >= 0) {
        best.consider(query, row);
      }
    }
  }

  /**
   * By their bounds, largest first: the threshold rises with the first of them, and the others need
   * not be scored, which would fetch each from memory.
   */
  private void offerInOrder(
      int query, float[] given, int givenAt, Rows rows, Best best, int count) {
    for (int i = 0; i < count; i++) {
      int r = found[i];
      float scale = floats.getFloat(Float.BYTES * r);
      float error = floats.getFloat(ScanKernels.ERRORS + Float.BYTES * r);
      float bound = Math.fma(error, lengths[query], given[givenAt + r] * scale);
      order[i] = TopK.key(bound, r);
    }
    Arrays.sort(order, 0, count);
    for (int i = count - 1; i >= 0; i--) {
      if (TopK.score(order[i]) < limit(query, best.threshold(query))) {
        return;
      }
      int row = rows.number(TopK.row(order[i]));
      if (row >= 0) {
        best.consider(query, row);
      }
    }
  }

  /** What the bound of a row must reach. */
  private float limit(int query, float threshold) {
    double underflow = Rounding.underflow(dimension);
    return Rounding.down(Math.scalb(threshold - underflow, -exponents[query]) - underflow);
  }
}
