package org.realm4j.reference;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.realm4j.reference.kernels.Kernels;

/**
 * Matrix products C = A B or C += A B by packed panels, after Goto and van de Geijn. Each element
 * of C takes its products over k in order, whatever the blocking, the threads or the tile, so all
 * of these may be tuned without changing a bit.
 */
final class Products {
  /** Steps of k per pass over C: a panel of B of 48 columns is then 72 KiB. */
  private static final int BLOCK_K = 384;

  /** Rows per task: with BLOCK_K, a block of A stays in the second-level cache. */
  private static final int BLOCK_ROWS = 96;

  private static final int BLOCK_PANELS = 32;
  private static final int LEAST_PANELS = 4;

  /** A matrix that products read: element (i, j) at {@code at + i * stride + j}, or transposed. */
  record Operand(float[] data, int at, int stride, boolean transposed) {
    static Operand rows(float[] data, int cols) {
      return new Operand(data, 0, cols, false);
    }

    static Operand columns(float[] data, int cols) {
      return new Operand(data, 0, cols, true);
    }
  }

  /** B as panels of {@code [k][tileCols]}, the last one filled up with zeros. */
  record Panels(float[] data, int k, int n) {}

  /** Where C is: row r begins at {@code at + r * stride}. */
  record Target(float[] data, int at, int stride, boolean accumulate) {}

  /** What is done to a block of C once its sums are complete. */
  interface Finish {
    void block(int rowFrom, int rowTo, int colFrom, int colTo);
  }

  private final Kernels kernels;
  private final Workers workers;
  private final Scratch[] scratch;
  private final int tileRows;
  private final int tileCols;

  Products(Kernels kernels, Workers workers, Scratch[] scratch) {
    this.kernels = kernels;
    this.workers = workers;
    this.scratch = scratch;
    this.tileRows = kernels.tileRows();
    this.tileCols = kernels.tileCols();
  }

  private int panels(int n) {
    return (n + tileCols - 1) / tileCols;
  }

  /** Floats that the panels of a {@code [k, n]} matrix take. */
  long packedSize(int k, int n) {
    return (long) panels(n) * tileCols * k;
  }

  // ---- packing

  /** Packs b, {@code [k, n]}, with all threads. */
  Panels pack(Operand b, int k, int n, float[] to) {
    int perTask = Math.max(1, 32_768 / (k * tileCols + 1));
    int panels = panels(n);
    workers.run(
        (panels + perTask - 1) / perTask,
        (t, _) -> {
          for (int p = t * perTask; p < Math.min(panels, (t + 1) * perTask); p++) {
            packPanel(b, k, n, p, to);
          }
        });
    return new Panels(to, k, n);
  }

  /** Packs b, {@code [k, n]}, on this thread. */
  Panels packHere(Operand b, int k, int n, float[] to) {
    for (int p = 0; p < panels(n); p++) {
      packPanel(b, k, n, p, to);
    }
    return new Panels(to, k, n);
  }

  private void packPanel(Operand b, int k, int n, int panel, float[] to) {
    int col = panel * tileCols;
    int width = Math.min(tileCols, n - col);
    int at = panel * tileCols * k;
    if (b.transposed) {
      packTransposed(b.data, b.at + col * b.stride, b.stride, width, k, to, at, tileCols);
    } else {
      packStraight(b.data, b.at + col, b.stride, k, width, to, at, tileCols);
    }
  }

  /** A panel whose k runs along rows of the source. */
  private void packTransposed(
      float[] from, int fromAt, int stride, int width, int k, float[] to, int at, int full) {
    if (width < full) {
      Arrays.fill(to, at, at + k * full, 0f);
    }
    kernels.transpose(from, fromAt, stride, width, k, to, at, full);
  }

  /** A panel whose k runs down columns of the source. */
  private void packStraight(
      float[] from, int fromAt, int stride, int k, int width, float[] to, int at, int full) {
    if (width == full) {
      kernels.panel(from, fromAt, stride, k, full, to, at);
      return;
    }
    Arrays.fill(to, at, at + k * full, 0f);
    for (int i = 0; i < k; i++) {
      System.arraycopy(from, fromAt + i * stride, to, at + i * full, width);
    }
  }

  // ---- products

  /** C = A B with all threads; a is {@code [m, b.k]}. */
  void multiply(Operand a, int m, Panels b, Target c, @Nullable Finish finish) {
    int panels = panels(b.n);
    int rowBlocks = (m + BLOCK_ROWS - 1) / BLOCK_ROWS;
    int width = BLOCK_PANELS;
    while (width > LEAST_PANELS
        && rowBlocks * ((panels + width - 1) / width) < 4 * workers.count()) {
      width /= 2;
    }
    int perTask = width;
    int panelBlocks = (panels + perTask - 1) / perTask;
    // row blocks run fastest, so that neighbours in time share panels of B
    workers.run(
        rowBlocks * panelBlocks,
        (t, worker) -> {
          int rowFrom = t % rowBlocks * BLOCK_ROWS;
          int rowTo = Math.min(m, rowFrom + BLOCK_ROWS);
          int panelFrom = t / rowBlocks * perTask;
          int panelTo = Math.min(panels, panelFrom + perTask);
          block(a, rowFrom, rowTo, b, panelFrom, panelTo, c, scratch[worker]);
          if (finish != null) {
            int colTo = Math.min(b.n, panelTo * tileCols);
            finish.block(rowFrom, rowTo, panelFrom * tileCols, colTo);
          }
        });
  }

  /** C = A B on this thread, for small products inside a task. */
  void multiplyHere(Operand a, int m, Panels b, Target c, Scratch s) {
    for (int row = 0; row < m; row += BLOCK_ROWS) {
      block(a, row, Math.min(m, row + BLOCK_ROWS), b, 0, panels(b.n), c, s);
    }
  }

  private void block(
      Operand a,
      int rowFrom,
      int rowTo,
      Panels b,
      int panelFrom,
      int panelTo,
      Target c,
      Scratch s) {
    float[] packed = s.array(Scratch.BLOCK_A, BLOCK_ROWS * BLOCK_K);
    for (int k = 0; k < b.k || k == 0; k += BLOCK_K) {
      int depth = Math.min(BLOCK_K, b.k - k);
      packBlock(a, rowFrom, rowTo, k, depth, packed);
      boolean accumulate = c.accumulate || k > 0;
      for (int p = panelFrom; p < panelTo; p++) {
        int bAt = (p * b.k + k) * tileCols;
        for (int row = rowFrom; row < rowTo; row += tileRows) {
          int aAt = (row - rowFrom) * depth;
          int rows = Math.min(tileRows, rowTo - row);
          tile(depth, packed, aAt, b, bAt, c, row, rows, p * tileCols, accumulate, s);
        }
      }
    }
  }

  private void packBlock(Operand a, int rowFrom, int rowTo, int k, int depth, float[] to) {
    for (int row = rowFrom; row < rowTo; row += tileRows) {
      int rows = Math.min(tileRows, rowTo - row);
      int at = (row - rowFrom) * depth;
      if (a.transposed) {
        packStraight(a.data, a.at + k * a.stride + row, a.stride, depth, rows, to, at, tileRows);
      } else {
        packTransposed(a.data, a.at + row * a.stride + k, a.stride, rows, depth, to, at, tileRows);
      }
    }
  }

  private void tile(
      int depth,
      float[] a,
      int aAt,
      Panels b,
      int bAt,
      Target c,
      int row,
      int rows,
      int col,
      boolean accumulate,
      Scratch s) {
    int cols = Math.min(tileCols, b.n - col);
    int at = c.at + row * c.stride + col;
    if (rows == tileRows && cols == tileCols) {
      if (!accumulate) {
        for (int r = 0; r < rows; r++) {
          Arrays.fill(c.data, at + r * c.stride, at + r * c.stride + cols, 0f);
        }
      }
      kernels.tile(depth, a, aAt, b.data, bAt, c.data, at, c.stride);
      return;
    }
    float[] edge = s.array(Scratch.TILE, tileRows * tileCols);
    Arrays.fill(edge, 0, tileRows * tileCols, 0f);
    if (accumulate) {
      for (int r = 0; r < rows; r++) {
        System.arraycopy(c.data, at + r * c.stride, edge, r * tileCols, cols);
      }
    }
    kernels.tile(depth, a, aAt, b.data, bAt, edge, 0, tileCols);
    for (int r = 0; r < rows; r++) {
      System.arraycopy(edge, r * tileCols, c.data, at + r * c.stride, cols);
    }
  }
}
