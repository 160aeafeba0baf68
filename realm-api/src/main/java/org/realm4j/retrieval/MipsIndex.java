package org.realm4j.retrieval;

/**
 * Maximum inner product search over the rows of a matrix, by raw (not normalised) inner products.
 * Immutable; any number of threads may search at once.
 */
public interface MipsIndex extends AutoCloseable {
  /** Number of vectors. */
  int size();

  int dimension();

  /**
   * The k rows with the largest inner products for each query, best first, ties by the lower row.
   *
   * @param queries {@code [count, dimension]}, row-major
   * @param k at least 1; more than {@link #size()} gives all rows
   * @return one per query
   * @throws org.realm4j.io.RealmException.BadInput if a query is not finite, with row and column
   */
  Hits[] search(float[] queries, int count, int k);

  /** Idempotent. */
  @Override
  void close();

  /**
   * @param rows best first
   * @param scores the inner products, in the same order
   */
  record Hits(int[] rows, float[] scores) {}
}
