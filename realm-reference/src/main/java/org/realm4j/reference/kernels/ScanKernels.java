package org.realm4j.reference.kernels;

/**
 * The inner loops of maximum inner product search that look for rows whose score may be among the
 * best. They select only; scores that count are computed by {@link Kernels#dot}.
 */
public interface ScanKernels {
  /** Rows of a block of int8 codes. */
  int BLOCK_ROWS = 64;

  /** Where the errors of a block's rows begin, in bytes. */
  int ERRORS = BLOCK_ROWS * Float.BYTES;

  /** Where a block's codes begin, in bytes. */
  int CODES = 2 * ERRORS;

  /**
   * The rows r of a block for which scale(r) * (query . codes(r)) + length * error(r) reaches the
   * limit.
   *
   * @param block 64 scales and 64 errors, little-endian floats, and for each of n dimensions the
   *     codes of the 64 rows
   * @param query n values from {@code queryAt} on
   * @param sums at least 64 places, for what lies between
   * @param found at least 64 places; receives the rows, rising
   * @return how many there are
   */
  int codesReaching(
      byte[] block,
      float[] query,
      int queryAt,
      int n,
      float length,
      float limit,
      float[] sums,
      int[] found);

  /**
   * The places p &lt; rows * cols of a matrix with scores[p] &gt;= limits[p % cols].
   *
   * @param cols a multiple of 16
   * @param found receives the places, rising
   * @return how many there are
   */
  int reaching(float[] scores, int rows, int cols, float[] limits, int[] found);
}
