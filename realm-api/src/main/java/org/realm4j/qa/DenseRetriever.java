package org.realm4j.qa;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.nn.DropoutPlan;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/**
 * REALM's own retriever: the question through the query tower, inner products with the vectors of
 * one generation of the index (section 3.2). The vectors are constants: fine-tuning trains the
 * query tower alone (section 5 of ORQA), which therefore must not be the tower that made them.
 */
public final class DenseRetriever implements QuestionRetriever {
  private final RealmModel model;
  private final KnowledgeIndex index;

  public DenseRetriever(RealmModel model, KnowledgeIndex index) {
    this.model = model;
    this.index = index;
  }

  @Override
  public Retrieved retrieve(
      Session s, List<String> questions, int k, @Nullable DropoutPlan dropout) {
    List<InputSequence> inputs =
        questions.stream().map(q -> model.query(model.tokenizer().ids(q))).toList();
    Tensor queries = model.queries().embed(s, TokenBatch.of(inputs), dropout); // [questions, d]
    int[] none = new int[questions.size()];
    Arrays.fill(none, -1);
    MipsIndex.Hits[] hits = index.search(queries.toArray(), none, k);
    int[][] passages = Arrays.stream(hits).map(MipsIndex.Hits::rows).toArray(int[][]::new);
    int[] offsets = Retrieved.offsets(passages);
    int retrieved = offsets[passages.length];
    int d = index.dimension();
    float[] vectors = new float[retrieved * d];
    int[] questionOf = new int[retrieved];
    int[] rows = new int[retrieved];
    Arrays.setAll(rows, i -> i);
    for (int q = 0; q < passages.length; q++) {
      Arrays.fill(questionOf, offsets[q], offsets[q + 1], q);
      for (int i = 0; i < passages[q].length; i++) {
        System.arraycopy(index.vectors(), passages[q][i] * d, vectors, (offsets[q] + i) * d, d);
      }
    }
    Tensor documents = s.constant(vectors, retrieved, d);
    Tensor relevance = s.innerProducts(queries, documents, questionOf, rows); // [retrieved, 1]
    return new Retrieved(passages, relevance, offsets);
  }

  @Override
  public List<Parameter> trunk() {
    return model.queries().bert().parameters();
  }

  @Override
  public List<Parameter> head() {
    return model.queries().headParameters();
  }
}
