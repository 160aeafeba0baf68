package org.realm4j.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.bench.Alternately.Side;
import org.realm4j.bench.Searcher.Found;
import org.realm4j.io.JsonObject;

/**
 * Approximate search among clustered vectors, beside faiss's inverted files and Lucene's graph. A
 * speed counts only beside a recall: this library probes as many lists as it needs to find at least
 * what the peer finds, over all queries that are measured.
 */
final class MipsApproximate {
  private static final int QUERIES = 1000;
  private static final int CLUSTERS = 2000;
  private static final double LEAST_RECALL = 0.95;

  /** How far the rows have moved when the index is built again. */
  private static final float DRIFT = 0.05f;

  private static final int MOST_PROBES = 512;
  private static final int MOST_CANDIDATES = 64;

  private final Context context;
  private final int threads;
  private final Peer ours;
  private final Found truth;

  /** Of this library's index, by probes: the same for any number of threads. */
  private final Map<Integer, Double> recalls;

  /** The numbers of probes that indexes of this process have. */
  private final Map<Integer, Searcher> built = new LinkedHashMap<>();

  private MipsApproximate(
      Context context, int threads, Peer ours, Found truth, Map<Integer, Double> recalls) {
    this.context = context;
    this.threads = threads;
    this.ours = ours;
    this.truth = truth;
    this.recalls = recalls;
  }

  static void run(Context context, Path folder) {
    int rows = context.either(50_000, 200_000);
    Map<String, Object> job = files(folder, rows);
    Map<String, Object> lucene = new LinkedHashMap<>(job);
    lucene.put("load", "hnsw");
    lucene.put("folder", folder.resolve("lucene").toString());
    buildLucene(context, lucene);
    Map<Integer, Double> recalls = new LinkedHashMap<>();
    for (int threads : context.threads()) {
      Peer ours = MipsSection.ours(context, job, threads);
      Peer faiss = MipsSection.faiss(context, job, threads);
      Peer graph = MipsSection.ours(context, lucene, threads);
      try {
        ours.ask(Map.of("build", "exact", "as", "exact"));
        Found truth = new Searcher(ours, "exact", "exact").rows(QUERIES, 250, MipsSection.K);
        MipsApproximate sides = new MipsApproximate(context, threads, ours, truth, recalls);
        JsonObject first = ours.ask(Map.of("build", "ivf", "as", "ivf"));
        context.progress("  ivf: " + first.string("describe"));
        for (Searcher peer : faissLists(faiss)) {
          sides.search(peer, 1);
        }
        sides.search(sides.graph(graph), 5);
        sides.builds(faiss, first.number("cpu"));
      } finally {
        Peer.closeAll(ours, faiss, graph);
      }
    }
  }

  private static Map<String, Object> files(Path folder, int rows) {
    MipsVectors clustered = MipsVectors.clustered(MipsSection.DIMENSION, CLUSTERS);
    Path vectors = folder.resolve("clustered");
    Path queries = folder.resolve("clustered-queries");
    Path later = folder.resolve("clustered-later");
    clustered.rows(vectors, rows);
    clustered.queries(queries, QUERIES);
    clustered.laterRows(later, rows, DRIFT);
    Map<String, Object> job = MipsSection.job(vectors, queries);
    job.put("later", later.toString());
    return job;
  }

  /** Once: it takes longer than all the rest. */
  private static void buildLucene(Context context, Map<String, Object> job) {
    context.progress("  building Lucene's graph");
    Peer lucene = MipsSection.ours(context, job, 1);
    try {
      double cpu = lucene.ask(Map.of("build", "hnsw")).number("cpu");
      context.progress("  Lucene's graph took %.1f CPU seconds".formatted(cpu));
    } finally {
      lucene.close();
    }
  }

  private static List<Searcher> faissLists(@Nullable Peer faiss) {
    List<Searcher> peers = new ArrayList<>();
    if (faiss != null) {
      for (int lists : new int[] {512, 1024}) {
        String index = "ivf" + lists;
        faiss.ask(Map.of("build", index, "lists", lists));
        peers.add(new Searcher(faiss, "faiss IVF" + lists, index, Map.of("probes", 4)));
      }
    }
    return peers;
  }

  /** Lucene's graph with the fewest candidates that reach the least recall. */
  private Searcher graph(Peer lucene) {
    for (int candidates = MipsSection.K * 2; ; candidates += MipsSection.K) {
      Searcher graph = new Searcher(lucene, "Lucene HNSW", "hnsw", Map.of("ef", candidates));
      double recall = graph.rows(QUERIES, QUERIES, MipsSection.K).recall(truth);
      context.progress("  Lucene HNSW, ef %d: recall %.4f".formatted(candidates, recall));
      if (recall >= LEAST_RECALL || candidates >= MOST_CANDIDATES) {
        return graph;
      }
    }
  }

  private void search(Searcher peer, double ratio) {
    double theirs = peer.rows(QUERIES, QUERIES, MipsSection.K).recall(truth);
    int probes = probes(theirs);
    double recall = recall(probes);
    context.progress(
        "  %s: recall %.4f; %d probes: %.4f".formatted(peer.name(), theirs, probes, recall));
    List<List<Sample>> samples =
        Searcher.byTurns(
            List.of(ours(probes), peer),
            context.rounds(5),
            QUERIES,
            MipsSection.K,
            context.either(1.0, 2.5),
            MipsSection.TURN);
    String name = "ivf, 1,000 queries, recall of " + peer.name();
    context.add(
        MipsSection.row(name, threads, QUERIES, samples.get(0), peer, samples.get(1))
            .with("probes", probes)
            .with("recall", recall)
            .with("peer_recall", theirs)
            .with("peer_settings", peer.settings())
            .toward(Target.ratio(ratio)));
    double no = Double.NaN;
    context.add(
        new Row(
            MipsSection.NAME,
            "recall@8 of both, beside " + peer.name(),
            threads,
            recall,
            "",
            peer.name(),
            theirs,
            no,
            no,
            no,
            List.of(Target.atLeast(LEAST_RECALL)),
            no,
            new LinkedHashMap<>(Map.of("probes", probes))));
  }

  /** The fewest with which this library finds as much; the most that are tried if none does. */
  private int probes(double recall) {
    for (int p = 1; p <= MOST_PROBES; p += Math.max(1, p / 4)) {
      double found = recalls.computeIfAbsent(p, this::recall);
      if (found >= recall) {
        return p;
      }
    }
    context.fail("ivf: expected a recall of %.4f with %d probes".formatted(recall, MOST_PROBES));
    return MOST_PROBES;
  }

  private double recall(int probes) {
    return ours(probes).rows(QUERIES, QUERIES, MipsSection.K).recall(truth);
  }

  /** The same lists with another number of probes. */
  private Searcher ours(int probes) {
    return built.computeIfAbsent(
        probes,
        p -> {
          String name = "ivf" + p;
          Map<String, Object> options = Map.of("probes", p, "recall", 0);
          ours.ask(Map.of("build", "ivf", "from", "ivf", "as", name, "options", options));
          return new Searcher(ours, "ivf", name);
        });
  }

  // ---- builds

  private void builds(@Nullable Peer faiss, double first) {
    List<Side> sides = new ArrayList<>();
    sides.add(build(ours, Map.of("build", "ivf", "as", "ivf")));
    sides.add(build(ours, Map.of("build", "ivf", "from", "ivf", "later", true, "as", "ivf later")));
    if (faiss != null) {
      sides.add(build(faiss, Map.of("build", "ivf512", "lists", 512)));
    }
    List<List<Sample>> samples = Alternately.run(context.rounds(3), sides);
    List<Sample> theirs = faiss == null ? List.of() : samples.get(2);
    context.add(
        row("ivf, built from nothing", samples.get(0), theirs)
            .with("first_in_this_process", first)
            .toward(Target.ratio(2)));
    context.add(
        row("ivf, built again with its centroids", samples.get(1), theirs).toward(Target.ratio(5)));
  }

  /** What is compared is the time of all processors. */
  private static Side build(Peer side, Map<String, Object> request) {
    return () -> {
      double cpu = side.ask(request).number("cpu");
      return new Sample(cpu, cpu);
    };
  }

  private Row row(String name, List<Sample> ours, List<Sample> theirs) {
    String unit = "CPU s";
    if (theirs.isEmpty()) {
      return Row.of(MipsSection.NAME, name, threads, 1 / Comparison.speed(1, ours), unit);
    }
    Comparison c = Comparison.of(1, ours, theirs);
    return new Row(
        MipsSection.NAME,
        name,
        threads,
        1 / c.ours(),
        unit,
        "faiss IVF512",
        1 / c.peer(),
        c.ratio(),
        c.low(),
        c.high(),
        List.of(),
        Double.NaN,
        new LinkedHashMap<>());
  }
}
