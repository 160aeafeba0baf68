package org.realm4j.reference.kernels;

/**
 * What matrix products are made of: tiles of tileRows() x tileCols(), and packing for them.
 *
 * <p>Both operands of a tile are packed, so that every address in its loop is a constant away from
 * one that moves by a constant: then no bounds are checked in it, and nothing but multiply-adds is
 * in the way of multiply-adds. With operands where they lie, the same tile was a seventh slower on
 * an Intel processor (family 6, model 167).
 */
public interface TileKernels {
  int tileRows();

  /** Floats from one step of k to the next in a packed tile of A, a multiple of 8. */
  int rowStep();

  /** Columns of a tile come in whole vectors of so many elements, one or two. */
  int vector();

  default int tileCols() {
    return 2 * vector();
  }

  /**
   * C = A B or C += A B for one tile of up to {@link #tileRows} rows and {@code vectors} vectors of
   * columns. Each element starts from 0, or from its value in c, and takes its k products in order.
   * Rows that are missing are not touched, and may be anything in a.
   *
   * @param rows from 1 to tileRows
   * @param vectors 1 or 2
   * @param a element (r, i) at {@code aAt + i * rowStep + r}
   * @param b element (i, j) at {@code bAt + i * tileCols + j}
   * @param c row r begins at {@code cAt + r * cRow}
   */
  void tile(
      int k,
      int rows,
      int vectors,
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate);

  /**
   * to[toAt + j * toStride + i] = from[fromAt + i * fromStride + j], for i < rows, j < cols. Up to
   * the next multiple of 8, the columns of {@code to} are filled with copies of the last row.
   */
  void transpose(
      float[] from,
      int fromAt,
      int fromStride,
      int rows,
      int cols,
      float[] to,
      int toAt,
      int toStride);

  /**
   * Cuts the columns of a matrix into panels: to[toAt + (p * k + i) * toStep + j] = from[fromAt + i
   * * fromStride + p * width + j], for p < panels, i < k, j < toStep, as far as {@code from} goes.
   *
   * @param toStep rowStep() or tileCols(), at least width: what is beyond it may be anything
   */
  void panels(
      float[] from,
      int fromAt,
      int fromStride,
      int k,
      int width,
      int panels,
      float[] to,
      int toAt,
      int toStep);

  /** Packs rows as tiles of A, one after the other, {@code [k][rowStep]} each. */
  default void packRows(
      float[] from, int fromAt, int fromStride, int rows, int k, float[] to, int toAt) {
    for (int r = 0; r < rows; r += tileRows()) {
      int some = Math.min(tileRows(), rows - r);
      int tileAt = toAt + r / tileRows() * k * rowStep();
      transpose(from, fromAt + r * fromStride, fromStride, some, k, to, tileAt, rowStep());
    }
  }

  /** Floats that so many rows take as tiles of A. */
  default int packedRows(int rows, int k) {
    return Math.multiplyExact((rows + tileRows() - 1) / tileRows() * rowStep(), k);
  }
}
