package org.realm4j.reference.mips;

import org.realm4j.reference.kernels.Kernels;
import org.realm4j.retrieval.Vectors;

/**
 * The best rows that one worker has met, for each query. Scores are those of the canonical dot
 * product, whichever scan found the row, so all scans give the same bits.
 */
final class Best {
  private final Queries queries;
  private final Vectors vectors;
  private final Kernels kernels;
  private final TopK[] heaps;
  private final float[] row;

  Best(Queries queries, Vectors vectors, Kernels kernels) {
    this.queries = queries;
    this.vectors = vectors;
    this.kernels = kernels;
    this.row = new float[queries.dimension()];
    this.heaps = new TopK[queries.count()];
    for (int q = 0; q < heaps.length; q++) {
      heaps[q] = new TopK(queries.k());
    }
  }

  /** What a row's score must reach to be among the best of the query. */
  float threshold(int query) {
    return heaps[query].threshold();
  }

  /** A row that may be among the best. */
  void consider(int query, int number) {
    if (!queries.excluded().get(number)) {
      vectors.copy(number, 1, row, 0);
      consider(query, number, row, 0);
    }
  }

  /** The same, with its values at hand. */
  void consider(int query, int number, float[] rows, int at) {
    int d = queries.dimension();
    scored(query, number, kernels.dot(rows, at, queries.values(), query * d, d));
  }

  /** A row with its canonical score. */
  void scored(int query, int number, float score) {
    if (score >= heaps[query].threshold() && !queries.excluded().get(number)) {
      heaps[query].add(score, number);
    }
  }

  TopK of(int query) {
    return heaps[query];
  }
}
