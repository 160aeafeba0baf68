package org.realm4j.retrieval;

import java.util.Arrays;
import org.realm4j.io.RealmException;

/**
 * One immutable generation of the corpus's vectors: made by one snapshot of the document tower,
 * searched by whoever holds it, replaced as a whole. Row i is passage i of the store. Any number of
 * threads may search at once. It owns the threads that search it: to be closed when it was
 * replaced.
 */
public final class KnowledgeIndex implements AutoCloseable {
  private final float[] vectors;
  private final int dimension;
  private final long madeAtStep;
  private final MipsIndex index;

  /**
   * @param vectors {@code [passages, dimension]}, never written to again
   * @param madeAtStep the training step whose parameters made the vectors
   * @param threads how many threads a search may use
   * @throws RealmException.BadInput if a vector is not finite, with row and column
   */
  public KnowledgeIndex(
      MipsIndexProvider provider, float[] vectors, int dimension, long madeAtStep, int threads) {
    this(vectors, dimension, madeAtStep, provider.build(vectors, dimension, threads));
  }

  private KnowledgeIndex(float[] vectors, int dimension, long madeAtStep, MipsIndex index) {
    this.vectors = vectors;
    this.dimension = dimension;
    this.madeAtStep = madeAtStep;
    this.index = index;
  }

  /**
   * The generation that follows this one, over the same passages.
   *
   * @param next {@code [passages, dimension]}, never written to again
   * @throws RealmException.BadInput if a vector cannot be searched
   */
  public KnowledgeIndex refreshed(
      MipsIndexProvider provider, float[] next, long step, int threads) {
    Vectors rows = Vectors.of(next, dimension);
    return new KnowledgeIndex(next, dimension, step, provider.rebuild(index, rows, threads));
  }

  public int size() {
    return index.size();
  }

  public int dimension() {
    return dimension;
  }

  /** What searches it says of itself, such as how much of the best an approximate index finds. */
  public String describe() {
    return index.describe();
  }

  /** The training step whose parameters made this generation. */
  public long madeAtStep() {
    return madeAtStep;
  }

  /** The vectors themselves, {@code [passages, dimension]}; not to be written to. */
  public float[] vectors() {
    return vectors;
  }

  /**
   * The k passages with the largest inner products for each query, best first, a query's own
   * passage left out.
   *
   * @param queries {@code [count, dimension]}
   * @param own the passage that each query comes from, or -1
   */
  public MipsIndex.Hits[] search(float[] queries, int[] own, int k) {
    MipsIndex.Hits[] hits = index.search(queries, own.length, k + 1);
    for (int q = 0; q < own.length; q++) {
      hits[q] = without(hits[q], own[q], k);
    }
    return hits;
  }

  private static MipsIndex.Hits without(MipsIndex.Hits hits, int own, int k) {
    int found = 0;
    int[] rows = new int[k];
    float[] scores = new float[k];
    for (int i = 0; i < hits.rows().length && found < k; i++) {
      if (hits.rows()[i] != own) {
        rows[found] = hits.rows()[i];
        scores[found++] = hits.scores()[i];
      }
    }
    return new MipsIndex.Hits(Arrays.copyOf(rows, found), Arrays.copyOf(scores, found));
  }

  /** Ends its threads; the vectors can still be read. Idempotent. */
  @Override
  public void close() {
    index.close();
  }
}
