package org.realm4j.reference.mips;

import java.nio.ByteOrder;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.retrieval.Vectors;

/** Computes the canonical score of every row: for few queries. */
final class RowScan implements Scan {
  /**
   * Rows that are copied at a time, as many as the kernel takes: while they are computed with, the
   * processor fetches those that follow. With 64 it ran at two thirds of the speed.
   */
  private static final int PIECE = 4;

  private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

  private final Queries queries;
  private final Vectors vectors;
  private final Kernels kernels;
  private final Best best;
  private final float[] piece;
  private final float[] scores;

  RowScan(Queries queries, Vectors vectors, Kernels kernels, Best best) {
    this.queries = queries;
    this.vectors = vectors;
    this.kernels = kernels;
    this.best = best;
    this.piece = new float[PIECE * queries.dimension()];
    this.scores = new float[BLOCK * queries.count()];
  }

  @Override
  public void rows(int from, int to) {
    boolean littleEndian = LITTLE_ENDIAN || vectors.memory().isNative(); // as the kernel reads
    if (queries.count() == 1 && littleEndian && queries.dimension() % 16 == 0) {
      direct(from, to);
    } else {
      copied(from, to);
    }
  }

  /** Without a copy between memory and the kernel, as fast as memory is read. */
  private void direct(int from, int to) {
    int d = queries.dimension();
    for (int row = from; row < to; row += BLOCK) {
      int rows = Math.min(BLOCK, to - row);
      kernels.dots(vectors.memory(), 4L * row * d, rows, queries.values(), d, scores);
      offer(row, rows);
    }
  }

  private void copied(int from, int to) {
    int count = queries.count();
    for (int row = from; row < to; row += PIECE) {
      int rows = Math.min(PIECE, to - row);
      vectors.copy(row, rows, piece, 0);
      kernels.dots(piece, 0, rows, queries.values(), count, queries.dimension(), scores);
      offer(row, rows);
    }
  }

  private void offer(int first, int rows) {
    for (int q = 0; q < queries.count(); q++) {
      for (int r = 0; r < rows; r++) {
        float score = scores[q * rows + r];
        if (score >= best.threshold(q)) {
          best.scored(q, first + r, score);
        }
      }
    }
  }
}
