package org.realm4j.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.retrieval.IndexRefresher;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.text.Passage;
import org.realm4j.train.OptimizerSettings;

/** The loop: who searches what at which step, and that it learns. */
@Timeout(120)
class PretrainerTest {
  @TempDir Path dir;
  private PassageStore store;

  @BeforeEach
  void open() {
    store = TinyRealm.store(dir.resolve("corpus"));
  }

  @AfterEach
  void close() {
    store.close();
  }

  private Pretrainer trainer(RealmModel model, Pretraining settings, int threads) {
    return new Pretrainer(
        model, store, TinyRealm.queries(store), settings, new ReferenceBackend(), threads);
  }

  /** Losses and parameters of a whole run. */
  private List<float[]> run(RealmModel model, Pretraining settings, int threads) {
    List<float[]> trace = new ArrayList<>();
    try (Pretrainer trainer = trainer(model, settings, threads)) {
      trainer.run(report -> trace.add(new float[] {(float) report.loss()}));
      trainer.index().close();
    }
    trace.addAll(values(model));
    return trace;
  }

  static List<float[]> values(RealmModel model) {
    List<float[]> all = new ArrayList<>();
    for (List<Parameter> part : model.parts().values()) {
      part.forEach(p -> all.add(p.values().clone()));
    }
    return all;
  }

  static void assertSameBits(List<float[]> expected, List<float[]> found) {
    assertEquals(expected.size(), found.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), found.get(i), "part " + i);
    }
  }

  // ---- the kind of index

  /** The index of a run is of the kind asked for, also after a refresh. */
  @ParameterizedTest
  @CsvSource({"exact, compared", "int8, int8", "ivf, probed"})
  void theIndexIsOfTheKindAskedFor(String kind, String says) {
    Pretraining settings = TinyRealm.settings(4).refreshEvery(2, 1).index(kind);
    try (Pretrainer trainer = trainer(TinyRealm.model(), settings, 1)) {
      assertTrue(trainer.index().describe().contains(says), trainer.index().describe());
      trainer.run(PretrainingListener.NONE);
      assertEquals(2, trainer.index().madeAtStep());
      assertTrue(trainer.index().describe().contains(says), trainer.index().describe());
    }
  }

  @Test
  void anExactKindOfIndexChangesNoBit() {
    Pretraining settings = TinyRealm.settings(5).refreshEvery(2, 1);
    assertSameBits(
        run(TinyRealm.model(), settings, 1), run(TinyRealm.model(), settings.index("int8"), 1));
  }

  @Test
  void anUnknownKindOfIndexIsRefused() {
    RealmException e =
        assertThrows(
            RealmException.BadInput.class,
            () -> trainer(TinyRealm.model(), TinyRealm.settings(1).index("hnsw"), 1));
    assertTrue(e.getMessage().contains("'hnsw'"), e.getMessage());
    assertTrue(e.getMessage().contains("int8"), e.getMessage());
  }

  // ---- refresh

  /** A snapshot of step s is searched exactly from step s + L on, and holds its vectors. */
  @ParameterizedTest
  @CsvSource({"3, 0", "4, 1", "4, 2", "4, 4", "1, 1", "1, 0", "0, 0"})
  void aSnapshotIsSearchedFromStepSPlusL(int every, int delay) {
    for (IndexRefresher.Mode mode : IndexRefresher.Mode.values()) {
      RealmModel model = TinyRealm.model();
      Pretraining settings = TinyRealm.settings(11).refreshEvery(every, delay).refreshMode(mode);
      Map<Long, float[]> vectors = new HashMap<>();
      List<long[]> told = new ArrayList<>();
      List<Integer> progress = new ArrayList<>();
      try (Pretrainer trainer = trainer(model, settings, 1);
          Session session = new ReferenceBackend().open(1)) {
        while (trainer.step() < settings.steps()) {
          long now = trainer.step();
          vectors.put(
              now,
              new PassageEmbedder(model, store)
                  .embedAll(session, model.documents(), PassageEmbedder.Progress.NONE));
          long expected = serving(now, every, delay);
          trainer.runStep(
              new PretrainingListener() {
                @Override
                public void step(StepReport report) {
                  assertEquals(now, report.step());
                  assertEquals(now - expected, report.staleness());
                }

                @Override
                public void refreshing(long step, long madeAt, int embedded, int passages) {
                  assertEquals(now, step);
                  assertEquals(0, madeAt % every);
                  assertEquals(store.size(), passages);
                  assertTrue(embedded >= 0 && embedded <= passages);
                  progress.add(embedded);
                }

                @Override
                public void refreshed(long step, long madeAtStep) {
                  told.add(new long[] {step, madeAtStep});
                }
              });
          assertEquals(expected, trainer.index().madeAtStep(), mode + ", step " + now);
          assertArrayEquals(vectors.get(expected), trainer.index().vectors());
        }
        assertEquals(told.size(), trainer.refreshes());
        assertEquals(delay == 0, progress.isEmpty());
        boolean betweenSteps = mode == IndexRefresher.Mode.BETWEEN_STEPS;
        assertEquals(delay > 0 && betweenSteps, betweenSteps && progress.contains(store.size()));
        trainer.refreshNow(PassageEmbedder.Progress.NONE);
        assertEquals(11, trainer.index().madeAtStep());
      }
      for (long[] t : told) {
        assertEquals(t[1] + delay, t[0]);
        assertEquals(0, t[1] % every);
      }
    }
  }

  private static long serving(long step, int every, int delay) {
    return every == 0 || step < delay ? 0 : (step - delay) / every * every;
  }

  @Test
  void freeRunningSearchesWhatIsReady() {
    Pretraining settings = TinyRealm.settings(9).refreshEvery(4).freeRunning(true);
    List<Long> refreshed = new ArrayList<>();
    try (Pretrainer trainer = trainer(TinyRealm.model(), settings, 1)) {
      trainer.run(
          new PretrainingListener() {
            @Override
            public void step(StepReport report) {}

            @Override
            public void refreshed(long step, long madeAtStep) {
              refreshed.add(madeAtStep);
              assertTrue(step <= madeAtStep + 4);
            }
          });
    }
    assertEquals(List.of(4L), refreshed);
  }

  /** Each index has a team of threads, which hold its vectors: those replaced must go. */
  @Test
  void replacedGenerationsLeaveNoThreads() throws InterruptedException {
    KnowledgeIndex last;
    try (Pretrainer trainer =
        trainer(TinyRealm.model(), TinyRealm.settings(8).refreshEvery(1), 3)) {
      trainer.run(PretrainingListener.NONE);
      trainer.refreshNow(PassageEmbedder.Progress.NONE);
      last = trainer.index();
    }
    for (int i = 0; i < 1000 && searchers() > 2; i++) {
      Thread.sleep(5);
    }
    assertEquals(2, searchers());
    assertEquals(1, last.search(new float[16], new int[] {-1}, 1)[0].rows().length);
    last.close();
  }

  private static long searchers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith("realm-mips"))
        .count();
  }

  // ---- the same bits

  @ParameterizedTest
  @EnumSource
  void anyNumberOfThreadsGivesTheSameBits(IndexRefresher.Mode mode) {
    Pretraining settings = TinyRealm.settings(5).refreshEvery(2, 1).dropout(0.1f).refreshMode(mode);
    List<float[]> expected = run(TinyRealm.model(), settings, 1);
    assertSameBits(expected, run(TinyRealm.model(), settings, 2));
    assertSameBits(expected, run(TinyRealm.model(), settings, 4));
    List<float[]> other = run(TinyRealm.model(), settings.seed(2), 1);
    assertFalse(Arrays.equals(expected.getLast(), other.getLast()));
  }

  /** The parts of a batch add up to the batch, with dropout too: for both marginals. */
  @ParameterizedTest
  @CsvSource({
    "PER_SEQUENCE, 0, EMPTY_PASSAGE",
    "PER_TOKEN, 0, EMPTY_PASSAGE",
    "PER_SEQUENCE, 0.2, EMPTY_PASSAGE",
    "PER_TOKEN, 0.2, FREE_VECTOR"
  })
  void accumulatedGradientsEqualTheWholeBatch(
      Marginal marginal, float dropout, RealmConfig.NullDocument nullDocument) {
    RealmConfig config = TinyRealm.config().withNullDocument(nullDocument);
    Pretraining settings =
        TinyRealm.settings(1)
            .batch(6)
            .marginal(marginal)
            .dropout(dropout)
            // An update that is nearly the gradient itself: g / (|g| + 1).
            .optimizer(new OptimizerSettings(false, 0, 0, 1, 0, Float.POSITIVE_INFINITY))
            .rates(new Pretraining.Rates(1, 1, 1));
    List<float[]> start = values(TinyRealm.model(config));
    List<float[]> whole = run(TinyRealm.model(config), settings, 1);
    for (int parts : new int[] {2, 4, 6}) {
      List<float[]> added = run(TinyRealm.model(config), settings.accumulate(parts), 1);
      for (int i = 0; i < whole.size(); i++) {
        assertArrayEquals(whole.get(i), added.get(i), 5e-5f, parts + " parts, number " + i);
      }
    }
    assertFalse(Arrays.equals(start.getFirst(), whole.get(1)));
  }

  /** Dropout, parts, chosen rows and both towers included. */
  @ParameterizedTest
  @CsvSource({
    "PER_SEQUENCE, 0, 1, 4, false",
    "PER_SEQUENCE, 0.2, 2, 4, false",
    "PER_TOKEN, 0.2, 3, 4, false",
    "PER_SEQUENCE, 0.2, 1, 1, false", // no gradient reaches the towers
    "PER_SEQUENCE, 0.2, 2, 4, true"
  })
  void recomputedLayersGiveTheSameBits(
      Marginal marginal, float dropout, int parts, int candidates, boolean frozenRetriever) {
    RealmConfig config = TinyRealm.config().withSeparateTowers();
    Pretraining settings =
        TinyRealm.settings(6)
            .batch(4)
            .accumulate(parts)
            .candidates(candidates)
            .marginal(marginal)
            .dropout(dropout)
            .frozenRetriever(frozenRetriever);
    List<float[]> expected = run(TinyRealm.model(config), settings, 1);
    assertSameBits(expected, run(TinyRealm.model(config), settings.recompute(true), 1));
    assertSameBits(expected, run(TinyRealm.model(config), settings.recompute(true), 3));
  }

  // ---- what is trained

  @Test
  void aFrozenRetrieverKeepsItsBits() {
    RealmModel model = TinyRealm.model();
    RealmModel before = model.copy();
    run(model, TinyRealm.settings(4).frozenRetriever(true).dropout(0.1f), 1);
    List<Parameter> then = before.documents().parameters();
    List<Parameter> now = model.documents().parameters();
    for (int i = 0; i < then.size(); i++) {
      assertArrayEquals(then.get(i).values(), now.get(i).values());
    }
    assertFalse(
        Arrays.equals(
            before.encoder().head().bias().values(), model.encoder().head().bias().values()));
  }

  /** K = 1 is a plain masked language model: no gradient reaches the retriever, utility 0. */
  @ParameterizedTest
  @EnumSource
  void withTheNullDocumentAloneTheRetrieverLearnsNothing(Marginal marginal) {
    RealmModel model = TinyRealm.model();
    float[] before = model.documents().bert().wordEmbeddings().values().clone();
    try (Pretrainer trainer =
        trainer(
            model,
            TinyRealm.settings(3)
                .candidates(1)
                .marginal(marginal)
                .optimizer(OptimizerSettings.bert().withWeightDecay(0)),
            1)) {
      trainer.run(
          report -> {
            assertEquals(0, report.retrievalUtility(), 1e-6);
            assertEquals(1, report.nullProbability(), 1e-6);
          });
    }
    assertArrayEquals(before, model.documents().bert().wordEmbeddings().values());
  }

  @ParameterizedTest
  @ValueSource(strings = {"encoder", "retriever"})
  void aWeightThatIsNotANumberIsOneErrorAndNoUpdate(String part) {
    RealmModel model = TinyRealm.model();
    try (Pretrainer trainer =
        trainer(model, TinyRealm.settings(5).batch(4).accumulate(2).refreshEvery(0), 1)) {
      trainer.runStep(PretrainingListener.NONE);
      Parameter poisoned = model.parts().get(part).get(5);
      float healthy = poisoned.values()[0];
      poisoned.values()[0] = Float.NaN;
      poisoned.changed();
      List<float[]> before = values(model);
      RealmException e =
          assertThrows(RealmException.class, () -> trainer.runStep(PretrainingListener.NONE));
      assertTrue(e.getMessage().startsWith("step 1: "), e.getMessage());
      assertTrue(e.getMessage().contains("NaN"), e.getMessage());
      assertFalse(e.getMessage().contains("\n"));
      assertSameBits(before, values(model));
      assertEquals(1, trainer.step());
      poisoned.values()[0] = healthy;
      poisoned.changed();
      trainer.runStep(
          report -> assertTrue(Double.isFinite(report.gradientNorm()), "gradients are clean"));
    }
  }

  // ---- it learns

  @Test
  void theLikelihoodRises() {
    RealmModel model = TinyRealm.model();
    QuerySource queries = TinyRealm.queries(store);
    SpanOccurrences occurrences = new SpanOccurrences(store, model.vocabulary());
    List<Double> means = new ArrayList<>();
    try (Pretrainer trainer = trainer(model, TinyRealm.settings(60).batch(6).refreshEvery(20), 1)) {
      for (int round = 0; round < 2; round++) {
        means.add(
            SpanEvaluation.summary(
                    new SpanEvaluation(model, store, occurrences, 4)
                        .run(
                            queries.sample(40, 9),
                            trainer.index(),
                            trainer.session(),
                            (done, all) -> {}))
                .spanLogLikelihood());
        trainer.run(PretrainingListener.NONE);
      }
    }
    assertTrue(means.get(1) > means.get(0) + 2, means.toString());
  }

  /**
   * Each masked word stands in exactly one other passage. Nothing tells the retriever which one but
   * the marginal likelihood of an encoder that reads and does not learn.
   */
  @Test
  void theRetrieverLearnsFromTheMarginalAlone() {
    String[] names = {"Ada", "Turing", "Curie", "Bohr", "Planck", "Gauss", "Emmy", "Russell"};
    String[] towns = {"London", "Warsaw", "Kiel", "Brno", "Copenhagen", "Max", "Kurt", "Niels"};
    List<Passage> planted = new ArrayList<>();
    for (int i = 0; i < names.length; i++) {
      planted.add(
          new Passage("a" + i, "", "The child of " + names[i] + " was in " + towns[i] + "."));
      planted.add(new Passage("b" + i, "", names[i] + " and " + towns[i] + "."));
    }
    RealmModel model = TinyRealm.model();
    try (PassageStore small = TinyRealm.store(dir.resolve("planted"), planted);
        Session session = new ReferenceBackend().open(1)) {
      QuerySource queries = TinyRealm.queries(small);
      SpanOccurrences occurrences = new SpanOccurrences(small, model.vocabulary());
      makeReader(model);
      RetrieverStart.initialise(
          model, small, queries.sample(16, 1), 12, 2.3, session, PassageEmbedder.Progress.NONE);
      try (Pretrainer trainer =
          new Pretrainer(
              model,
              small,
              queries,
              TinyRealm.settings(100)
                  .batch(4)
                  .candidates(12)
                  .refreshEvery(10)
                  .rates(new Pretraining.Rates(0, 1e-3f, 1e-3f)),
              new ReferenceBackend(),
              1)) {
        double before = goldProbability(model, small, occurrences, trainer.index(), session);
        trainer.run(PretrainingListener.NONE);
        trainer.refreshNow(PassageEmbedder.Progress.NONE);
        double after = goldProbability(model, small, occurrences, trainer.index(), session);
        assertTrue(after > before + 0.2, "p(gold passage): " + before + " to " + after);
      }
    }
  }

  /** An encoder that predicts the words that it sees: its attention takes the mean of them. */
  private static void makeReader(RealmModel model) {
    for (Parameter p : model.encoder().parameters()) {
      float[] w = p.values();
      if (p.name().endsWith("word_embeddings.weight")) {
        for (int i = 0; i < w.length; i++) {
          w[i] = CounterRandom.gaussian(5, i);
        }
      } else if (p.kind() == Parameter.Kind.WEIGHT || p.kind() == Parameter.Kind.EMBEDDING) {
        boolean kept =
            p.name().endsWith("value.weight")
                || p.name().endsWith("attention.output.dense.weight")
                || p.name().endsWith("transform.dense.weight");
        for (int i = 0; i < w.length; i++) {
          w[i] = kept && i / p.cols() == i % p.cols() ? 2 : 0;
        }
      }
      p.changed();
    }
  }

  private static double goldProbability(
      RealmModel model,
      PassageStore store,
      SpanOccurrences occurrences,
      KnowledgeIndex index,
      Session session) {
    double sum = 0;
    List<MaskedQuery> queries = TinyRealm.queries(store).sample(16, 3);
    for (SpanEvaluation.Outcome o :
        new SpanEvaluation(model, store, occurrences, 12)
            .run(queries, index, session, (done, all) -> {})) {
      for (int k = 1; k < o.candidates().length; k++) {
        if (occurrences.contains(o.candidates()[k], o.query().targets())) {
          sum += o.prior()[k];
        }
      }
    }
    return sum / queries.size();
  }
}
