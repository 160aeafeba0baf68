package org.realm4j.reference.mips;

import org.realm4j.reference.kernels.Kernels;
import org.realm4j.retrieval.Vectors;

/** Computes the canonical score of every row: for few queries. */
final class RowScan implements Scan {
  private final Queries queries;
  private final Vectors vectors;
  private final Kernels kernels;
  private final Best best;
  private final float[] block;
  private final float[] scores;

  RowScan(Queries queries, Vectors vectors, Kernels kernels, Best best) {
    this.queries = queries;
    this.vectors = vectors;
    this.kernels = kernels;
    this.best = best;
    this.block = new float[BLOCK * queries.dimension()];
    this.scores = new float[BLOCK * queries.count()];
  }

  @Override
  public void rows(int from, int to) {
    if (queries.count() == 1 && vectors.memory().isNative() && queries.dimension() % 16 == 0) {
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
    for (int row = from; row < to; row += BLOCK) {
      int rows = Math.min(BLOCK, to - row);
      vectors.copy(row, rows, block, 0);
      kernels.dots(block, 0, rows, queries.values(), count, queries.dimension(), scores);
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
