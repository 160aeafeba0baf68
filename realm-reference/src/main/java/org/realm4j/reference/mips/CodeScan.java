package org.realm4j.reference.mips;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.realm4j.reference.kernels.Kernels;

/**
 * Reads the {@link Int8Codes}, a quarter of the memory, and scores only the rows whose bound
 * reaches the threshold: for few queries.
 */
final class CodeScan implements Scan {
  private final Queries queries;
  private final MemorySegment codes;
  private final ScaledQueries scaled;
  private final Best best;
  private final byte[] block;
  private final int[] found = new int[BLOCK];

  CodeScan(Queries queries, MemorySegment codes, Kernels kernels, Best best) {
    this.queries = queries;
    this.codes = codes;
    this.scaled = new ScaledQueries(queries, kernels.scans());
    this.best = best;
    this.block = new byte[Int8Codes.blockBytes(queries.dimension())];
  }

  @Override
  public void rows(int from, int to) {
    for (int row = from; row < to; row += BLOCK) {
      long at = (long) (row / BLOCK) * block.length;
      MemorySegment.copy(codes, ValueLayout.JAVA_BYTE, at, block, 0, block.length);
      for (int q = 0; q < queries.count(); q++) {
        int count = scaled.reaching(q, block, best.threshold(q), found);
        for (int i = 0; i < count; i++) {
          if (row + found[i] < to) {
            best.consider(q, row + found[i]);
          }
        }
      }
    }
  }
}
