package org.realm4j.reference;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.TileKernels;
import org.realm4j.reference.kernels.Workers;

/**
 * Matrix products C = A B or C += A B by panels of B, after Goto and van de Geijn. Each element of
 * C takes its products over k in order, whatever the blocking, the threads or the tile, so all of
 * these may be tuned without changing a bit.
 *
 * <p>A is read where it lies as long as its k runs along rows: the tile broadcasts its elements,
 * and packing them first gains nothing.
 */
final class Products {
  /** Steps of k per pass over C, at most: a panel of B of 48 columns is then 72 KiB. */
  private static final int BLOCK_K = 384;

  /** Rows per task: with BLOCK_K, a block of A stays in the second-level cache. */
  private static final int BLOCK_ROWS = 96;

  /** Rows of a transposed A that are packed at a time, so that whole cache lines are read. */
  private static final int PACKED_ROWS = 96;

  private static final int BLOCK_PANELS = 32;
  private static final int LEAST_PANELS = 4;

  /** Panels that are written side by side; more of them collide in the first-level cache. */
  private static final int STREAMS = 4;

  /** Panels that a task packs for itself: they stay in the second-level cache. */
  private static final int OWN_PANELS = 4;

  /** Rows that are worth packing panels for. */
  private static final int OWN_ROWS = 192;

  /** A matrix that products read: element (i, j) at {@code at + i * stride + j}, or transposed. */
  record Operand(float[] data, int at, int stride, boolean transposed) {
    static Operand rows(float[] data, int cols) {
      return new Operand(data, 0, cols, false);
    }

    static Operand columns(float[] data, int cols) {
      return new Operand(data, 0, cols, true);
    }
  }

  /** B as panels of {@code [k][tileCols]}, the last one filled up with anything. */
  record Panels(float[] data, int k, int n) {}

  /** Where C is: row r begins at {@code at + r * stride}. */
  record Target(float[] data, int at, int stride, boolean accumulate) {}

  /** What is done to a block of C once its sums are complete. */
  interface Finish {
    void block(int rowFrom, int rowTo, int colFrom, int colTo);
  }

  private final TileKernels kernels;
  private final Workers workers;
  private final Scratch[] scratch;
  private final FloatPool pool;
  private final int tileRows;
  private final int tileCols;
  private final int vector;

  Products(Kernels kernels, Workers workers, Scratch[] scratch, FloatPool pool) {
    this.pool = pool;
    this.kernels = kernels.tiles();
    this.workers = workers;
    this.scratch = scratch;
    this.tileRows = this.kernels.tileRows();
    this.tileCols = this.kernels.tileCols();
    this.vector = this.kernels.vector();
  }

  private int panels(int n) {
    return (n + tileCols - 1) / tileCols;
  }

  /** Floats that the panels of a {@code [k, n]} matrix take. */
  long packedSize(int k, int n) {
    return (long) panels(n) * tileCols * k;
  }

  /** Equal blocks of k, a multiple of 8 so that transposing them leaves no rest. */
  private static int blockK(int k) {
    int blocks = Math.max(1, (k + BLOCK_K - 1) / BLOCK_K);
    return Math.max(8, ((k + blocks - 1) / blocks + 7) & -8);
  }

  // ---- packing

  /** Packs b, {@code [k, n]}, with all threads. */
  Panels pack(Operand b, int k, int n, float[] to) {
    int perTask = Math.max(1, 32_768 / (k * tileCols + 1));
    int panels = panels(n);
    workers.run(
        (panels + perTask - 1) / perTask,
        (t, _) -> {
          int first = t * perTask;
          int last = Math.min(panels, first + perTask);
          packPanels(b, 0, k, n, first, last, to, first * tileCols * k);
        });
    return new Panels(to, k, n);
  }

  /** Steps {@code k} to {@code k + depth} of a few panels. */
  private void packPanels(
      Operand b, int k, int depth, int n, int panelFrom, int panelTo, float[] to, int at) {
    int col = panelFrom * tileCols;
    if (!b.transposed) {
      int cols = Math.min(panelTo * tileCols, n) - col;
      packStraight(b, k, depth, col, cols, tileCols, to, at);
      return;
    }
    for (int p = panelFrom; p < panelTo; p++) {
      int width = Math.min(tileCols, n - p * tileCols);
      int from = b.at + p * tileCols * b.stride + k;
      int panelAt = at + (p - panelFrom) * depth * tileCols;
      kernels.transpose(b.data, from, b.stride, width, depth, to, panelAt, tileCols);
    }
  }

  /**
   * Panels of {@code width} columns whose k runs down the rows of x, the last filled with zeros.
   */
  private void packStraight(
      Operand x, int k, int depth, int col, int cols, int width, float[] to, int at) {
    int from = x.at + k * x.stride + col;
    int whole = cols / width;
    for (int p = 0; p < whole; p += STREAMS) {
      int some = Math.min(STREAMS, whole - p);
      int source = from + p * width;
      kernels.panels(x.data, source, x.stride, depth, width, some, to, at + p * width * depth);
    }
    int rest = cols - whole * width;
    if (rest > 0) {
      int restAt = at + whole * width * depth;
      Arrays.fill(to, restAt, restAt + depth * width, 0f);
      for (int i = 0; i < depth; i++) {
        int source = from + i * x.stride + whole * width;
        System.arraycopy(x.data, source, to, restAt + i * width, rest);
      }
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
    int step = blockK(b.k);
    // row blocks run fastest, so that neighbours in time share panels of B
    workers.run(
        rowBlocks * panelBlocks,
        (t, worker) -> {
          int rowFrom = t % rowBlocks * BLOCK_ROWS;
          int rowTo = Math.min(m, rowFrom + BLOCK_ROWS);
          int panelFrom = t / rowBlocks * perTask;
          int panelTo = Math.min(panels, panelFrom + perTask);
          for (int k = 0; k < b.k || k == 0; k += step) {
            Block block =
                new Block(a, false, b.data, k, Math.min(step, b.k - k), c, scratch[worker]);
            int at = (panelFrom * b.k + k) * tileCols;
            block.multiply(rowFrom, rowTo, at, b.k, panelFrom, panelTo, b.n);
          }
          if (finish != null) {
            int colTo = Math.min(b.n, panelTo * tileCols);
            finish.block(rowFrom, rowTo, panelFrom * tileCols, colTo);
          }
        });
  }

  /**
   * C = A B with all threads; a is {@code [m, k]}, b {@code [k, n]}. Of two matrices that have to
   * be packed, the smaller one is packed first and once; of the other, every task packs what it
   * needs, which stays in its cache and never reaches memory.
   */
  void multiply(Operand a, int m, Operand b, int k, int n, Target c) {
    if (!a.transposed) {
      multiply(a, m, b, k, n, c, false);
    } else if (n <= m) {
      float[] packed = pool.take(packedSize(k, n));
      multiply(a, m, pack(b, k, n, packed), c, null);
      pool.give(packed);
    } else {
      float[] packed = pool.take((long) (m + tileRows - 1) / tileRows * tileRows * k);
      int tiles = (m + tileRows - 1) / tileRows;
      int perTask = STREAMS;
      workers.run(
          (tiles + perTask - 1) / perTask,
          (t, _) -> {
            int row = t * perTask * tileRows;
            int rows = Math.min(perTask * tileRows, m - row);
            packStraight(a, 0, k, row, rows, tileRows, packed, row * k);
          });
      multiply(new Operand(packed, 0, k, true), m, b, k, n, c, true);
      pool.give(packed);
    }
  }

  private void multiply(Operand a, int m, Operand b, int k, int n, Target c, boolean packed) {
    int panels = panels(n);
    int groups = (panels + OWN_PANELS - 1) / OWN_PANELS;
    int wanted = Math.max(1, (4 * workers.count() + groups - 1) / groups);
    int rows = Math.max(OWN_ROWS, (m + wanted - 1) / wanted);
    int perTask = (rows + tileRows - 1) / tileRows * tileRows;
    int rowBlocks = (m + perTask - 1) / perTask;
    int step = blockK(k);
    workers.run(
        rowBlocks * groups,
        (t, worker) -> {
          Scratch s = scratch[worker];
          int rowFrom = t % rowBlocks * perTask;
          int rowTo = Math.min(m, rowFrom + perTask);
          int panelFrom = t / rowBlocks * OWN_PANELS;
          int panelTo = Math.min(panels, panelFrom + OWN_PANELS);
          float[] own = s.array(Scratch.PANELS_B, OWN_PANELS * tileCols * step);
          for (int i = 0; i < k || i == 0; i += step) {
            int depth = Math.min(step, k - i);
            packPanels(b, i, depth, n, panelFrom, panelTo, own, 0);
            new Block(a, packed, own, i, depth, c, s)
                .multiply(rowFrom, rowTo, 0, depth, panelFrom, panelTo, n);
          }
        });
  }

  /**
   * C = A B or C += A B on this thread, for small products inside a task: nothing is packed, k is
   * one block.
   *
   * @param a element (r, i) at {@code aAt + r * aRow + i * aStep}
   * @param b {@code [k, n]}, not transposed
   */
  void small(
      float[] a,
      int aAt,
      int aRow,
      int aStep,
      int m,
      Operand b,
      int k,
      int n,
      Target c,
      Scratch s) {
    for (int col = 0; col < n; col += tileCols) {
      int cols = Math.min(tileCols, n - col);
      int vectors = cols / vector;
      if (vectors > 0) {
        for (int row = 0; row < m; row += tileRows) {
          kernels.tile(
              k,
              Math.min(tileRows, m - row),
              vectors,
              a,
              aAt + row * aRow,
              aRow,
              aStep,
              b.data,
              b.at + col,
              b.stride,
              c.data,
              c.at + row * c.stride + col,
              c.stride,
              c.accumulate);
        }
      }
      if (vectors * vector < cols) {
        smallRest(a, aAt, aRow, aStep, m, b, k, col + vectors * vector, n, c, s);
      }
    }
  }

  /** The last columns, which are no whole vector. */
  private void smallRest(
      float[] a,
      int aAt,
      int aRow,
      int aStep,
      int m,
      Operand b,
      int k,
      int col,
      int n,
      Target c,
      Scratch s) {
    int cols = n - col;
    float[] packed = s.array(Scratch.PANELS_B, k * vector);
    packStraight(b, 0, k, col, cols, vector, packed, 0);
    float[] edge = s.array(Scratch.TILE, tileRows * tileCols);
    for (int row = 0; row < m; row += tileRows) {
      int rows = Math.min(tileRows, m - row);
      int to = c.at + row * c.stride + col;
      if (c.accumulate) {
        Arrays.fill(edge, 0, rows * vector, 0f);
        for (int r = 0; r < rows; r++) {
          System.arraycopy(c.data, to + r * c.stride, edge, r * vector, cols);
        }
      }
      kernels.tile(
          k,
          rows,
          1,
          a,
          aAt + row * aRow,
          aRow,
          aStep,
          packed,
          0,
          vector,
          edge,
          0,
          vector,
          c.accumulate);
      for (int r = 0; r < rows; r++) {
        System.arraycopy(edge, r * vector, c.data, to + r * c.stride, cols);
      }
    }
  }

  /** C += A B over some steps of k. */
  private final class Block {
    private final Operand a;
    private final boolean packed;
    private final float[] b;
    private final int k;
    private final int depth;
    private final Target c;
    private final boolean accumulate;
    private final Scratch scratch;

    /**
     * @param packed whether a is packed already, as panels of {@code [a.stride][tileRows]}
     */
    Block(Operand a, boolean packed, float[] b, int k, int depth, Target c, Scratch scratch) {
      this.a = a;
      this.packed = packed;
      this.b = b;
      this.k = k;
      this.depth = depth;
      this.c = c;
      this.accumulate = c.accumulate || k > 0;
      this.scratch = scratch;
    }

    /**
     * @param bAt where the first panel's steps begin
     * @param panelDepth how many steps a panel has in all
     */
    void multiply(
        int rowFrom, int rowTo, int bAt, int panelDepth, int panelFrom, int panelTo, int n) {
      int rowsAtOnce = a.transposed && !packed ? PACKED_ROWS : rowTo - rowFrom;
      for (int row = rowFrom; row < rowTo; row += rowsAtOnce) {
        int some = Math.min(rowsAtOnce, rowTo - row);
        float[] from = a.data;
        int at = a.at + row * a.stride + k;
        int rowStep = a.stride;
        int kStep = 1;
        int tileStep = tileRows * rowStep;
        if (packed) {
          at = row * a.stride + k * tileRows;
          rowStep = 1;
          kStep = tileRows;
        } else if (a.transposed) {
          from = scratch.array(Scratch.BLOCK_A, PACKED_ROWS * depth);
          packStraight(a, k, depth, row, some, tileRows, from, 0);
          at = 0;
          rowStep = 1;
          kStep = tileRows;
          tileStep = tileRows * depth;
        }
        // a few panels and all rows at a time: the panels stay in the second-level cache
        for (int group = panelFrom; group < panelTo; group += OWN_PANELS) {
          int groupTo = Math.min(panelTo, group + OWN_PANELS);
          for (int r = 0; r < some; r += tileRows) {
            int rows = Math.min(tileRows, some - r);
            int tileAt = at + r / tileRows * tileStep;
            for (int p = group; p < groupTo; p++) {
              int panelAt = bAt + (p - panelFrom) * panelDepth * tileCols;
              int cols = Math.min(tileCols, n - p * tileCols);
              tile(rows, cols, from, tileAt, rowStep, kStep, panelAt, row + r, p * tileCols);
            }
          }
        }
      }
    }

    private void tile(
        int rows,
        int cols,
        float[] from,
        int at,
        int rowStep,
        int kStep,
        int bAt,
        int row,
        int col) {
      int vectors = (cols + vector - 1) / vector;
      int to = c.at + row * c.stride + col;
      if (cols == vectors * vector) {
        kernels.tile(
            depth,
            rows,
            vectors,
            from,
            at,
            rowStep,
            kStep,
            b,
            bAt,
            tileCols,
            c.data,
            to,
            c.stride,
            accumulate);
        return;
      }
      // the last columns are no whole vector
      float[] edge = scratch.array(Scratch.TILE, tileRows * tileCols);
      if (accumulate) {
        Arrays.fill(edge, 0, tileRows * tileCols, 0f);
        for (int r = 0; r < rows; r++) {
          System.arraycopy(c.data, to + r * c.stride, edge, r * tileCols, cols);
        }
      }
      kernels.tile(
          depth,
          rows,
          vectors,
          from,
          at,
          rowStep,
          kStep,
          b,
          bAt,
          tileCols,
          edge,
          0,
          tileCols,
          accumulate);
      for (int r = 0; r < rows; r++) {
        System.arraycopy(edge, r * tileCols, c.data, to + r * c.stride, cols);
      }
    }
  }
}
