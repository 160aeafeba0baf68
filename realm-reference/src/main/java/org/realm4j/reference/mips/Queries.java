package org.realm4j.reference.mips;

import java.util.Arrays;
import java.util.BitSet;
import org.realm4j.io.RealmException;
import org.realm4j.retrieval.Vectors;

/**
 * What one search asks for.
 *
 * @param values {@code [count, dimension]}
 * @param lengths Euclidean, of each query
 * @param k at most the number of rows
 * @param excluded rows that are no answer
 */
record Queries(float[] values, int count, int dimension, double[] lengths, int k, BitSet excluded) {
  /**
   * @throws RealmException.BadInput if k is below 1, or a query is not finite or too long
   */
  static Queries of(float[] values, int count, int k, BitSet excluded, Vectors vectors) {
    if (k < 1) {
      throw new RealmException.BadInput("k: expected at least 1, found " + k);
    }
    int d = vectors.dimension();
    double[] lengths = Vectors.lengths("queries", values, count, d, 0);
    return new Queries(values, count, d, lengths, Math.min(k, vectors.rows()), excluded);
  }

  /** Some of them. */
  Queries part(int first, int some) {
    return new Queries(
        Arrays.copyOfRange(values, first * dimension, (first + some) * dimension),
        some,
        dimension,
        Arrays.copyOfRange(lengths, first, first + some),
        k,
        excluded);
  }
}
