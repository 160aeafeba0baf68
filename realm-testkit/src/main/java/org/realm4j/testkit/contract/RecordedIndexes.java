package org.realm4j.testkit.contract;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.Vectors;

/**
 * An index that writes down what every search found, or answers with what was written down, so that
 * two backends train on the same candidates.
 */
final class RecordedIndexes implements MipsIndexProvider {
  private final MipsIndexProvider searched = MipsIndexProvider.named("exact");
  private final List<MipsIndex.Hits[]> found;
  private final boolean replay;
  private int next;

  private RecordedIndexes(List<MipsIndex.Hits[]> found, boolean replay) {
    this.found = found;
    this.replay = replay;
  }

  static RecordedIndexes recording() {
    return new RecordedIndexes(new ArrayList<>(), false);
  }

  /** Answers as the searches of this one were answered, in the same order. */
  RecordedIndexes replaying() {
    return new RecordedIndexes(found, true);
  }

  /** All searches so far, in order; for each the hits of each query. */
  List<MipsIndex.Hits[]> found() {
    return List.copyOf(found);
  }

  @Override
  public String name() {
    return "recorded";
  }

  @Override
  public MipsIndex build(Vectors vectors, int threads) {
    MipsIndex index = searched.build(vectors, threads);
    return new MipsIndex() {
      @Override
      public int size() {
        return index.size();
      }

      @Override
      public int dimension() {
        return index.dimension();
      }

      @Override
      public Hits[] search(float[] queries, int count, int k, BitSet excluded) {
        if (replay) {
          return copy(found.get(next++));
        }
        Hits[] hits = index.search(queries, count, k, excluded);
        found.add(copy(hits));
        return hits;
      }

      @Override
      public void close() {
        index.close();
      }
    };
  }

  /** Whoever searches may replace entries of the array. */
  private static MipsIndex.Hits[] copy(MipsIndex.Hits[] hits) {
    return hits.clone();
  }
}
