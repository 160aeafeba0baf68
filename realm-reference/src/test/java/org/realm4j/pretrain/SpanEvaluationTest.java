package org.realm4j.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.PassageStore;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.text.Passage;

/** Measuring, and where spans stand. */
class SpanEvaluationTest {
  private static final int K = 5;

  @TempDir Path dir;
  private PassageStore store;
  private RealmModel model;
  private Session session;
  private KnowledgeIndex index;

  @BeforeEach
  void open() {
    store = TinyRealm.store(dir);
    model = TinyRealm.diverse(TinyRealm.config());
    session = new ReferenceBackend().open(1);
    float[] vectors =
        new PassageEmbedder(model, store)
            .embedAll(session, model.documents(), PassageEmbedder.Progress.NONE);
    index = new KnowledgeIndex(MipsIndexProvider.named("exact"), vectors, 16, 0, 1);
  }

  @AfterEach
  void close() {
    index.close();
    session.close();
    store.close();
  }

  private List<SpanEvaluation.Outcome> outcomes() {
    return new SpanEvaluation(model, store, new SpanOccurrences(store, model.vocabulary()), K)
        .run(TinyRealm.queries(store).sample(10, 2), index, session, (done, all) -> {});
  }

  @Test
  void aMarginalIsTheMixtureOfItsParts() {
    for (SpanEvaluation.Outcome o : outcomes()) {
      double mixture = 0;
      double sum = 0;
      for (int k = 0; k < K; k++) {
        mixture += o.prior()[k] * Math.exp(o.given()[k]);
        sum += o.prior()[k];
      }
      assertEquals(Math.log(mixture), o.logLikelihood(), 1e-4);
      assertEquals(1, sum, 1e-5);
      assertEquals(o.given()[0], o.nullLogLikelihood());
      assertEquals(-1, o.candidates()[0]);
    }
  }

  /** Each query and candidate alone through the encoder, the slow way. */
  @Test
  void thePredictionIsTheMixturesBestToken() {
    int vocabulary = model.vocabulary().size();
    for (SpanEvaluation.Outcome o : outcomes()) {
      MaskedQuery q = o.query();
      for (int j = 0; j < q.masked().length; j++) {
        double[] mixture = new double[vocabulary];
        for (int k = 0; k < K; k++) {
          int passage = o.candidates()[k];
          int[] body = passage < 0 ? new int[0] : store.textIds(passage);
          float[] logits;
          try (Tape tape = session.infer()) {
            logits =
                model
                    .encoder()
                    .logits(
                        session,
                        TokenBatch.of(List.of(model.joint(q.ids(), body))),
                        new int[] {q.position(j)})
                    .toArray();
          }
          double sum = 0;
          for (float l : logits) {
            sum += Math.exp(l);
          }
          for (int v = 0; v < vocabulary; v++) {
            mixture[v] += o.prior()[k] * Math.exp(logits[v]) / sum;
          }
        }
        int best =
            IntStream.range(0, vocabulary)
                .boxed()
                .max((a, b) -> Double.compare(mixture[a], mixture[b]))
                .orElseThrow();
        assertEquals(mixture[best], mixture[o.predicted()[j]], 1e-6);
      }
      assertEquals(java.util.Arrays.equals(o.predicted(), q.targets()), o.correct());
    }
  }

  @Test
  void theRankIsThatOfTheFirstHolderOfTheSpan() {
    for (SpanEvaluation.Outcome o : outcomes()) {
      float[] vector;
      try (Tape tape = session.infer()) {
        vector =
            model
                .queries()
                .embed(session, TokenBatch.of(List.of(model.query(o.query().ids()))), null)
                .toArray();
      }
      int[] rows = index.search(vector, new int[] {o.query().passage()}, 20)[0].rows();
      int rank = 0;
      for (int i = 0; i < rows.length && rank == 0; i++) {
        rank = holds(rows[i], o.query().targets()) ? i + 1 : 0;
      }
      assertEquals(rank, o.rankOfSpan());
    }
  }

  private boolean holds(int passage, int[] span) {
    int[] text = store.textIds(passage);
    return IntStream.rangeClosed(0, text.length - span.length)
        .anyMatch(
            i ->
                java.util.Arrays.equals(
                        span, java.util.Arrays.copyOfRange(text, i, i + span.length))
                    && (i + span.length == text.length
                        || !model.vocabulary().token(text[i + span.length]).startsWith("##")));
  }

  @Test
  void summariesAreMeans() {
    List<SpanEvaluation.Outcome> all = outcomes();
    SpanEvaluation.Summary s = SpanEvaluation.summary(all);
    double utility = 0;
    double recall = 0;
    for (SpanEvaluation.Outcome o : all) {
      utility += (o.logLikelihood() - o.nullLogLikelihood()) / all.size();
      recall += o.rankOfSpan() >= 1 && o.rankOfSpan() <= 5 ? 1.0 / all.size() : 0;
    }
    assertEquals(10, s.spans());
    assertEquals(utility, s.retrievalUtility(), 1e-9);
    assertEquals(recall, s.recall5(), 1e-9);
    assertTrue(s.recall1() <= s.recall5() && s.recall5() <= s.recall20());
    assertTrue(Double.isNaN(SpanEvaluation.summary(List.of()).spanLogLikelihood()));
  }

  @Test
  void spansAreFoundAsWholeWords() {
    List<Passage> passages =
        List.of(
            new Passage("0", "Lovelace", "a town of love"), // not in the text: the title is unseen
            new Passage("1", "", "Lovelace came"),
            new Passage("2", "", "Ada Lovelace"),
            new Passage("3", "", "a child"));
    try (PassageStore four = TinyRealm.store(dir.resolve("four"), passages)) {
      SpanOccurrences occurrences = new SpanOccurrences(four, model.vocabulary());
      int[] lovelace = model.tokenizer().ids("Lovelace");
      int[] love = model.tokenizer().ids("love");
      assertEquals(2, lovelace.length);
      assertArrayEquals(new int[] {1, 2}, occurrences.passagesWith(lovelace, -1));
      assertArrayEquals(new int[] {2}, occurrences.passagesWith(lovelace, 1));
      assertArrayEquals(new int[] {0}, occurrences.passagesWith(love, -1));
      assertTrue(occurrences.contains(1, lovelace));
      assertFalse(occurrences.contains(1, love));
      assertArrayEquals(new int[0], occurrences.passagesWith(model.tokenizer().ids("Kiel"), -1));
      assertArrayEquals(
          new int[0], occurrences.passagesWith(model.tokenizer().ids("Lovelace Ada"), -1));
    }
  }
}
