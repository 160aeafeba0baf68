package org.realm4j.qa;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.tensor.Parameter;
import org.realm4j.testkit.model.TinyRealm;

@Timeout(120)
class FineTunerTest {
  @TempDir Path dir;
  private PassageStore store;
  private RealmModel model;
  private SpanReader reader;
  private KnowledgeIndex index;

  @BeforeEach
  void open() {
    store = TinyRealm.store(dir.resolve("corpus"));
    fresh();
  }

  private void fresh() {
    model = TinyQuestions.model();
    reader = TinyQuestions.reader(model);
    if (index != null) {
      index.close();
    }
    index = TinyQuestions.index(model, store);
  }

  @AfterEach
  void close() {
    index.close();
    store.close();
  }

  private FineTuner tuner(QuestionSet questions, FineTuning settings, int threads) {
    return new FineTuner(
        model,
        reader,
        store,
        new DenseRetriever(model, index),
        questions,
        settings,
        new ReferenceBackend(),
        threads);
  }

  private List<float[]> values() {
    List<float[]> all = new ArrayList<>();
    reader.parameters().forEach(p -> all.add(p.values().clone()));
    model.queries().parameters().forEach(p -> all.add(p.values().clone()));
    return all;
  }

  private static void assertSameBits(List<float[]> expected, List<float[]> found) {
    assertEquals(expected.size(), found.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), found.get(i), "parameter " + i);
    }
  }

  private static boolean same(List<float[]> a, List<Parameter> b) {
    for (int i = 0; i < b.size(); i++) {
      if (!Arrays.equals(a.get(i), b.get(i).values())) {
        return false;
      }
    }
    return true;
  }

  /** The questions that it was trained on are answered, which they were not before. */
  @Test
  void learnsToAnswer() {
    FineTuning.Rates rates = new FineTuning.Rates(5e-4f, 5e-4f, 2.5e-4f, 2.5e-4f);
    List<FineTuningReport> reports = new ArrayList<>();
    int before = right();
    List<float[]> documents =
        model.documents().parameters().stream().map(p -> p.values().clone()).toList();
    List<float[]> queries =
        model.queries().parameters().stream().map(p -> p.values().clone()).toList();
    try (FineTuner tuner =
        tuner(TinyQuestions.all(), TinyQuestions.settings(200).rates(rates), 2)) {
      tuner.run(reports::add);
    }
    assertEquals(200, reports.size());
    double early = loss(reports.subList(0, 10));
    double late = loss(reports.subList(190, 200));
    assertTrue(late < early / 2, "the reader's loss was " + early + " and is " + late);
    int after = right();
    assertTrue(after >= 14, "of 20 questions, right before: " + before + ", after: " + after);
    assertTrue(
        after > before + 5, "of 20 questions, right before: " + before + ", after: " + after);
    assertTrue(same(documents, model.documents().parameters()), "the document tower stays");
    assertFalse(same(queries, model.queries().parameters()), "the query tower learns");
  }

  private static double loss(List<FineTuningReport> reports) {
    return reports.stream().mapToDouble(FineTuningReport::readerLoss).average().orElseThrow();
  }

  private int right() {
    Answerer answerer =
        new Answerer(model, reader, store, new DenseRetriever(model, index), index.madeAtStep());
    try (var session = new ReferenceBackend().open(1)) {
      List<Outcome> outcomes =
          new QaEvaluation(answerer, store, new AnswerMatcher(AnswerMatcher.Mode.NORMALISED))
              .run(
                  session,
                  TinyQuestions.all(),
                  Asking.usual().read(3),
                  (done, all) -> assertEquals(20, all));
      return (int) outcomes.stream().filter(Outcome::right).count();
    }
  }

  /** Stopped after any step, and resumed, on any number of threads, with dropout. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5})
  void aResumedRunGivesTheSameBits(int stop) {
    FineTuning settings = TinyQuestions.settings(6).dropout(0.1).accumulate(2).linearDecay(true);
    try (FineTuner tuner = tuner(TinyQuestions.all(), settings, 1)) {
      tuner.run(report -> {});
    }
    List<float[]> expected = values();
    fresh();
    Path checkpoint = dir.resolve("checkpoint");
    try (FineTuner tuner = tuner(TinyQuestions.all(), settings, 2)) {
      for (int i = 0; i < stop; i++) {
        tuner.runStep();
      }
      FineTuningCheckpoint.save(checkpoint, tuner);
    }
    fresh();
    assertTrue(FineTuningCheckpoint.in(checkpoint));
    try (FineTuner tuner = tuner(TinyQuestions.all(), settings, 2)) {
      FineTuningCheckpoint.resume(checkpoint, tuner);
      assertEquals(stop, tuner.step());
      tuner.run(report -> {});
    }
    assertSameBits(expected, values());
  }

  /** The seed chooses the order of the questions, and what is dropped. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5})
  void theSeedDecides(double dropout) {
    // a single question has no order, so then only what is dropped can differ
    QuestionSet questions =
        dropout == 0 ? TinyQuestions.all() : TinyQuestions.of(TinyQuestions.all().question(0));
    List<List<float[]>> runs = new ArrayList<>();
    for (long seed : new long[] {1, 1, 2}) {
      fresh();
      FineTuning settings =
          TinyQuestions.settings(2).batch(1).retrieved(40).dropout(dropout).seed(seed);
      try (FineTuner tuner = tuner(questions, settings, 1)) {
        tuner.run(report -> {});
      }
      runs.add(values());
    }
    assertSameBits(runs.get(0), runs.get(1));
    assertFalse(Arrays.equals(runs.get(0).getFirst(), runs.get(2).getFirst()), "another seed");
  }

  @Test
  void aCheckpointOfAnotherRunIsRefused() {
    Path checkpoint = dir.resolve("checkpoint");
    try (FineTuner tuner = tuner(TinyQuestions.all(), TinyQuestions.settings(2), 1)) {
      FineTuningCheckpoint.save(checkpoint, tuner);
    }
    try (FineTuner tuner = tuner(TinyQuestions.all(), TinyQuestions.settings(2).read(2), 1)) {
      var e =
          assertThrows(
              RealmException.Incompatible.class,
              () -> FineTuningCheckpoint.resume(checkpoint, tuner));
      assertTrue(e.getMessage().contains("read was 3 and is 2"), e.getMessage());
    }
    QuestionSet fewer = new QuestionSet("fewer", TinyQuestions.all().questions().subList(0, 5));
    try (FineTuner tuner = tuner(fewer, TinyQuestions.settings(2), 1)) {
      var e =
          assertThrows(
              RealmException.Incompatible.class,
              () -> FineTuningCheckpoint.resume(checkpoint, tuner));
      assertTrue(e.getMessage().contains("questions was 20 and is 5"), e.getMessage());
    }
    Path nothing = dir.resolve("nothing");
    try (FineTuner tuner = tuner(fewer, TinyQuestions.settings(2), 1)) {
      assertThrows(
          RealmException.BadInput.class, () -> FineTuningCheckpoint.resume(nothing, tuner));
    }
  }

  /** An answer that occurs nowhere: no update, no decay, no momentum. */
  @Test
  void aQuestionWithoutAMatchContributesNothing() {
    QuestionSet nowhere =
        TinyQuestions.of(
            Question.of("who was born?", "Hypatia"), Question.ofPatterns("who was born?", "Hyp.*"));
    List<float[]> before = values();
    try (FineTuner tuner = tuner(nowhere, TinyQuestions.settings(2).batch(2), 1)) {
      FineTuningReport report = tuner.runStep();
      assertEquals(2, report.questions());
      assertEquals(0, report.retrieverMatches());
      assertEquals(0, report.readerMatches());
      assertEquals(0, report.gradientNorm());
      assertEquals(0, report.retrieverLoss() + report.readerLoss());
    }
    assertSameBits(before, values());
    // beside one that matches, it only makes the mean smaller
    Question known = TinyQuestions.all().question(0);
    FineTuningReport alone;
    try (FineTuner tuner =
        tuner(TinyQuestions.of(known), TinyQuestions.settings(1).batch(1).retrieved(40), 1)) {
      alone = tuner.runStep();
    }
    fresh();
    FineTuningReport both;
    try (FineTuner tuner =
        tuner(
            TinyQuestions.of(known, Question.of("who was born?", "Hypatia")),
            TinyQuestions.settings(1).batch(2).retrieved(40),
            1)) {
      both = tuner.runStep();
    }
    assertEquals(1, alone.retrieverMatches());
    assertEquals(1, both.retrieverMatches());
    assertEquals(alone.retrieverLoss() / 2, both.retrieverLoss(), 1e-6);
    assertEquals(alone.readerLoss() / 2, both.readerLoss(), 1e-6);
  }

  @Test
  void partsOfABatchAddUp() {
    try (FineTuner tuner = tuner(TinyQuestions.all(), TinyQuestions.settings(1), 1)) {
      tuner.runStep();
    }
    List<float[]> whole = values();
    fresh();
    try (FineTuner tuner = tuner(TinyQuestions.all(), TinyQuestions.settings(1).accumulate(3), 1)) {
      tuner.runStep();
    }
    List<float[]> parts = values();
    for (int i = 0; i < whole.size(); i++) {
      assertArrayEquals(whole.get(i), parts.get(i), 2e-3f, "parameter " + i);
    }
  }

  /** CuratedTREC's regular expressions teach, which the released code cannot do. */
  @Test
  void regularExpressionsAreAnswers() {
    QuestionSet questions =
        TinyQuestions.of(
            Question.ofPatterns("Ada Lovelace was born in the year?", "18[0-9]5"),
            Question.ofPatterns("Alan Turing was born in the year?", "19\\d\\d"));
    FineTuning settings = TinyQuestions.settings(1).batch(2).retrieved(40).read(40);
    try (FineTuner tuner = tuner(questions, settings, 1)) {
      FineTuningReport report = tuner.runStep();
      assertEquals(2, report.retrieverMatches());
      assertEquals(2, report.readerMatches());
    }
  }

  /** Four passages hold the answer, one is the gold passage. */
  @Test
  void supervisionByTheGoldPassage() {
    Question question =
        new Question("who?", List.of("Ada Lovelace"), false, "Ada Lovelace 1", null);
    FineTuning settings = TinyQuestions.settings(1).batch(1).retrieved(40).read(1);
    double byAnswer;
    try (FineTuner tuner = tuner(TinyQuestions.of(question), settings, 1)) {
      byAnswer = tuner.runStep().retrieverLoss();
    }
    fresh();
    try (FineTuner tuner =
        tuner(
            TinyQuestions.of(question),
            settings.supervision(FineTuning.Supervision.GOLD_PASSAGE),
            1)) {
      assertTrue(tuner.runStep().retrieverLoss() > byAnswer);
    }
  }

  @Test
  void aRankingThatDoesNotLearnLeavesTheTowersAlone() {
    RankedRetriever ranked =
        new RankedRetriever(
            (question, k) -> new MipsIndex.Hits(new int[] {0, 2, 4}, new float[] {3f, 2f, 1f}),
            0.5f);
    List<float[]> queries =
        model.queries().parameters().stream().map(p -> p.values().clone()).toList();
    List<float[]> spans = reader.parameters().stream().map(p -> p.values().clone()).toList();
    try (FineTuner tuner =
        new FineTuner(
            model,
            reader,
            store,
            ranked,
            TinyQuestions.of(Question.of("Ada Lovelace was born in?", "London")),
            TinyQuestions.settings(1).batch(1),
            new ReferenceBackend(),
            1)) {
      assertEquals(1, tuner.runStep().readerMatches());
    }
    assertTrue(same(queries, model.queries().parameters()));
    assertFalse(same(spans, reader.parameters()));
  }

  @Test
  void badInputIsNamed() {
    RealmModel shared = TinyRealm.model();
    try (KnowledgeIndex own = TinyQuestions.index(shared, store)) {
      var e =
          assertThrows(
              RealmException.Incompatible.class,
              () ->
                  new FineTuner(
                      shared,
                      reader,
                      store,
                      new DenseRetriever(shared, own),
                      TinyQuestions.all(),
                      TinyQuestions.settings(1),
                      new ReferenceBackend(),
                      1));
      assertTrue(e.getMessage().contains("query tower of its own"), e.getMessage());
    }
    assertThrows(
        RealmException.BadInput.class,
        () -> tuner(TinyQuestions.of(), TinyQuestions.settings(1), 1));
    assertThrows(RealmException.BadInput.class, () -> FineTuning.steps(1).read(6_000));
    assertThrows(RealmException.BadInput.class, () -> FineTuning.steps(1).batch(2).accumulate(3));
    assertThrows(RealmException.BadInput.class, () -> FineTuning.steps(1).dropout(1));
    assertThrows(RealmException.BadInput.class, () -> new FineTuning.Rates(1, -1, 1, 1));
  }
}
