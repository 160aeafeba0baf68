package org.realm4j.qa;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.nn.DropoutPlan;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;

/**
 * A ranking that does not learn, such as BM25, in the retriever's place. Its scores, scaled, are
 * the relevance that is added to the reader's scores, as in ORQA's BM25 baseline.
 */
public final class RankedRetriever implements QuestionRetriever {
  /** Ranks passages for a question; thread-safe. */
  @FunctionalInterface
  public interface Ranker {
    /**
     * @param k at least 1
     * @return numbers of passages, best first, with their scores; at most k
     */
    MipsIndex.Hits rank(String question, int k);
  }

  private final Ranker ranker;
  private final float scale;

  /**
   * @param scale what scores are multiplied with: BM25 differs by several units between passages, a
   *     span's log-odds by few
   */
  public RankedRetriever(Ranker ranker, float scale) {
    this.ranker = ranker;
    this.scale = scale;
  }

  @Override
  public Retrieved retrieve(
      Session s, List<String> questions, int k, @Nullable DropoutPlan dropout) {
    int[][] passages = new int[questions.size()][];
    float[][] scores = new float[questions.size()][];
    for (int q = 0; q < passages.length; q++) {
      MipsIndex.Hits hits = ranker.rank(questions.get(q), k);
      passages[q] = hits.rows();
      scores[q] = hits.scores();
    }
    int[] offsets = Retrieved.offsets(passages);
    float[] relevance = new float[offsets[passages.length]];
    for (int q = 0; q < passages.length; q++) {
      for (int i = 0; i < scores[q].length; i++) {
        relevance[offsets[q] + i] = scale * scores[q][i];
      }
    }
    return new Retrieved(passages, s.constant(relevance, relevance.length, 1), offsets);
  }

  @Override
  public List<Parameter> trunk() {
    return List.of();
  }

  @Override
  public List<Parameter> head() {
    return List.of();
  }
}
