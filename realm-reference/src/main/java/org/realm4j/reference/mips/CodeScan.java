package org.realm4j.reference.mips;

import java.lang.foreign.MemorySegment;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.TileKernels;

/**
 * Reads the {@link Int8Codes}, a quarter of the memory, and scores only the rows whose bound
 * reaches the threshold. Few queries meet the codes one by one; for many, a block is turned into
 * floats once and multiplied with all of them.
 */
final class CodeScan implements Scan {
  /** From this number of queries on the product pays. */
  private static final int MANY = 4;

  private final Queries queries;
  private final MemorySegment codes;
  private final ScaledQueries scaled;
  private final Kernels kernels;
  private final Best best;
  private final int blockBytes;
  private final float[] packed; // the scaled queries, as tiles
  private final float[] panels; // the codes

  CodeScan(Queries queries, MemorySegment codes, Kernels kernels, Best best) {
    this.queries = queries;
    this.codes = codes;
    this.scaled = new ScaledQueries(queries, kernels.scans());
    this.kernels = kernels;
    this.best = best;
    this.blockBytes = Int8Codes.blockBytes(queries.dimension());
    boolean many = queries.count() >= MANY;
    int d = queries.dimension();
    TileKernels tiles = kernels.tiles();
    this.packed = new float[many ? tiles.packedRows(queries.count(), d) : 0];
    if (many) {
      tiles.packRows(scaled.values(), 0, d, queries.count(), d, packed, 0);
    }
    this.panels = new float[many ? BLOCK * d : 0];
  }

  @Override
  public void rows(int from, int to) {
    boolean many = queries.count() >= MANY;
    for (int row = from; row < to; row += BLOCK) {
      long at = (long) (row / BLOCK) * blockBytes;
      if (many) {
        multiply(scaled.load(codes, at));
      } else {
        scaled.multiply(codes, at);
      }
      int first = row;
      ScaledQueries.Rows rows = place -> first + place < to ? first + place : -1;
      for (int q = 0; q < queries.count(); q++) {
        scaled.offer(q, rows, best);
      }
    }
  }

  /** What {@link ScaledQueries#multiply} does for a few. */
  private void multiply(byte[] block) {
    int d = queries.dimension();
    TileKernels tiles = kernels.tiles();
    int width = tiles.tileCols();
    kernels.scans().decode(block, d, width, panels);
    for (int col = 0; col < BLOCK; col += width) {
      for (int q = 0; q < queries.count(); q += tiles.tileRows()) {
        tiles.tile(
            d,
            Math.min(tiles.tileRows(), queries.count() - q),
            2,
            packed,
            q / tiles.tileRows() * d * tiles.rowStep(),
            panels,
            col * d,
            scaled.products(),
            q * BLOCK + col,
            BLOCK,
            false);
      }
    }
  }
}
