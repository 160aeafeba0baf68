package org.realm4j.reference;

import java.util.concurrent.locks.ReentrantLock;
import org.realm4j.io.RealmException;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.retrieval.MipsIndex;

/**
 * Scans all rows. One canonical dot product, so that results are the same bits for any threads,
 * batch and vector width. A batch shares one pass over the rows. All vectors lie in one float[], so
 * rows * dimension is at most {@link Integer#MAX_VALUE}.
 */
public final class ExactMipsIndex implements MipsIndex {
  /** Floats of rows per block: stays in the first-level cache while all queries pass over it. */
  private static final int BLOCK_FLOATS = 4096;

  /** Rows per claimed task, in blocks. */
  private static final int BLOCKS_PER_TASK = 64;

  private final float[] vectors;
  private final int dimension;
  private final int size;
  private final int blockRows;
  private final Kernels kernels;
  private final Workers workers;
  private final ReentrantLock searching = new ReentrantLock();
  private volatile boolean closed;

  /**
   * @param vectors {@code [rows, dimension]}; kept, not copied
   * @throws RealmException.BadInput if a value is not finite, with row and column
   */
  public ExactMipsIndex(float[] vectors, int dimension, int threads, KernelChoice choice) {
    if (dimension < 1 || vectors.length % dimension != 0) {
      throw new RealmException.BadInput(
          "vectors: %,d values are not rows of %,d".formatted(vectors.length, dimension));
    }
    if (threads < 1) {
      throw new RealmException.BadInput("threads: expected at least 1, found " + threads);
    }
    this.vectors = vectors;
    this.dimension = dimension;
    this.size = vectors.length / dimension;
    this.blockRows = Math.max(4, BLOCK_FLOATS / dimension & -4);
    this.kernels = choice.kernels();
    checkFinite("vectors", vectors, size, dimension);
    this.workers = new Workers(threads, "realm-exact-mips");
  }

  private static void checkFinite(String what, float[] x, int rows, int cols) {
    for (int i = 0; i < rows * cols; i++) {
      if (!Float.isFinite(x[i])) {
        throw new RealmException.BadInput(
            "%s: row %,d, column %d is %s".formatted(what, i / cols, i % cols, x[i]));
      }
    }
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public Hits[] search(float[] queries, int count, int k) {
    if (closed) {
      throw new IllegalStateException("the index is used after it was closed");
    }
    if (k < 1) {
      throw new RealmException.BadInput("k: expected at least 1, found " + k);
    }
    if (queries.length < (long) count * dimension) {
      throw new RealmException.BadInput(
          "queries: expected %,d x %,d values, found %,d"
              .formatted(count, dimension, queries.length));
    }
    checkFinite("queries", queries, count, dimension);
    TopK[][] found = new TopK[workers.count()][];
    int perTask = blockRows * BLOCKS_PER_TASK;
    Workers.Task task =
        (t, worker) -> {
          if (found[worker] == null) {
            found[worker] = heaps(count, Math.min(k, size));
          }
          int to = (int) Math.min(size, (t + 1L) * perTask);
          scan(queries, count, t * perTask, to, found[worker]);
        };
    int tasks = (int) (((long) size + perTask - 1) / perTask);
    // one search at a time has the threads; others meanwhile scan on their own
    if (workers.count() > 1 && searching.tryLock()) {
      try {
        workers.run(tasks, task);
      } finally {
        searching.unlock();
      }
    } else {
      for (int t = 0; t < tasks; t++) {
        task.run(t, 0);
      }
    }
    return merge(found, count, Math.min(k, size));
  }

  private static TopK[] heaps(int count, int k) {
    TopK[] heaps = new TopK[count];
    for (int q = 0; q < count; q++) {
      heaps[q] = new TopK(k);
    }
    return heaps;
  }

  private void scan(float[] queries, int count, int from, int to, TopK[] heaps) {
    float[] scores = new float[count * blockRows];
    for (int row = from; row < to; row += blockRows) {
      int rows = Math.min(blockRows, to - row);
      kernels.dots(vectors, row * dimension, rows, queries, count, dimension, scores);
      for (int q = 0; q < count; q++) {
        TopK heap = heaps[q];
        for (int r = 0; r < rows; r++) {
          float score = scores[q * rows + r];
          // finite vectors may still overflow into NaN, which is no score: it never gets in
          if (score >= heap.threshold()) {
            heap.add(score, row + r);
          }
        }
      }
    }
  }

  private static Hits[] merge(TopK[][] found, int count, int k) {
    Hits[] hits = new Hits[count];
    for (int q = 0; q < count; q++) {
      TopK all = new TopK(k);
      for (TopK[] heaps : found) {
        if (heaps != null) {
          all.add(heaps[q]);
        }
      }
      hits[q] = all.hits();
    }
    return hits;
  }

  @Override
  public void close() {
    closed = true;
    workers.close();
  }
}
