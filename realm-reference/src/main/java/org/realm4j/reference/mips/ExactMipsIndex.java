package org.realm4j.reference.mips;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;
import org.realm4j.reference.KernelChoice;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.Workers;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.Vectors;

/**
 * Looks at all rows: through their int8 codes, if it has some, with {@link CodeScan}, otherwise
 * with {@link RowScan} for few queries and {@link PanelScan} for many. All give the same bits, for
 * any number of threads, any batch and any width of vectors: see {@link Best}. A batch shares one
 * pass over the memory.
 */
final class ExactMipsIndex implements MipsIndex {
  private static final String LENGTHS = "lengths";
  private static final String CODES = "codes";

  /** From this number of queries on a product pays; it has 16 columns at least. */
  private static final int MANY = 5;

  /**
   * Up to this number of best rows the codes leave few to be scored: more would be fetched from
   * memory one by one, while a batch reads all rows in their order.
   */
  private static final int BEST_BY_CODES = 256;

  /** Queries whose products lie in the second-level cache together. */
  private static final int BATCH = 256;

  /** Rows that a worker claims at a time. */
  private static final int TASK = 64 * Scan.BLOCK;

  private final Vectors vectors;
  private final BlockLengths lengths;
  private final @Nullable MemorySegment codes;
  private final Kernels kernels;
  private final Workers workers;
  private final Arena arena;
  private volatile boolean closed;

  private ExactMipsIndex(
      Vectors vectors,
      MemorySegment lengths,
      @Nullable MemorySegment codes,
      KernelChoice choice,
      Workers workers,
      Arena arena) {
    this.vectors = vectors;
    this.lengths = new BlockLengths(lengths);
    this.codes = codes;
    this.kernels = choice.kernels();
    this.workers = workers;
    this.arena = arena;
  }

  /**
   * @param int8 whether to code the rows, too
   * @throws RealmException.BadInput if a value is not finite or a row too long
   */
  static ExactMipsIndex build(Vectors vectors, boolean int8, int threads, KernelChoice choice) {
    Workers workers = workers(threads);
    Arena arena = Arena.ofShared();
    try {
      MemorySegment lengths = BlockLengths.compute(vectors, arena, workers);
      MemorySegment codes = int8 ? Int8Codes.encode(vectors, arena, workers) : null;
      return new ExactMipsIndex(vectors, lengths, codes, choice, workers, arena);
    } catch (RuntimeException | Error e) {
      workers.close();
      arena.close();
      throw e;
    }
  }

  /** Over what {@link #parts} gave. */
  static ExactMipsIndex open(
      Vectors vectors,
      Map<String, MemorySegment> parts,
      boolean int8,
      int threads,
      KernelChoice choice) {
    MemorySegment lengths = Parts.get(parts, LENGTHS, BlockLengths.bytes(vectors.rows()));
    MemorySegment codes =
        int8 ? Parts.get(parts, CODES, Int8Codes.bytes(vectors.rows(), vectors.dimension())) : null;
    return new ExactMipsIndex(vectors, lengths, codes, choice, workers(threads), Arena.ofShared());
  }

  /** In float32, with the lengths of {@link BlockLengths} at hand. */
  static ExactMipsIndex open(
      Vectors vectors, MemorySegment lengths, int threads, KernelChoice choice) {
    return open(vectors, Map.of(LENGTHS, lengths), false, threads, choice);
  }

  private static Workers workers(int threads) {
    if (threads < 1) {
      throw new RealmException.BadInput("threads: expected at least 1, found " + threads);
    }
    return new Workers(threads, "realm-mips");
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
  public String describe() {
    return codes == null ? "all rows are compared" : "all rows are compared, by their int8 codes";
  }

  @Override
  public Map<String, MemorySegment> parts() {
    Map<String, MemorySegment> parts = new LinkedHashMap<>();
    parts.put(LENGTHS, lengths.memory());
    if (codes != null) {
      parts.put(CODES, codes);
    }
    return parts;
  }

  @Override
  public Hits[] search(float[] queries, int count, int k, BitSet excluded) {
    if (closed) {
      throw new IllegalStateException("the index is used after it was closed");
    }
    Queries all = Queries.of(queries, count, k, excluded, vectors);
    Hits[] hits = new Hits[count];
    for (int first = 0; first < count; first += BATCH) {
      int some = Math.min(BATCH, count - first);
      System.arraycopy(search(all.part(first, some)), 0, hits, first, some);
    }
    return hits;
  }

  private Hits[] search(Queries queries) {
    Function<Best, Scan> scans = scans(queries);
    Best[] best = new Best[workers.count()];
    Scan[] scan = new Scan[workers.count()];
    Workers.Task task =
        (t, worker) -> {
          if (best[worker] == null) {
            best[worker] = new Best(queries, vectors, kernels);
            scan[worker] = scans.apply(best[worker]);
          }
          int from = t * TASK;
          scan[worker].rows(from, (int) Math.min(size(), (long) from + TASK));
        };
    int tasks = Math.ceilDiv(size(), TASK);
    workers.runOrAlone(tasks, task);
    return merge(best, queries);
  }

  private Function<Best, Scan> scans(Queries queries) {
    MemorySegment c = codes;
    if (c != null && (queries.k() <= BEST_BY_CODES || queries.count() < MANY)) {
      return best -> new CodeScan(queries, c, kernels, best);
    }
    if (queries.count() < MANY) {
      return best -> new RowScan(queries, vectors, kernels, best);
    }
    Panels panels = new Panels(queries.values(), queries.count(), queries.dimension(), kernels);
    return best -> new PanelScan(queries, vectors, lengths, kernels, panels, best);
  }

  private static Hits[] merge(Best[] best, Queries queries) {
    Hits[] hits = new Hits[queries.count()];
    for (int q = 0; q < hits.length; q++) {
      TopK all = new TopK(queries.k());
      for (Best some : best) {
        if (some != null) {
          all.add(some.of(q));
        }
      }
      hits[q] = all.hits();
    }
    return hits;
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
