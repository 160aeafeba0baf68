package org.realm4j.reference.mips;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;
import org.realm4j.reference.KernelChoice;
import org.realm4j.reference.kernels.Workers;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.Vectors;

/**
 * Builds an {@link IvfMipsIndex}, and measures what it finds: rows drawn from the matrix are the
 * queries, and exact search over all rows is the truth.
 */
final class IvfBuilder {
  static final int RECALL_AT = 8;
  private static final int QUERIES = 256;

  private IvfBuilder() {}

  /**
   * @param before a former build over other vectors, whose centroids are kept: that costs little
   *     more than a pass over the vectors; or null
   * @throws RealmException.BadInput if a value is not finite, a row too long, or the recall of the
   *     asked probes below what is asked
   */
  static IvfMipsIndex build(
      Vectors vectors,
      IvfOptions options,
      @Nullable IvfMipsIndex before,
      int threads,
      KernelChoice choice) {
    if (threads < 1) {
      throw new RealmException.BadInput("threads: expected at least 1, found " + threads);
    }
    Workers workers = new Workers(threads, "realm-mips");
    Arena arena = Arena.ofShared();
    try (Arena temporary = Arena.ofShared()) {
      // refuses what cannot be searched
      MemorySegment lengths = BlockLengths.compute(vectors, temporary, workers);
      int lists = options.lists(vectors.rows());
      Clustering clusters =
          before != null
              ? Clustering.of(before.centroids(), vectors.dimension(), choice.kernels(), workers)
              : vectors.rows() == 0
                  ? Clustering.of(
                      new float[vectors.dimension()],
                      vectors.dimension(),
                      choice.kernels(),
                      workers)
                  : Clustering.train(vectors, lists, choice.kernels(), workers);
      InvertedFile file = InvertedFile.of(vectors, clusters, arena, workers);
      IvfMipsIndex index = new IvfMipsIndex(vectors, file, choice.kernels(), workers, arena);
      try (MipsIndex exact = ExactMipsIndex.open(vectors, lengths, threads, choice)) {
        measure(index, file, exact, options, before == null ? 1 : before.probes());
      }
      return index;
    } catch (RuntimeException | Error e) {
      workers.close();
      arena.close();
      throw e;
    }
  }

  /**
   * Sets the number of probes: if none is asked for, from {@code first} on the smallest that
   * reaches the recall.
   */
  private static void measure(
      IvfMipsIndex index, InvertedFile file, MipsIndex exact, IvfOptions options, int first) {
    int d = index.dimension();
    int count = Math.min(QUERIES, index.size());
    float[] queries = new float[count * d];
    for (int q = 0; q < count; q++) {
      index.vectors().copy((int) ((long) q * index.size() / count), 1, queries, q * d);
    }
    MipsIndex.Hits[] truth = exact.search(queries, count, RECALL_AT);
    int probes = Math.min(options.probes() > 0 ? options.probes() : first, file.lists());
    while (true) {
      file.setProbes(probes);
      int found = found(truth, index.search(queries, count, RECALL_AT));
      int possible = Arrays.stream(truth).mapToInt(hits -> hits.rows().length).sum();
      file.setRecall(count, RECALL_AT, found, possible);
      if (found >= options.recall() * possible) {
        return;
      }
      if (options.probes() > 0 || probes == file.lists()) {
        throw new RealmException.BadInput(
            "index 'ivf': expected a recall@%d of at least %.3f, found %.3f with %,d of %,d lists"
                    .formatted(
                        RECALL_AT,
                        options.recall(),
                        (double) found / possible,
                        probes,
                        file.lists())
                + ": take more probes");
      }
      probes = Math.min(file.lists(), probes + Math.max(1, probes / 2));
    }
  }

  private static int found(MipsIndex.Hits[] truth, MipsIndex.Hits[] hits) {
    int found = 0;
    for (int q = 0; q < truth.length; q++) {
      Set<Integer> rows = new HashSet<>();
      for (int row : hits[q].rows()) {
        rows.add(row);
      }
      for (int row : truth[q].rows()) {
        found += rows.contains(row) ? 1 : 0;
      }
    }
    return found;
  }
}
