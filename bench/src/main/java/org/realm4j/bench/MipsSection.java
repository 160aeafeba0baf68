package org.realm4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.realm4j.bench.Alternately.Sample;

/**
 * {@code mips}: maximum inner product search in float32, exact ({@link MipsExact}) and approximate
 * ({@link MipsApproximate}). Each side is a process that reads the same files of vectors.
 */
final class MipsSection {
  static final String NAME = "mips";
  static final int DIMENSION = 128;

  /** Rows that a search returns. */
  static final int K = 8;

  /** Of each turn, in seconds; before it some that are not timed. */
  static final double TURN = 0.25;

  private MipsSection() {}

  static void run(Context context) {
    context.threads().forEach(context::limits); // before the sides start
    try {
      Path folder = Files.createTempDirectory("realm-bench-mips-");
      try {
        MipsExact.run(context, folder);
        MipsApproximate.run(context, folder);
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("files of vectors", e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  static Map<String, Object> job(Path vectors, Path queries) {
    Map<String, Object> job = new LinkedHashMap<>();
    job.put("load", NAME);
    job.put("dimension", DIMENSION);
    job.put("vectors", vectors.toString());
    job.put("queries", queries.toString());
    return job;
  }

  static Peer ours(Context context, Map<String, Object> job, int threads) {
    return SideBySide.ours(context, with(job, threads));
  }

  static @Nullable Peer faiss(Context context, Map<String, Object> job, int threads) {
    return context.peer(() -> Faiss.open(threads, with(job, threads)));
  }

  static Map<String, Object> with(Map<String, Object> job, int threads) {
    Map<String, Object> all = new LinkedHashMap<>(job);
    all.put("threads", threads);
    return all;
  }

  /** A row of queries a second; without a peer its place is empty. */
  static Row row(
      String name,
      int threads,
      int queries,
      List<Sample> ours,
      @Nullable Searcher peer,
      List<Sample> theirs) {
    if (peer == null) {
      return Row.of(NAME, name, threads, Comparison.speed(queries, ours), "queries/s")
          .with("our_cores", Comparison.cores(ours));
    }
    return Row.of(
        NAME, name, threads, "queries/s", peer.name(), Comparison.of(queries, ours, theirs));
  }
}
