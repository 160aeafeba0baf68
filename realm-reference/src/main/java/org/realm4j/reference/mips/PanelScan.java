package org.realm4j.reference.mips;

import java.util.Arrays;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.retrieval.Vectors;

/**
 * A matrix product of blocks of rows with all queries, for many of them: as fast as the processor
 * multiplies. The product adds up in another order than the canonical score, so a row is taken when
 * its product reaches the threshold within {@link Rounding}.
 */
final class PanelScan implements Scan {
  private final Queries queries;
  private final Vectors vectors;
  private final BlockLengths lengths;
  private final Kernels kernels;
  private final Panels panels;
  private final Best best;
  private final float[] block;
  private final float[] packed;
  private final float[] products;
  private final float[] limits;
  private final int[] found;

  /**
   * @param panels of the queries, shared by all workers
   */
  PanelScan(
      Queries queries,
      Vectors vectors,
      BlockLengths lengths,
      Kernels kernels,
      Panels panels,
      Best best) {
    this.queries = queries;
    this.vectors = vectors;
    this.lengths = lengths;
    this.kernels = kernels;
    this.panels = panels;
    this.best = best;
    this.block = new float[BLOCK * queries.dimension()];
    this.packed = new float[panels.packedSize(BLOCK)];
    this.products = new float[BLOCK * panels.cols()];
    this.found = new int[BLOCK * panels.cols()];
    this.limits = new float[panels.cols()];
    // what pads the queries is never found
    Arrays.fill(limits, Float.POSITIVE_INFINITY);
  }

  @Override
  public void rows(int from, int to) {
    int d = queries.dimension();
    int cols = panels.cols();
    for (int row = from; row < to; row += BLOCK) {
      int rows = Math.min(BLOCK, to - row);
      vectors.copy(row, rows, block, 0);
      panels.multiply(block, rows, packed, products);
      setLimits(row / BLOCK);
      int count = kernels.scans().reaching(products, rows, cols, limits, found);
      for (int i = 0; i < count; i++) {
        int r = found[i] / cols;
        best.consider(found[i] % cols, row + r, block, r * d);
      }
    }
  }

  private void setLimits(int blockNumber) {
    int d = queries.dimension();
    double slack = Rounding.share(d) * lengths.of(blockNumber);
    double underflow = Rounding.underflow(d);
    for (int q = 0; q < queries.count(); q++) {
      limits[q] = Rounding.down(best.threshold(q) - (slack * queries.lengths()[q] + underflow));
    }
  }
}
