package org.realm4j.qa;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.nn.DropoutPlan;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/**
 * Where the passages that a reader reads come from: {@link DenseRetriever}, or a baseline such as
 * BM25 through {@link RankedRetriever}. Any number of threads may retrieve at once, each in its own
 * session.
 */
public interface QuestionRetriever {
  /**
   * The passages for some questions. Relevance belongs to the innermost open tape; where the
   * retriever learns, gradients pass through it.
   *
   * @param k passages a question, fewer if there are fewer
   * @param dropout of the query tower in training, one example a question; null otherwise
   */
  Retrieved retrieve(Session s, List<String> questions, int k, @Nullable DropoutPlan dropout);

  /** What fine-tuning trains of it, the BERT; empty if it does not learn. */
  List<Parameter> trunk();

  /** What fine-tuning trains of it, all after the BERT. */
  List<Parameter> head();

  /**
   * Passages for questions.
   *
   * @param passages numbers of passages, best first. {@code [questions][<= k]}
   * @param relevance f(x, z) of all of them, one question after the other, {@code [retrieved, 1]}
   * @param offsets where each question's passages begin in it; length questions + 1
   */
  record Retrieved(int[][] passages, Tensor relevance, int[] offsets) {
    static int[] offsets(int[][] passages) {
      int[] offsets = new int[passages.length + 1];
      for (int q = 0; q < passages.length; q++) {
        offsets[q + 1] = offsets[q] + passages[q].length;
      }
      return offsets;
    }
  }
}
