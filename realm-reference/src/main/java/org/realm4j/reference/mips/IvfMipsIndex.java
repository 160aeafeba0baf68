package org.realm4j.reference.mips;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Map;
import org.realm4j.io.RealmException;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.Workers;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.Vectors;

/**
 * Approximate search: looks only into the lists of the {@link InvertedFile} whose means have the
 * largest inner products with the query, so that lists of long rows come first. Within them it
 * finds the best rows exactly, by the bounds of {@link Int8Codes} and canonical scores, so what it
 * misses lies in other lists; where the first lists have fewer than k rows left, it goes on. The
 * same bits for any number of threads and any batch.
 */
final class IvfMipsIndex implements MipsIndex {
  /** Queries that a worker claims at a time. */
  private static final int TASK = 4;

  private final Vectors vectors;
  private final InvertedFile file;
  private final float[] means; // [lists, dimension]
  private final Kernels kernels;
  private final Workers workers;
  private final Arena arena;
  private volatile boolean closed;

  IvfMipsIndex(Vectors vectors, InvertedFile file, Kernels kernels, Workers workers, Arena arena) {
    this.vectors = vectors;
    this.file = file;
    this.means = InvertedFile.floats(file.means());
    this.kernels = kernels;
    this.workers = workers;
    this.arena = arena;
  }

  float[] centroids() {
    return InvertedFile.floats(file.centroids());
  }

  int probes() {
    return file.probes();
  }

  Vectors vectors() {
    return vectors;
  }

  @Override
  public int size() {
    return vectors.rows();
  }

  @Override
  public int dimension() {
    return vectors.dimension();
  }

  @Override
  public Map<String, MemorySegment> parts() {
    return file.parts();
  }

  @Override
  public String describe() {
    int[] recall = file.recall();
    return "%,d lists, %,d probed; recall@%d %.3f (%,d of %,d, %,d rows as queries)"
        .formatted(
            file.lists(),
            file.probes(),
            recall[1],
            (double) recall[2] / Math.max(1, recall[3]),
            recall[2],
            recall[3],
            recall[0]);
  }

  @Override
  public Hits[] search(float[] queries, int count, int k, BitSet excluded) {
    if (closed) {
      throw new IllegalStateException("the index is used after it was closed");
    }
    Queries all = Queries.of(queries, count, k, excluded, vectors);
    Hits[] hits = new Hits[count];
    Worker[] states = new Worker[workers.count()];
    Workers.Task task =
        (t, worker) -> {
          if (states[worker] == null) {
            states[worker] = new Worker();
          }
          for (int q = t * TASK; q < Math.min(count, (t + 1) * TASK); q++) {
            hits[q] = states[worker].search(all.part(q, 1));
          }
        };
    int tasks = Math.ceilDiv(count, TASK);
    workers.runOrAlone(tasks, task);
    return hits;
  }

  /** What one worker needs, one query at a time. */
  private final class Worker {
    private final float[] scores = new float[file.lists()];
    private final int blockBytes = Int8Codes.blockBytes(vectors.dimension());

    Hits search(Queries query) {
      int lists = file.lists();
      kernels.dots(means, 0, lists, query.values(), 1, query.dimension(), scores);
      Best best = new Best(query, vectors, kernels);
      ScaledQueries scaled = new ScaledQueries(query, kernels);
      int[] first = best(Math.min(file.probes(), lists));
      int left = 0;
      for (int list : first) {
        left += scan(list, query, scaled, best);
      }
      if (left < query.k() && first.length < lists) {
        int[] order = best(lists);
        for (int i = first.length; i < lists && left < query.k(); i++) {
          left += scan(order[i], query, scaled, best);
        }
      }
      return best.of(0).hits();
    }

    /** The lists of the best centroids, best first. */
    private int[] best(int n) {
      TopK top = new TopK(n);
      for (int c = 0; c < scores.length; c++) {
        if (scores[c] >= top.threshold()) {
          top.add(scores[c], c);
        }
      }
      return top.hits().rows();
    }

    /** Returns how many rows of the list are not excluded. */
    private int scan(int list, Queries query, ScaledQueries scaled, Best best) {
      for (int b = file.firstBlock(list); b < file.firstBlock(list + 1); b++) {
        int block = b;
        ScaledQueries.Rows rows = place -> row(block, place);
        scaled.multiply(file.codes(), (long) b * blockBytes);
        scaled.offer(0, rows, best);
      }
      return left(list, query.excluded());
    }

    private int left(int list, BitSet excluded) {
      int left = file.size(list);
      if (!excluded.isEmpty()) {
        for (int i = 0; i < file.size(list); i++) {
          int block = file.firstBlock(list) + i / Scan.BLOCK;
          left -= excluded.get(row(block, i % Scan.BLOCK)) ? 1 : 0;
        }
      }
      return left;
    }
  }

  /** Opening a file does not read its rows, so one may be damaged. */
  private int row(int block, int place) {
    int row = file.row(block, place);
    if (row < -1 || row >= vectors.rows()) {
      throw new RealmException.CorruptFile(
          "index 'ivf': block %,d: expected numbers of rows below %,d, found %,d"
              .formatted(block, vectors.rows(), row));
    }
    return row;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      workers.close();
      arena.close();
    }
  }
}
