package org.realm4j.retrieval;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Map;

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
   * @throws org.realm4j.io.RealmException.BadInput if a query is not finite, with row and column,
   *     or so long that its inner products could overflow
   */
  default Hits[] search(float[] queries, int count, int k) {
    return search(queries, count, k, new BitSet());
  }

  /**
   * The same among the rows that are left when some are excluded, such as removed ones.
   *
   * @param excluded rows that are no answer; not written to while this runs
   */
  Hits[] search(float[] queries, int count, int k, BitSet excluded);

  /**
   * What the build computed besides the vectors, by name: kept in files, it is what {@link
   * MipsIndexProvider#open} needs. Valid until the index is closed.
   */
  default Map<String, MemorySegment> parts() {
    return Map.of();
  }

  /** What it is made of, and how good it was found to be, in a line for people. */
  default String describe() {
    return "all rows are compared";
  }

  /** Idempotent. To be called when no search is under way and none will begin. */
  @Override
  void close();

  /**
   * @param rows best first
   * @param scores the inner products, in the same order
   */
  record Hits(int[] rows, float[] scores) {}
}
