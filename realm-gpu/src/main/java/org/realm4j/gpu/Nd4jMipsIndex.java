package org.realm4j.gpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.io.RealmException;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.Vectors;
import org.realm4j.tensor.Tape;

/**
 * Scans all rows on the device, and is exact whatever the device rounds: from there come only the
 * largest score of every {@value #CHUNK} rows; the host computes the scores of those chunks that
 * can hold one of the k best, in double precision, and orders by them. So results are the same bits
 * in any batch. One search at a time runs, others wait.
 */
final class Nd4jMipsIndex implements MipsIndex {
  /** Rows whose largest score is brought to the host. */
  private static final int CHUNK = 128;

  /** Rows of one product; with the queries below, 128 MiB of scores. */
  private static final int BLOCK = 1 << 20;

  private static final int QUERIES = 32;

  private final Vectors vectors;
  private final int dimension;
  private final int size;
  private final double longest; // of the rows, Euclidean
  private final Workspace space;
  private final List<INDArray> blocks = new ArrayList<>(); // [rows, dimension], whole chunks
  private boolean closed;

  /**
   * @param vectors kept, not copied
   * @param memoryLimit bytes on the device
   * @throws RealmException.BadInput if a value is not finite, with row and column, or a vector is
   *     longer than {@link Vectors#LONGEST}
   */
  Nd4jMipsIndex(Vectors vectors, long memoryLimit) {
    this.vectors = vectors;
    this.dimension = vectors.dimension();
    this.size = vectors.rows();
    this.longest = longest();
    this.space = new Workspace(memoryLimit);
    int whole = size / CHUNK * CHUNK;
    for (int row = 0; row < whole; row += BLOCK) {
      int rows = Math.min(BLOCK, whole - row);
      INDArray block = space.takeForSession(rows, dimension);
      Transfer.upload(rows(row, rows), block.data());
      blocks.add(block);
    }
  }

  /** {@code [count, dimension]} */
  private float[] rows(int from, int count) {
    float[] rows = new float[Math.multiplyExact(count, dimension)];
    vectors.copy(from, count, rows, 0);
    return rows;
  }

  private double longest() {
    double most = 0;
    for (int row = 0; row < size; row += CHUNK) {
      int count = Math.min(CHUNK, size - row);
      for (double length : Vectors.lengths("vectors", rows(row, count), count, dimension, row)) {
        most = Math.max(most, length);
      }
    }
    return most;
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
  public synchronized Hits[] search(float[] queries, int count, int k, BitSet excluded) {
    if (closed) {
      throw new IllegalStateException("the index is used after it was closed");
    }
    if (k < 1) {
      throw new RealmException.BadInput("k: expected at least 1, found " + k);
    }
    Vectors.lengths("queries", queries, count, dimension, 0);
    Hits[] hits = new Hits[count];
    for (int first = 0; first < count; first += QUERIES) {
      int n = Math.min(QUERIES, count - first);
      float[][] largest = largestOfChunks(queries, first, n);
      for (int q = 0; q < n; q++) {
        hits[first + q] = best(queries, first + q, largest[q], Math.min(k, size), excluded);
      }
    }
    return hits;
  }

  /** [n][chunks] */
  private float[][] largestOfChunks(float[] queries, int first, int n) {
    float[][] largest = new float[n][size / CHUNK];
    int chunk = 0;
    try (Tape _ = space.open(false)) {
      float[] some = Arrays.copyOfRange(queries, first * dimension, (first + n) * dimension);
      INDArray q = space.upload(some, n, dimension);
      for (INDArray block : blocks) {
        int rows = (int) block.size(0);
        int chunks = rows / CHUNK;
        INDArray scores = space.take(n, rows);
        INDArray max = space.take((long) n * chunks, 1);
        Ops.matmul(q, false, block, true, scores, false);
        Ops.rowMax(Workspace.view(scores, 0, (long) n * chunks, CHUNK), max);
        float[] all = space.download(max, n * chunks);
        space.give(scores);
        space.give(max);
        for (int i = 0; i < n; i++) {
          System.arraycopy(all, i * chunks, largest[i], chunk, chunks);
        }
        chunk += chunks;
      }
    }
    return largest;
  }

  /** The k best rows of the chunks that can hold one, and of the rest that is no whole chunk. */
  private Hits best(float[] queries, int query, float[] largest, int k, BitSet excluded) {
    int at = query * dimension;
    double bound = Double.NEGATIVE_INFINITY;
    // Each excluded row hides at most the largest score of one chunk.
    int chunks = (int) Math.min(Integer.MAX_VALUE, (long) k + excluded.cardinality());
    if (largest.length >= chunks) {
      float[] sorted = largest.clone();
      Arrays.sort(sorted);
      // so many chunks have a row of at least this score, as the device rounds
      double kth = sorted[sorted.length - chunks];
      double length = Math.sqrt(dot(queries, at, queries, at));
      double rounding = 0x1p-24 * (dimension + 2) * length * longest;
      bound = kth - 4 * rounding;
    }
    TopRows top = new TopRows(k);
    float[] chunk = new float[CHUNK * dimension];
    for (int c = 0; c < largest.length; c++) {
      if (largest[c] >= bound) {
        addRows(top, queries, at, c * CHUNK, CHUNK, chunk, excluded);
      }
    }
    int whole = largest.length * CHUNK;
    addRows(top, queries, at, whole, size - whole, chunk, excluded);
    return top.hits();
  }

  private void addRows(
      TopRows top, float[] queries, int at, int from, int count, float[] rows, BitSet excluded) {
    vectors.copy(from, count, rows, 0);
    for (int r = 0; r < count; r++) {
      if (!excluded.get(from + r)) {
        top.add((float) dot(queries, at, rows, r * dimension), from + r);
      }
    }
  }

  /** In double precision, always in the same order. */
  private double dot(float[] a, int atA, float[] b, int atB) {
    double even = 0;
    double odd = 0;
    int i = 0;
    for (; i + 1 < dimension; i += 2) {
      even += (double) a[atA + i] * b[atB + i];
      odd += (double) a[atA + i + 1] * b[atB + i + 1];
    }
    return even + odd + (i < dimension ? (double) a[atA + i] * b[atB + i] : 0);
  }

  private record Scored(float score, int row) {}

  /** Best first, of equal scores the lower row. */
  private static final Comparator<Scored> BEST_FIRST =
      (a, b) ->
          a.score != b.score ? Float.compare(b.score, a.score) : Integer.compare(a.row, b.row);

  /** The best k of the rows added. */
  private static final class TopRows {
    private final int k;
    private final PriorityQueue<Scored> heap = new PriorityQueue<>(BEST_FIRST.reversed());

    TopRows(int k) {
      this.k = k;
    }

    /** Rows come in rising order, so that an equal score does not replace one. */
    void add(float score, int row) {
      if (heap.size() == k) {
        Scored worst = heap.peek();
        if (worst != null && score <= worst.score) {
          return;
        }
        heap.poll();
      }
      heap.add(new Scored(score, row));
    }

    Hits hits() {
      List<Scored> best = new ArrayList<>(heap);
      best.sort(BEST_FIRST);
      float[] scores = new float[best.size()];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = best.get(i).score;
      }
      return new Hits(best.stream().mapToInt(Scored::row).toArray(), scores);
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      space.close();
    }
  }
}
