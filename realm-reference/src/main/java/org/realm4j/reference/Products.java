package org.realm4j.reference;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.TileKernels;
import org.realm4j.reference.kernels.Workers;

/**
 * Matrix products C = A B or C += A B of packed operands, after Goto and van de Geijn: a block of A
 * lies in the second-level cache, and each panel of B goes through it from the first. Each element
 * of C takes its products over k in order, whatever the blocking, the threads or the tile, so all
 * of these may be tuned without changing a bit.
 */
final class Products {
  /** Steps of k per pass over C, at most: a panel of B of 32 columns is then 32 KiB. */
  private static final int BLOCK_K = 256;

  /** Rows per task, about, and worth packing for: with BLOCK_K, a block of A takes 128 KiB. */
  private static final int BLOCK_ROWS = 96;

  /** Columns per task, at most: its rows of A are packed again for the next ones. */
  private static final int BLOCK_COLUMNS = 1536;

  private static final int LEAST_PANELS = 6;

  /** Panels that are written side by side; more of them collide in the first-level cache. */
  private static final int STREAMS = 4;

  /** Panels that a task packs for itself: they stay in the second-level cache. */
  private static final int OWN_PANELS = 6;

  /** Steps of k that are packed for all tasks at a time, at most. */
  private static final int SHARED_K = 4 * BLOCK_K;

  /** Rows that a task packs panels for, at most: few enough that their C stays in the cache. */
  private static final int OWN_ROWS = 384;

  /** A matrix that products read: element (i, j) at {@code at + i * stride + j}, or transposed. */
  record Operand(float[] data, int at, int stride, boolean transposed) {
    static Operand rows(float[] data, int cols) {
      return new Operand(data, 0, cols, false);
    }

    static Operand columns(float[] data, int cols) {
      return new Operand(data, 0, cols, true);
    }

    private Operand fromRow(int i) {
      return new Operand(data, transposed ? at + i : at + i * stride, stride, transposed);
    }

    private Operand fromColumn(int j) {
      return new Operand(data, transposed ? at + j * stride : at + j, stride, transposed);
    }
  }

  /** B as panels of {@code [k][tileCols]}, the last one filled up with anything. */
  record Panels(float[] data, int k, int n) {}

  /** Where C is: row r begins at {@code at + r * stride}. */
  record Target(float[] data, int at, int stride, boolean accumulate) {
    private Target added() {
      return new Target(data, at, stride, true);
    }
  }

  /** What is done to a block of C once its sums are complete. */
  interface Finish {
    void block(int rowFrom, int rowTo, int colFrom, int colTo);
  }

  private final TileKernels kernels;
  private final Workers workers;
  private final Scratch[] scratch;
  private final FloatPool pool;
  private final int tileRows;
  private final int rowStep;
  private final int tileCols;
  private final int vector;
  private final int blockRows;

  Products(Kernels kernels, Workers workers, Scratch[] scratch, FloatPool pool) {
    this.pool = pool;
    this.kernels = kernels.tiles();
    this.workers = workers;
    this.scratch = scratch;
    this.tileRows = this.kernels.tileRows();
    this.rowStep = this.kernels.rowStep();
    this.tileCols = this.kernels.tileCols();
    this.vector = this.kernels.vector();
    this.blockRows = BLOCK_ROWS / tileRows * tileRows;
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
    int perTask = Math.max(STREAMS, 32_768 / (k * tileCols + 1));
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

  /** Steps {@code k} to {@code k + depth} of a few panels of B. */
  private void packPanels(
      Operand b, int k, int depth, int n, int panelFrom, int panelTo, float[] to, int at) {
    if (!b.transposed) {
      int from = b.at + k * b.stride + panelFrom * tileCols;
      packStraight(b, from, depth, tileCols, panelTo - panelFrom, to, at, tileCols);
      return;
    }
    for (int p = panelFrom; p < panelTo; p++) {
      int width = Math.min(tileCols, n - p * tileCols);
      int from = b.at + p * tileCols * b.stride + k;
      int panelAt = at + (p - panelFrom) * depth * tileCols;
      kernels.transpose(b.data, from, b.stride, width, depth, to, panelAt, tileCols);
    }
  }

  /** Steps {@code k} to {@code k + depth} of some rows of A, from the first of a tile on. */
  private void packRows(Operand a, int row, int rows, int k, int depth, float[] to, int at) {
    if (a.transposed) {
      int from = a.at + k * a.stride + row;
      packStraight(a, from, depth, tileRows, tiles(rows), to, at, rowStep);
    } else {
      kernels.packRows(a.data, a.at + row * a.stride + k, a.stride, rows, depth, to, at);
    }
  }

  private void packStraight(
      Operand x, int from, int depth, int width, int panels, float[] to, int at, int toStep) {
    for (int p = 0; p < panels; p += STREAMS) {
      int some = Math.min(STREAMS, panels - p);
      int source = from + p * width;
      int target = at + p * depth * toStep;
      kernels.panels(x.data, source, x.stride, depth, width, some, to, target, toStep);
    }
  }

  private int tiles(int rows) {
    return (rows + tileRows - 1) / tileRows;
  }

  // ---- products

  /** C = A B with all threads; a is {@code [m, b.k]}. */
  void multiply(Operand a, int m, Panels b, Target c, @Nullable Finish finish) {
    int panels = panels(b.n);
    int rowBlocks = (m + blockRows - 1) / blockRows;
    int width = BLOCK_COLUMNS / tileCols;
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
          Scratch s = scratch[worker];
          int rowFrom = t % rowBlocks * blockRows;
          int rowTo = Math.min(m, rowFrom + blockRows);
          int panelFrom = t / rowBlocks * perTask;
          int panelTo = Math.min(panels, panelFrom + perTask);
          float[] own = s.array(Scratch.BLOCK_A, kernels.packedRows(rowTo - rowFrom, step));
          for (int k = 0; k < b.k || k == 0; k += step) {
            int depth = Math.min(step, b.k - k);
            packRows(a, rowFrom, rowTo - rowFrom, k, depth, own, 0);
            new Block(own, 0, depth, b.data, (panelFrom * b.k + k) * tileCols, b.k, depth, c, k, s)
                .multiply(rowFrom, rowTo, panelFrom, panelTo, b.n);
          }
          if (finish != null) {
            int colTo = Math.min(b.n, panelTo * tileCols);
            finish.block(rowFrom, rowTo, panelFrom * tileCols, colTo);
          }
        });
  }

  /**
   * C = A B with all threads; a is {@code [m, k]}, b {@code [k, n]}. Of the smaller one, some steps
   * of k at a time are packed for all, few enough to stay in a cache; of the other, every task
   * packs what it needs.
   */
  void multiply(Operand a, int m, Operand b, int k, int n, Target c) {
    float[] packed =
        pool.take(
            n <= m
                ? packedSize(Math.min(SHARED_K, k), n)
                : kernels.packedRows(m, Math.min(SHARED_K, k)));
    for (int i = 0; i < k || i == 0; i += SHARED_K) {
      int depth = Math.min(SHARED_K, k - i);
      Operand someA = a.fromColumn(i);
      Operand someB = b.fromRow(i);
      Target to = i == 0 ? c : c.added();
      if (n <= m) {
        multiply(someA, m, pack(someB, depth, n, packed), to, null);
      } else {
        packAll(someA, m, depth, packed);
        multiplyPacked(packed, m, someB, depth, n, to);
      }
    }
    pool.give(packed);
  }

  /** Packs a, {@code [m, k]}, with all threads. */
  private void packAll(Operand a, int m, int k, float[] to) {
    int together = STREAMS * tileRows;
    workers.run(
        (m + together - 1) / together,
        (t, _) -> {
          int row = t * together;
          packRows(a, row, Math.min(together, m - row), 0, k, to, row / tileRows * rowStep * k);
        });
  }

  /**
   * @param a tiles of {@code [k][rowStep]}
   */
  private void multiplyPacked(float[] a, int m, Operand b, int k, int n, Target c) {
    int panels = panels(n);
    int groups = (panels + OWN_PANELS - 1) / OWN_PANELS;
    int wanted = Math.max(1, (4 * workers.count() + groups - 1) / groups);
    int rows = Math.clamp((m + wanted - 1) / wanted, BLOCK_ROWS, OWN_ROWS);
    int perTask = rows / tileRows * tileRows;
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
            int at = (rowFrom / tileRows * k + i) * rowStep;
            new Block(a, at, k, own, 0, depth, depth, c, i, s)
                .multiply(rowFrom, rowTo, panelFrom, panelTo, n);
          }
        });
  }

  /**
   * C = A B or C += A B on this thread, for small products inside a task: k is one block.
   *
   * @param a {@code [m, k]}
   * @param b {@code [k, n]}
   */
  void small(Operand a, int m, Operand b, int k, int n, Target c, Scratch s) {
    float[] panels = s.array(Scratch.PANELS_B, panels(n) * tileCols * k);
    packPanels(b, 0, k, n, 0, panels(n), panels, 0);
    float[] rows = s.array(Scratch.BLOCK_A, kernels.packedRows(Math.min(m, blockRows), k));
    for (int row = 0; row < m; row += blockRows) {
      int rowTo = Math.min(m, row + blockRows);
      packRows(a, row, rowTo - row, 0, k, rows, 0);
      new Block(rows, 0, k, panels, 0, k, k, c, 0, s).multiply(row, rowTo, 0, panels(n), n);
    }
  }

  /** C += A B over some steps of k. */
  private final class Block {
    private final float[] a;
    private final int aAt;
    private final int aDepth;
    private final float[] b;
    private final int bAt;
    private final int bDepth;
    private final int depth;
    private final Target c;
    private final boolean accumulate;
    private final Scratch scratch;

    /**
     * @param a tiles of rows, from {@code aAt} on
     * @param aDepth steps from one tile to the next
     * @param b panels, from {@code bAt} on
     * @param bDepth steps from one panel to the next
     * @param depth steps that are taken
     * @param k the first of them; C is added to unless that is 0
     */
    Block(
        float[] a,
        int aAt,
        int aDepth,
        float[] b,
        int bAt,
        int bDepth,
        int depth,
        Target c,
        int k,
        Scratch scratch) {
      this.a = a;
      this.aAt = aAt;
      this.aDepth = aDepth;
      this.b = b;
      this.bAt = bAt;
      this.bDepth = bDepth;
      this.depth = depth;
      this.c = c;
      this.accumulate = c.accumulate || k > 0;
      this.scratch = scratch;
    }

    /**
     * A tile of A stays in the first-level cache while a few panels, which stay in the second, go
     * through it; so rows of C are met in long pieces.
     */
    void multiply(int rowFrom, int rowTo, int panelFrom, int panelTo, int n) {
      for (int group = panelFrom; group < panelTo; group += OWN_PANELS) {
        int groupTo = Math.min(panelTo, group + OWN_PANELS);
        for (int row = rowFrom; row < rowTo; row += tileRows) {
          int tileAt = aAt + (row - rowFrom) / tileRows * aDepth * rowStep;
          for (int p = group; p < groupTo; p++) {
            int panelAt = bAt + (p - panelFrom) * bDepth * tileCols;
            int cols = Math.min(tileCols, n - p * tileCols);
            tile(Math.min(tileRows, rowTo - row), cols, tileAt, panelAt, row, p * tileCols);
          }
        }
      }
    }

    private void tile(int rows, int cols, int tileAt, int panelAt, int row, int col) {
      int vectors = (cols + vector - 1) / vector;
      int to = c.at + row * c.stride + col;
      if (cols == vectors * vector) {
        kernels.tile(depth, rows, vectors, a, tileAt, b, panelAt, c.data, to, c.stride, accumulate);
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
      kernels.tile(depth, rows, vectors, a, tileAt, b, panelAt, edge, 0, tileCols, accumulate);
      for (int r = 0; r < rows; r++) {
        System.arraycopy(edge, r * tileCols, c.data, to + r * c.stride, cols);
      }
    }
  }
}
