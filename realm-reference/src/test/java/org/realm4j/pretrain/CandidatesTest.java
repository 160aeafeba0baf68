package org.realm4j.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.testkit.model.TinyRealm;

/** Which candidates a query gets, and what their scores are made of. */
class CandidatesTest {
  @TempDir Path dir;
  private PassageStore store;
  private RealmModel model;
  private Session session;
  private KnowledgeIndex index;

  @BeforeEach
  void open() {
    store = TinyRealm.store(dir);
    model = TinyRealm.model();
    session = new ReferenceBackend().open(1);
    index = index(store);
  }

  @AfterEach
  void close() {
    index.close();
    session.close();
    store.close();
  }

  private KnowledgeIndex index(PassageStore passages) {
    float[] vectors =
        new PassageEmbedder(model, passages)
            .embedAll(session, model.documents(), PassageEmbedder.Progress.NONE);
    return new KnowledgeIndex(MipsIndexProvider.named("exact"), vectors, 16, 0, 1);
  }

  private int[][] candidates(
      PassageStore passages, KnowledgeIndex searched, List<MaskedQuery> queries, int k) {
    return candidates(passages, searched, queries, k, 0);
  }

  private int[][] candidates(
      PassageStore passages,
      KnowledgeIndex searched,
      List<MaskedQuery> queries,
      int k,
      int overRetrieve) {
    try (Tape tape = session.infer()) {
      return new KnowledgeAugmentedForward(model, passages)
          .run(
              session,
              queries,
              searched,
              new KnowledgeAugmentedForward.Settings(
                  k, overRetrieve, Marginal.PER_SEQUENCE, true, 0, 1, 0, 0))
          .candidates();
    }
  }

  /** All passages but the query's own, by inner product, ties by number. */
  private int[] ranking(MaskedQuery query) {
    float[] q;
    try (Tape tape = session.infer()) {
      q =
          model
              .queries()
              .embed(session, TokenBatch.of(List.of(model.query(query.ids()))), null)
              .toArray();
    }
    double[] scores = new double[store.size()];
    for (int i = 0; i < scores.length * 16; i++) {
      scores[i / 16] += (double) q[i % 16] * index.vectors()[i];
    }
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted((a, b) -> Double.compare(scores[b], scores[a]))
        .mapToInt(i -> i)
        .filter(p -> p != query.passage())
        .toArray();
  }

  @Test
  void theNullDocumentThenTheBestOtherPassagesInOrder() {
    QuerySource source = TinyRealm.queries(store);
    for (int k : new int[] {1, 2, 5, store.size()}) {
      for (int n = 0; n < 12; n += 3) {
        List<MaskedQuery> batch =
            List.of(source.draw(1, n), source.draw(1, n + 1), source.draw(1, n + 2));
        int[][] found = candidates(store, index, batch, k);
        for (int b = 0; b < 3; b++) {
          int own = batch.get(b).passage();
          assertEquals(k, found[b].length);
          assertEquals(-1, found[b][0]);
          assertEquals(k, Arrays.stream(found[b]).distinct().count());
          assertTrue(Arrays.stream(found[b]).noneMatch(p -> p == own));
          assertArrayEquals(
              Arrays.copyOf(ranking(batch.get(b)), k - 1), Arrays.copyOfRange(found[b], 1, k));
        }
      }
    }
  }

  /** An index whose vectors have nothing to do with the passages selects, and no more. */
  @Test
  void whatAStaleIndexGivesIsOrderedByFreshVectors() {
    QuerySource source = TinyRealm.queries(store);
    List<MaskedQuery> batch = List.of(source.draw(1, 0), source.draw(1, 1), source.draw(1, 2));
    int d = index.dimension();
    float[] turned = new float[index.vectors().length];
    for (int i = 0; i < turned.length; i++) {
      turned[i] = index.vectors()[(i + 5 * d) % turned.length];
    }
    try (KnowledgeIndex stale =
        new KnowledgeIndex(MipsIndexProvider.named("exact"), turned, d, 0, 1)) {
      int k = 4;
      int[][] all = candidates(store, stale, batch, k, store.size());
      int[][] some = candidates(store, stale, batch, k, 6);
      int[][] none = candidates(store, stale, batch, k, 0);
      boolean differs = false;
      for (int b = 0; b < batch.size(); b++) {
        int[] ranking = ranking(batch.get(b));
        assertArrayEquals(Arrays.copyOf(ranking, k - 1), Arrays.copyOfRange(all[b], 1, k));
        // of six by the stale vectors, the best by fresh ones
        int[] six = Arrays.copyOfRange(candidates(store, stale, List.of(batch.get(b)), 7)[0], 1, 7);
        int[] best =
            Arrays.stream(ranking)
                .filter(p -> Arrays.stream(six).anyMatch(x -> x == p))
                .limit(k - 1)
                .toArray();
        assertArrayEquals(best, Arrays.copyOfRange(some[b], 1, k));
        differs |= !Arrays.equals(none[b], all[b]);
      }
      assertTrue(differs, "the stale index already had the order of fresh vectors");
    }
  }

  /** A question of a user comes from no passage. */
  @Test
  void aQueryFromOutsideSeesAllPassages() {
    MaskedQuery query = MaskedQuery.of("ada [MASK] was born in london", model);
    int[] found = candidates(store, index, List.of(query), store.size())[0];
    assertArrayEquals(
        Arrays.copyOf(ranking(query), store.size() - 1),
        Arrays.copyOfRange(found, 1, found.length));
  }

  @Test
  void aCorpusSmallerThanTheCandidatesIsRefused() {
    QuerySource source = TinyRealm.queries(store);
    RealmException e =
        assertThrows(
            RealmException.BadInput.class,
            () -> candidates(store, index, List.of(source.draw(1, 0)), store.size() + 1));
    assertEquals(
        "corpus: expected at least 41 passages for 41 candidates, found 40", e.getMessage());
    assertThrows(
        RealmException.BadInput.class,
        () ->
            new Pretrainer(
                model,
                store,
                source,
                TinyRealm.settings(1).candidates(41),
                new ReferenceBackend(),
                1));
  }

  @Test
  void aCorpusAsLargeAsTheCandidatesWorks() {
    try (PassageStore four = TinyRealm.store(dir.resolve("4"), TinyRealm.passages().subList(0, 4));
        KnowledgeIndex small = index(four)) {
      for (MaskedQuery q : TinyRealm.queries(four).sample(4, 1)) {
        int[] found = candidates(four, small, List.of(q), 4)[0];
        Arrays.sort(found);
        assertArrayEquals(IntStream.range(-1, 4).filter(p -> p != q.passage()).toArray(), found);
      }
    }
  }

  @Test
  void searchLeavesOutOnlyTheOwnPassage() {
    float[] query = Arrays.copyOf(index.vectors(), 16);
    int[] with = index.search(query, new int[] {-1}, 40)[0].rows();
    int[] without = index.search(query, new int[] {with[3]}, 40)[0].rows();
    assertEquals(40, with.length);
    assertArrayEquals(Arrays.stream(with).filter(p -> p != with[3]).toArray(), without);
    assertArrayEquals(
        Arrays.copyOf(with, 3), index.search(query, new int[] {with[3]}, 3)[0].rows());
  }
}
