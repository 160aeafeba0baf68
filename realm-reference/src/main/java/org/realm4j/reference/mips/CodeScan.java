package org.realm4j.reference.mips;

import java.lang.foreign.MemorySegment;
import org.realm4j.reference.kernels.Kernels;

/**
 * Reads the {@link Int8Codes}, a quarter of the memory, and scores only the rows whose bound
 * reaches the threshold.
 */
final class CodeScan implements Scan {
  private final Queries queries;
  private final MemorySegment codes;
  private final ScaledQueries scaled;
  private final Best best;
  private final int blockBytes;

  CodeScan(Queries queries, MemorySegment codes, Kernels kernels, Best best) {
    this.queries = queries;
    this.codes = codes;
    this.scaled = new ScaledQueries(queries, kernels);
    this.best = best;
    this.blockBytes = Int8Codes.blockBytes(queries.dimension());
  }

  @Override
  public void rows(int from, int to) {
    for (int row = from; row < to; row += BLOCK) {
      int first = row;
      ScaledQueries.Rows rows = place -> first + place < to ? first + place : -1;
      scaled.multiply(codes, (long) (row / BLOCK) * blockBytes);
      for (int q = 0; q < queries.count(); q++) {
        scaled.offer(q, rows, best);
      }
    }
  }
}
