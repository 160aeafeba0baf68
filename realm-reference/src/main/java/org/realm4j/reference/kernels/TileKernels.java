package org.realm4j.reference.kernels;

/** What matrix products are made of: tiles of tileRows() x tileCols(), and packing for them. */
public interface TileKernels {
  int tileRows();

  int tileCols();

  /** Columns of a tile come in whole vectors of so many elements. */
  int vector();

  /**
   * C = A B or C += A B for one tile of up to {@link #tileRows} rows and {@code vectors} vectors of
   * columns, at most {@link #tileCols}. Each element starts from 0, or from its value in c, and
   * takes its k products in order. The operands may lie in any order that the steps describe; rows
   * that are missing are not touched.
   *
   * @param rows from 1 to tileRows
   * @param a element (r, i) at {@code aAt + r * aRow + i * aStep}
   * @param b row i begins at {@code bAt + i * bStep}
   * @param c row r begins at {@code cAt + r * cRow}
   */
  void tile(
      int k,
      int rows,
      int vectors,
      float[] a,
      int aAt,
      int aRow,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
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
   * Cuts the columns of a matrix into panels: to[toAt + (p * k + i) * width + j] = from[fromAt + i
   * * fromStride + p * width + j], for p < panels, i < k, j < width.
   *
   * @param width tileRows() or tileCols()
   */
  void panels(
      float[] from, int fromAt, int fromStride, int k, int width, int panels, float[] to, int toAt);
}
