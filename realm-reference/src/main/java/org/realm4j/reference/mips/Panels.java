package org.realm4j.reference.mips;

import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.TileKernels;

/**
 * Vectors as the kernel of products wants them, to be multiplied with blocks of rows. Each product
 * adds up in order of the dimensions, so it is the same bits in any batch. Thread-safe.
 */
final class Panels {
  private final TileKernels tiles;
  private final int dimension;
  private final int cols; // vectors, up to a multiple of 16
  private final float[] values; // [panels][dimension][tile columns]

  /**
   * @param vectors {@code [count, dimension]}
   */
  Panels(float[] vectors, int count, int dimension, Kernels kernels) {
    this.tiles = kernels.tiles();
    this.dimension = dimension;
    this.cols = Math.ceilDiv(count, 16) * 16;
    int width = tiles.tileCols();
    values = new float[Math.multiplyExact(Math.ceilDiv(cols, width) * width, dimension)];
    for (int v = 0; v < count; v++) {
      int at = v / width * dimension * width + v % width;
      for (int i = 0; i < dimension; i++) {
        values[at + i * width] = vectors[v * dimension + i];
      }
    }
  }

  /** Columns of the products: the vectors, and zeros up to a multiple of 16. */
  int cols() {
    return cols;
  }

  /** Floats that so many rows take while they are multiplied. */
  int packedSize(int rows) {
    return tiles.packedRows(rows, dimension);
  }

  /**
   * products[r, v] = row r . vector v
   *
   * @param rows {@code [count, dimension]}
   * @param packed room for {@link #packedSize} of as many rows
   * @param products {@code [count, cols]}
   */
  void multiply(float[] rows, int count, float[] packed, float[] products) {
    tiles.packRows(rows, 0, dimension, count, dimension, packed, 0);
    int width = tiles.tileCols();
    for (int col = 0; col < cols; col += width) {
      int vectors = Math.min(width, cols - col) / tiles.vector();
      for (int r = 0; r < count; r += tiles.tileRows()) {
        tiles.tile(
            dimension,
            Math.min(tiles.tileRows(), count - r),
            vectors,
            packed,
            r / tiles.tileRows() * dimension * tiles.rowStep(),
            values,
            col * dimension,
            products,
            r * cols + col,
            cols,
            false);
      }
    }
  }
}
