package org.realm4j.reference.mips;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.ScanKernels;
import org.realm4j.reference.kernels.TileKernels;

/**
 * Queries scaled by powers of 2 to lengths from 0.5 to 1, so that nothing of their products with
 * {@link Int8Codes} under- or overflows. Belongs to one worker.
 */
final class ScaledQueries {
  /** Rows of a block that are not worth sorting. */
  private static final int FEW = 4;

  /** From this number of queries on it pays to turn codes into floats and multiply matrices. */
  private static final int MANY = 4;

  /**
   * Dimensions whose codes, 2 KiB, are copied at a time for a few queries. The processor fetches
   * some way ahead of what is copied; with a whole block at a time it has nothing to do while that
   * is multiplied. For many, multiplying takes longer than fetching, and pieces only cost.
   */
  private static final int PIECE = 32;

  private final ScanKernels kernels;
  private final TileKernels tiles;
  private final int dimension;
  private final float[] values;
  private final int[] exponents;
  private final float[] lengths;
  private final float[] products; // [count, 64], of the queries and the block's codes
  private final float[] packed; // many queries as tiles
  private final float[] panels; // the block's codes as floats, for them
  private final byte[] block;
  private final ByteBuffer floats; // over the block
  private final int[] found = new int[ScanKernels.BLOCK_ROWS];
  private final long[] order = new long[ScanKernels.BLOCK_ROWS];

  ScaledQueries(Queries queries, Kernels kernels) {
    this.kernels = kernels.scans();
    this.tiles = kernels.tiles();
    this.dimension = queries.dimension();
    this.block = new byte[Int8Codes.blockBytes(dimension)];
    this.floats = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    this.products = new float[queries.count() * ScanKernels.BLOCK_ROWS];
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
    boolean many = queries.count() >= MANY;
    this.packed = new float[many ? tiles.packedRows(queries.count(), dimension) : 0];
    this.panels = new float[many ? ScanKernels.BLOCK_ROWS * dimension : 0];
    if (many) {
      tiles.packRows(values, 0, dimension, queries.count(), dimension, packed, 0);
    }
  }

  /** What the rows of a block are. */
  interface Rows {
    /** The number of the row at a place of the block, -1 if there is none. */
    int number(int place);
  }

  /** Multiplies the block at {@code at}, whose rows are then offered, with every query. */
  void multiply(MemorySegment codes, long at) {
    if (packed.length > 0) {
      copy(codes, at, 0, block.length);
      multiplyMany();
      return;
    }
    copy(codes, at, 0, ScanKernels.CODES);
    for (int i = 0; i < dimension; i += PIECE) {
      int n = Math.min(PIECE, dimension - i);
      int from = ScanKernels.CODES + i * ScanKernels.BLOCK_ROWS;
      copy(codes, at, from, n * ScanKernels.BLOCK_ROWS);
      for (int q = 0; q < exponents.length; q++) {
        int to = q * ScanKernels.BLOCK_ROWS;
        kernels.codeProducts(block, from, values, q * dimension + i, n, products, to, i > 0);
      }
    }
  }

  private void copy(MemorySegment codes, long blockAt, int from, int bytes) {
    MemorySegment.copy(codes, ValueLayout.JAVA_BYTE, blockAt + from, block, from, bytes);
  }

  private void multiplyMany() {
    int width = tiles.tileCols();
    kernels.decode(block, dimension, width, panels);
    for (int col = 0; col < ScanKernels.BLOCK_ROWS; col += width) {
      for (int q = 0; q < exponents.length; q += tiles.tileRows()) {
        tiles.tile(
            dimension,
            Math.min(tiles.tileRows(), exponents.length - q),
            2,
            packed,
            q / tiles.tileRows() * dimension * tiles.rowStep(),
            panels,
            col * dimension,
            products,
            q * ScanKernels.BLOCK_ROWS + col,
            ScanKernels.BLOCK_ROWS,
            false);
      }
    }
  }

  /** Offers the rows of the block that may be among the best, once there are products. */
  void offer(int query, Rows rows, Best best) {
    int at = query * ScanKernels.BLOCK_ROWS;
    float limit = limit(query, best.threshold(query));
    int count = kernels.boundsReaching(block, products, at, lengths[query], limit, found);
    if (count > FEW) {
      offerInOrder(query, rows, best, count);
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
  private void offerInOrder(int query, Rows rows, Best best, int count) {
    int at = query * ScanKernels.BLOCK_ROWS;
    for (int i = 0; i < count; i++) {
      int r = found[i];
      float scale = floats.getFloat(Float.BYTES * r);
      float error = floats.getFloat(ScanKernels.ERRORS + Float.BYTES * r);
      float bound = Math.fma(error, lengths[query], products[at + r] * scale);
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
