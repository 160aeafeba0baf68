package org.realm4j.retrieval;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;

/**
 * One generation of a {@link PassageIndex}, whatever is changed meanwhile, until it is closed.
 * Thread-safe but for {@link #close}.
 */
public final class IndexReader implements AutoCloseable {
  private final Generation generation;
  private final int dimension;
  private final AtomicBoolean closed = new AtomicBoolean();

  IndexReader(Generation generation, int dimension) {
    this.generation = generation;
    this.dimension = dimension;
  }

  /** Its name, different for each change of the index. */
  public String id() {
    return generation.id();
  }

  /** How many passages there are, without those that were removed. */
  public int size() {
    return parts().stream().mapToInt(Generation.Part::left).sum();
  }

  /** How many passages were removed and still take up room. */
  public int removed() {
    return parts().stream().mapToInt(part -> part.removed().cardinality()).sum();
  }

  public int segments() {
    return parts().size();
  }

  public int dimension() {
    return dimension;
  }

  /** What the index over each segment says of itself, best known for {@code recall}. */
  public List<String> describe() {
    return parts().stream()
        .map(
            part ->
                "%s: %,d passages, %,d removed: %s"
                    .formatted(
                        part.segment().name(),
                        part.segment().size(),
                        part.removed().cardinality(),
                        part.segment().index().describe()))
        .toList();
  }

  /**
   * The k passages with the largest inner products for each query, best first, ties by the older
   * passage. Their rows are numbers for {@link #passage}.
   *
   * @param queries {@code [count, dimension]}
   * @param k at least 1; more than {@link #size} gives all
   * @throws RealmException.BadInput if a query is not finite or too long
   */
  public MipsIndex.Hits[] search(float[] queries, int count, int k) {
    List<Generation.Part> parts = parts();
    if (queries.length != (long) count * dimension) {
      throw new RealmException.BadInput(
          "queries: expected %,d vectors of %,d, found %,d values"
              .formatted(count, dimension, queries.length));
    }
    MipsIndex.Hits[] all = new MipsIndex.Hits[count];
    Arrays.fill(all, new MipsIndex.Hits(new int[0], new float[0]));
    for (Generation.Part part : parts) {
      MipsIndex.Hits[] some = part.segment().index().search(queries, count, k, part.removed());
      for (int q = 0; q < count; q++) {
        all[q] = merge(all[q], some[q], part.first(), k);
      }
    }
    return all;
  }

  /** Both are ordered; rows of the second come after all rows of the first. */
  private static MipsIndex.Hits merge(MipsIndex.Hits a, MipsIndex.Hits b, int first, int k) {
    int n = Math.min(k, a.rows().length + b.rows().length);
    int[] rows = new int[n];
    float[] scores = new float[n];
    int i = 0;
    int j = 0;
    for (int to = 0; to < n; to++) {
      boolean old = j == b.rows().length || (i < a.rows().length && a.scores()[i] >= b.scores()[j]);
      rows[to] = old ? a.rows()[i] : first + b.rows()[j];
      scores[to] = old ? a.scores()[i++] : b.scores()[j++];
    }
    return new MipsIndex.Hits(rows, scores);
  }

  /** The passage of a row that a search has found. */
  public Passage passage(int row) {
    Generation.Part part = part(row);
    return part.segment().store().passage(row - part.first());
  }

  /** Its vector. {@code [dimension]} */
  public float[] vector(int row) {
    Generation.Part part = part(row);
    float[] vector = new float[dimension];
    part.segment().vectors().copy(row - part.first(), 1, vector, 0);
    return vector;
  }

  /** The row of the passage with this id, or -1. */
  public int row(String id) {
    for (Generation.Part part : parts()) {
      int number = part.segment().store().indexOf(id);
      if (number >= 0 && !part.removed().get(number)) {
        return part.first() + number;
      }
    }
    return -1;
  }

  /** Whether the passage, or parts of it, are there. */
  public boolean holds(String id) {
    return parts().stream()
        .anyMatch(
            part ->
                IntStream.of(part.segment().store().partsOf(id))
                    .anyMatch(number -> !part.removed().get(number)));
  }

  /** The rows of all passages that are there, in their order. */
  public int[] rows() {
    return parts().stream()
        .flatMapToInt(
            part ->
                IntStream.range(0, part.segment().size())
                    .filter(number -> !part.removed().get(number))
                    .map(number -> part.first() + number))
        .toArray();
  }

  private Generation.Part part(int row) {
    List<Generation.Part> parts = parts();
    for (Generation.Part part : parts) {
      if (row >= part.first() && row - part.first() < part.segment().size()) {
        return part;
      }
    }
    int all = parts.stream().mapToInt(part -> part.segment().size()).sum();
    throw new IndexOutOfBoundsException(Objects.checkIndex(row, all));
  }

  private List<Generation.Part> parts() {
    if (closed.get()) {
      throw new IllegalStateException("the reader of " + generation.id() + " is closed");
    }
    return generation.parts();
  }

  Generation generation() {
    return generation;
  }

  /** Gives the generation back; the last reader of one that was replaced unmaps it. Idempotent. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      generation.giveBack();
    }
  }
}
