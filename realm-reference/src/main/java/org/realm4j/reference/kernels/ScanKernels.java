package org.realm4j.reference.kernels;

import java.lang.foreign.MemorySegment;

/**
 * The inner loops of maximum inner product search that look for rows whose score may be among the
 * best. They select only; scores that count are computed by {@link Kernels#dot}.
 *
 * <p>Codes lie in blocks of {@value #BLOCK_ROWS} rows, outside the heap: their scales, their
 * errors, both little-endian floats, and then a line of 64 bytes for each dimension. Byte {@code 4
 * (r % 16) + r / 16} of a line is the code of row r, so that one load brings 16 whole numbers of
 * four codes each, which shifts take apart. A load for each 16 codes would keep four times as many
 * loads waiting for the same line of memory, and ran at half the speed.
 */
public interface ScanKernels {
  /** Rows of a block of int8 codes. */
  int BLOCK_ROWS = 64;

  /** Where the errors of a block's rows begin, in bytes. */
  int ERRORS = BLOCK_ROWS * Float.BYTES;

  /** Where a block's codes begin, in bytes. */
  int CODES = 2 * ERRORS;

  /** Where the code of a row stands within the line of a dimension. */
  static int place(int row) {
    return 4 * (row % 16) + row / 16;
  }

  /**
   * products[r] = query . codes(r), for the 64 rows of the block at {@code at}.
   *
   * @param query n values from {@code queryAt} on
   */
  void codeProducts(
      MemorySegment codes, long at, float[] query, int queryAt, int n, float[] products);

  /** panel[64 i + r] = the code of row r in dimension i &lt; n: what a product multiplies with. */
  void decode(MemorySegment codes, long at, int n, float[] panel);

  /**
   * The rows r of a block for which scale(r) * products[productsAt + r] + length * error(r) reaches
   * the limit.
   *
   * @param found at least 64 places; receives the rows, rising
   * @return how many there are
   */
  int boundsReaching(
      MemorySegment codes,
      long at,
      float[] products,
      int productsAt,
      float length,
      float limit,
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
