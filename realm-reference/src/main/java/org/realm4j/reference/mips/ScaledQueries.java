package org.realm4j.reference.mips;

import org.realm4j.reference.kernels.ScanKernels;

/**
 * Queries scaled by powers of 2 to lengths from 0.5 to 1, so that nothing of their products with
 * {@link Int8Codes} under- or overflows. Belongs to one worker.
 */
final class ScaledQueries {
  private final ScanKernels kernels;
  private final int dimension;
  private final float[] values;
  private final int[] exponents;
  private final float[] lengths;
  private final float[] sums = new float[ScanKernels.BLOCK_ROWS];

  ScaledQueries(Queries queries, ScanKernels kernels) {
    this.kernels = kernels;
    this.dimension = queries.dimension();
    this.values = new float[queries.count() * dimension];
    this.exponents = new int[queries.count()];
    this.lengths = new float[queries.count()];
    for (int q = 0; q < queries.count(); q++) {
      double length = queries.lengths()[q];
      exponents[q] = length == 0 ? 0 : Math.getExponent(length) + 1;
      lengths[q] = Rounding.up(Math.scalb(length, -exponents[q]));
      for (int i = q * dimension; i < (q + 1) * dimension; i++) {
        values[i] = (float) Math.scalb((double) queries.values()[i], -exponents[q]);
      }
    }
  }

  /**
   * The rows of a block of codes whose score may reach the threshold.
   *
   * @param found receives them
   * @return how many there are; rows that only fill the block may be among them
   */
  int reaching(int query, byte[] block, float threshold, int[] found) {
    double underflow = Rounding.underflow(dimension);
    double limit = Math.scalb(threshold - underflow, -exponents[query]) - underflow;
    return kernels.codesReaching(
        block,
        values,
        query * dimension,
        dimension,
        lengths[query],
        Rounding.down(limit),
        sums,
        found);
  }
}
