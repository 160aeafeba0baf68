package org.realm4j.cli;

import java.util.List;
import org.realm4j.corpus.PassageStore;
import org.realm4j.lucene.Bm25;
import org.realm4j.nn.RealmModel;
import org.realm4j.qa.DenseRetriever;
import org.realm4j.qa.Question;
import org.realm4j.qa.QuestionRetriever;
import org.realm4j.qa.RankedRetriever;
import org.realm4j.retrieval.KnowledgeIndex;

/**
 * A retriever with what it searches.
 *
 * @param index closed with it
 */
record OpenQaRetrieval(QuestionRetriever retriever, AutoCloseable index) implements AutoCloseable {
  private static final int SAMPLE = 200;
  private static final int PASSAGES = 8;
  private static final double ENTROPY = 1.5;

  static OpenQaRetrieval dense(RealmModel model, KnowledgeIndex index) {
    return new OpenQaRetrieval(new DenseRetriever(model, index), index);
  }

  /**
   * BM25 whose scores are as sharp as those that the dense rows start with: the softmax over the
   * best passages has the same mean entropy.
   *
   * @param questions that the scale is measured with, every n-th of them
   */
  static OpenQaRetrieval bm25(PassageStore store, List<Question> questions) {
    Bm25 index = Bm25.index(store.passages());
    float scale = scale(index, questions);
    return new OpenQaRetrieval(new RankedRetriever(index::rank, scale), index);
  }

  private static float scale(Bm25 index, List<Question> questions) {
    int n = Math.min(SAMPLE, questions.size());
    float[][] scores = new float[n][];
    for (int i = 0; i < n; i++) {
      Question question = questions.get((int) ((long) i * questions.size() / n));
      scores[i] = index.rank(question.text(), PASSAGES).scores();
    }
    double low = 0;
    double high = 10;
    for (int i = 0; i < 40; i++) { // entropy falls as the scale grows
      double middle = (low + high) / 2;
      if (meanEntropy(scores, middle) > ENTROPY) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (float) high;
  }

  // StrictMath, since a run that goes on elsewhere has to find the same bits.
  private static double meanEntropy(float[][] scores, double scale) {
    double sum = 0;
    for (float[] of : scores) {
      double total = 0;
      double weighted = 0;
      for (float score : of) {
        double log = scale * (score - of[0]);
        double e = StrictMath.exp(log);
        total += e;
        weighted += e * log;
      }
      sum += of.length == 0 ? 0 : StrictMath.log(total) - weighted / total;
    }
    return sum / scores.length;
  }

  @Override
  public void close() {
    try {
      index.close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("neither index throws a checked exception", e);
    }
  }
}
