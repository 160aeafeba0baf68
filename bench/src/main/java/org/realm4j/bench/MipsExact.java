package org.realm4j.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.bench.Searcher.Found;
import org.realm4j.io.JsonObject;

/**
 * Exact search among a million gaussian vectors, beside faiss's IndexFlatIP. Before anything is
 * timed, the indexes of this library are compared bit by bit, and with what faiss finds.
 */
final class MipsExact {
  private static final int QUERIES = 256;

  /** Rows of equal scores within rounding may change places. */
  private static final double LEAST_AGREEMENT = 0.999;

  private static final double MIB = 1 << 20;

  private final Context context;
  private final int threads;
  private final int rows;
  private final Peer ours;
  private final Searcher exact;
  private final Searcher int8;
  private final @Nullable Searcher faiss;

  private MipsExact(Context context, int threads, int rows, Peer ours, @Nullable Peer peer) {
    this.context = context;
    this.threads = threads;
    this.rows = rows;
    this.ours = ours;
    this.exact = new Searcher(ours, "exact", "exact");
    this.int8 = new Searcher(ours, "int8", "int8");
    this.faiss = peer == null ? null : new Searcher(peer, Faiss.NAME, "flat");
  }

  static void run(Context context, Path folder) {
    int rows = context.either(100_000, 1_000_000);
    Path vectors = folder.resolve("gaussian");
    Path queries = folder.resolve("gaussian-queries");
    context.progress("  drawing %,d vectors".formatted(rows));
    MipsVectors gaussian = MipsVectors.gaussian(MipsSection.DIMENSION);
    gaussian.rows(vectors, rows);
    gaussian.queries(queries, QUERIES);
    Map<String, Object> job = MipsSection.job(vectors, queries);
    for (int threads : context.threads()) {
      Peer ours = MipsSection.ours(context, job, threads);
      Peer peer = MipsSection.faiss(context, job, threads);
      try {
        new MipsExact(context, threads, rows, ours, peer).run();
      } finally {
        Peer.closeAll(ours, peer);
      }
    }
  }

  private void run() {
    ours.ask(Map.of("build", "exact", "as", "exact"));
    ours.ask(Map.of("build", "int8", "as", "int8"));
    if (faiss != null) {
      faiss.process().ask(Map.of("build", "flat", "lists", 0));
    }
    check();
    oneQuery();
    batch("exact through int8, batch 16", 16, MipsSection.K, 8);
    batch("exact through int8, batch 256", 256, MipsSection.K, 1.5);
    batch("exact through int8, batch 16, k = 5,000", 16, 5000, 2);
    memory();
  }

  private void check() {
    context.progress("  comparing what is found, threads " + threads);
    int queries = QUERIES / 4;
    for (int k : new int[] {MipsSection.K, 100}) {
      Found truth = exact.rows(queries, 1, k);
      if (!int8.rows(queries, 1, k).sameBits(truth)) {
        context.fail("int8, k = %d: expected the same bits as exact, found others".formatted(k));
      }
      if (!exact.rows(queries, 16, k).sameBits(truth)
          || !int8.rows(queries, 16, k).sameBits(truth)) {
        context.fail("batches of 16, k = %d: expected the bits of single queries".formatted(k));
      }
      double agreement = faiss == null ? 1 : faiss.rows(queries, 16, k).recall(truth);
      if (!(agreement >= LEAST_AGREEMENT)) {
        context.fail(
            "k = %d: expected the rows that faiss finds, found %.4f of them"
                .formatted(k, agreement));
      }
    }
  }

  private void oneQuery() {
    List<Searcher> all = new ArrayList<>(List.of(exact, int8));
    if (faiss != null) {
      all.add(faiss);
    }
    List<List<Sample>> samples = byTurns(all, 1, MipsSection.K);
    List<Sample> theirs = faiss == null ? List.of() : samples.get(2);
    context.add(
        oneQuery("exact, 1 query", samples.get(0), theirs)
            .limitedBy(limit(1, 4.0 * MipsSection.DIMENSION))
            .toward(Target.ratio(1.2), Target.share(0.90)));
    context.add(
        oneQuery("exact through int8, 1 query", samples.get(1), theirs)
            .limitedBy(limit(1, MipsSection.DIMENSION + 8))
            .toward(Target.ratio(3.5), Target.share(0.85)));
  }

  private Row oneQuery(String name, List<Sample> ours, List<Sample> theirs) {
    Row row = row(name, 1, ours, faiss, theirs);
    if (threads > 1 && row.more().remove("peer_cores") instanceof Double cores) {
      row.with("peer_cores_of_1", cores); // faiss has no use for more: nothing was disturbed
    }
    return row;
  }

  /** As faiss comes it multiplies matrices from 20 queries on only; below, also told to do so. */
  private void batch(String name, int count, int k, double ratio) {
    List<Searcher> all = new ArrayList<>(List.of(int8));
    if (faiss != null) {
      all.add(faiss);
      if (count < 20) {
        Map<String, Object> product = Map.of("product_from", 1);
        all.add(new Searcher(faiss.process(), Faiss.NAME, "flat", product));
      }
    }
    List<List<Sample>> samples = byTurns(all, count, k);
    double limit = limit(count, 4.0 * MipsSection.DIMENSION);
    Row row =
        faiss == null
            ? row(name, count, samples.getFirst(), null, List.of())
            : row(name, count, samples.getFirst(), faiss, samples.get(1));
    context.add(row.limitedBy(limit).toward(Target.ratio(ratio)));
    if (all.size() > 2) {
      String told = name + "; faiss told to multiply";
      context.add(
          row(told, count, samples.getFirst(), all.get(2), samples.get(2)).limitedBy(limit));
    }
  }

  private List<List<Sample>> byTurns(List<Searcher> all, int count, int k) {
    double warm = context.either(1.0, count == 1 ? 2.5 : 1.5);
    return Searcher.byTurns(all, context.rounds(5), count, k, warm, MipsSection.TURN);
  }

  private Row row(
      String name, int count, List<Sample> ours, @Nullable Searcher peer, List<Sample> theirs) {
    return MipsSection.row(name, threads, count, ours, peer, theirs).with("rows", rows);
  }

  /** Queries a second, if memory and multiply-adds overlap perfectly. */
  private double limit(int queries, double bytesOfRow) {
    Limits limits = context.limits(threads);
    double memory = limits.read() * 1e9 / (bytesOfRow * rows) * queries;
    double arithmetic = limits.fma() * 1e9 / (2.0 * MipsSection.DIMENSION * rows);
    return Math.min(memory, arithmetic);
  }

  private void memory() {
    JsonObject memory = ours.ask(Map.of("memory", "int8"));
    double vectors = memory.number("vectors") / MIB;
    context.add(
        Row.of(
                MipsSection.NAME,
                "memory of int8, vectors and parts; limit: vectors",
                threads,
                vectors + memory.number("parts") / MIB,
                "MiB")
            .limitedBy(vectors)
            .toward(Target.shareAtMost(1.30))
            .with("rows", rows));
    context.add(
        Row.of(
                MipsSection.NAME,
                "heap after a collection, both indexes open",
                threads,
                memory.number("heap") / MIB,
                "MiB")
            .toward(Target.atMost(64)));
    if (!memory.list("parts_in_heap").isEmpty()) {
      context.fail(
          "memory: expected all parts outside the heap, found in it: "
              + memory.list("parts_in_heap"));
    }
  }
}
