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
  private final float[] panel;
  private final float[] products;

  CodeScan(Queries queries, MemorySegment codes, Kernels kernels, Best best) {
    this.queries = queries;
    this.codes = codes;
    this.scaled = new ScaledQueries(queries, kernels.scans());
    this.kernels = kernels;
    this.best = best;
    this.blockBytes = Int8Codes.blockBytes(queries.dimension());
    boolean many = queries.count() >= MANY;
    this.panel = new float[many ? BLOCK * queries.dimension() : 0];
    this.products = new float[many ? BLOCK * queries.count() : 0];
  }

  @Override
  public void rows(int from, int to) {
    boolean many = queries.count() >= MANY;
    for (int row = from; row < to; row += BLOCK) {
      long at = (long) (row / BLOCK) * blockBytes;
      byte[] block = scaled.load(codes, at);
      if (many) {
        multiply(block);
      }
      int first = row;
      ScaledQueries.Rows rows = place -> first + place < to ? first + place : -1;
      for (int q = 0; q < queries.count(); q++) {
        if (many) {
          scaled.offer(q, products, q * BLOCK, rows, best);
        } else {
          scaled.offer(q, rows, best);
        }
      }
    }
  }

  /** products[q, r] = scaled query q . codes(r) */
  private void multiply(byte[] block) {
    int d = queries.dimension();
    kernels.scans().decode(block, d, panel);
    TileKernels tiles = kernels.tiles();
    int vectors = Math.min(2, tiles.tileCols() / tiles.vector());
    for (int q = 0; q < queries.count(); q += tiles.tileRows()) {
      int rows = Math.min(tiles.tileRows(), queries.count() - q);
      for (int col = 0; col < BLOCK; col += vectors * tiles.vector()) {
        tiles.tile(
            d,
            rows,
            vectors,
            scaled.values(),
            q * d,
            d,
            1,
            panel,
            col,
            BLOCK,
            products,
            q * BLOCK + col,
            BLOCK,
            false);
      }
    }
  }
}
