package org.realm4j.reference.kernels;

/**
 * The inner loops of maximum inner product search that look for rows whose score may be among the
 * best. They select only; scores that count are computed by {@link Kernels#dot}.
 *
 * <p>Codes come in blocks of {@value #BLOCK_ROWS} rows: their scales, their errors, both
 * little-endian floats, and then for each dimension the codes of all of them. A block is copied
 * from where it lies to an array first: read directly from a segment of a shared arena, which is
 * asked again and again whether it is still open, a kernel ran at half the speed or less.
 */
public interface ScanKernels {
  /** Rows of a block of int8 codes. */
  int BLOCK_ROWS = 64;

  /** Where the errors of a block's rows begin, in bytes. */
  int ERRORS = BLOCK_ROWS * Float.BYTES;

  /** Where a block's codes begin, in bytes. */
  int CODES = 2 * ERRORS;

  /**
   * products[productsAt + r] = query . codes(r), or += for the dimensions that follow, for the 64
   * rows of a block. Each sum takes its products in order, in however many pieces.
   *
   * @param block the codes of n dimensions from {@code at} on
   * @param query their n values from {@code queryAt} on
   */
  void codeProducts(
      byte[] block,
      int at,
      float[] query,
      int queryAt,
      int n,
      float[] products,
      int productsAt,
      boolean accumulate);

  /**
   * panels[(r / width * n + i) * width + r % width] = the code of row r in dimension i &lt; n: what
   * a product multiplies with.
   *
   * @param width 16, 32 or 64
   */
  void decode(byte[] block, int n, int width, float[] panels);

  /**
   * The rows r of a block for which scale(r) * products[productsAt + r] + length * error(r) reaches
   * the limit.
   *
   * @param found at least 64 places; receives the rows, rising
   * @return how many there are
   */
  int boundsReaching(
      byte[] block, float[] products, int productsAt, float length, float limit, int[] found);

  /**
   * The places p &lt; rows * cols of a matrix with scores[p] &gt;= limits[p % cols].
   *
   * @param cols a multiple of 16
   * @param found receives the places, rising
   * @return how many there are
   */
  int reaching(float[] scores, int rows, int cols, float[] limits, int[] found);
}
