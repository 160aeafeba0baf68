package org.realm4j.qa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.tensor.Session;
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.text.Passage;
import org.realm4j.text.Span;

@Timeout(120)
class AnswererTest {
  private static final String QUESTION = "Ada Lovelace was born in the town?";

  @TempDir Path dir;
  private PassageStore store;
  private RealmModel model;
  private KnowledgeIndex index;
  private Answerer answerer;
  private Session session;

  @BeforeEach
  void open() {
    store = TinyRealm.store(dir.resolve("corpus"));
    model = TinyQuestions.model();
    index = TinyQuestions.index(model, store);
    answerer =
        new Answerer(
            model,
            TinyQuestions.reader(model),
            store,
            new DenseRetriever(model, index),
            index.madeAtStep());
    session = new ReferenceBackend().open(1);
  }

  @AfterEach
  void close() {
    session.close();
    index.close();
    store.close();
  }

  /** Cut from the text as it stands there, case and all, and every place of it is named. */
  @Test
  void theAnswerStandsInItsEvidence() {
    Answerer.Result result = answerer.answer(session, QUESTION, Asking.usual().read(4), 9);
    Answer answer = result.answer();
    assertEquals(QUESTION, answer.question());
    String text = Objects.requireNonNull(answer.text());
    assertEquals(4, answer.evidence().size());
    assertEquals(9, result.retrieved().length);
    assertEquals(3, answer.generation());
    assertFalse(answer.cut());
    double prior = 0;
    double last = 1;
    boolean verbatim = false;
    for (int i = 0; i < 4; i++) {
      Evidence e = answer.evidence().get(i);
      assertEquals(store.passage(result.retrieved()[i]), e.passage());
      assertTrue(e.probability() <= last);
      last = e.probability();
      prior += e.probability();
      for (Span span : e.spans()) {
        String said = span.of(e.passage().text());
        assertEquals(Evaluation.normalise(text), Evaluation.normalise(said));
        verbatim |= said.equals(text);
      }
      assertTrue(
          e.spans()
              .containsAll(
                  new AnswerMatcher(AnswerMatcher.Mode.NORMALISED)
                      .spans(Question.of("?", text), e.passage().text())),
          "every place is named");
      assertTrue(e.bestProbability() <= answer.probability() + 1e-6);
    }
    assertTrue(verbatim, text);
    assertEquals(1, prior, 1e-5);
    double sum = answer.probability();
    double least = 1;
    for (Answer.Alternative a : answer.alternatives()) {
      assertFalse(Evaluation.normalise(a.text()).equals(Evaluation.normalise(text)));
      assertTrue(a.probability() <= least);
      least = a.probability();
      sum += a.probability();
    }
    assertEquals(3, answer.alternatives().size());
    assertTrue(sum <= 1 + 1e-5 && answer.probability() > 0, "sum " + sum);
  }

  /** Also what lies behind the reader's window says it. */
  @Test
  void everyPlaceThatSaysItIsNamed() {
    String text = "London ".repeat(100).strip();
    try (PassageStore one =
        PassageStore.build(
            dir.resolve("one"),
            Corpus.of(List.of(new Passage("x", "", text))),
            model.tokenizer(),
            200)) {
      Answerer reading =
          new Answerer(
              model,
              TinyQuestions.reader(model),
              one,
              new RankedRetriever(
                  (q, k) -> new MipsIndex.Hits(new int[] {0}, new float[] {1f}), 1f),
              0);
      Answer answer = reading.answer(session, QUESTION, Asking.usual());
      List<Span> spans = answer.evidence().getFirst().spans();
      assertTrue(
          spans.stream().anyMatch(s -> s.end() == text.length()),
          answer.text() + " stands at " + spans);
    }
  }

  @Test
  void belowTheThresholdThereIsNoAnswer() {
    Answer likely = answerer.answer(session, QUESTION, Asking.usual());
    double p = likely.probability();
    assertTrue(answerer.answer(session, QUESTION, Asking.usual().threshold(p)).found());
    Answer none = answerer.answer(session, QUESTION, Asking.usual().threshold(Math.nextUp(p)));
    assertFalse(none.found());
    assertNull(none.text());
    assertEquals(p, none.probability());
    assertEquals(5, none.evidence().size());
    assertTrue(none.evidence().stream().allMatch(e -> e.spans().isEmpty()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"谁出生在伦敦？", "🙂🙂🙂?", "\u0000", "?", "[MASK] [SEP]"})
  void oddQuestionsGetHonestAnswers(String question) {
    Answer answer = answerer.answer(session, question, Asking.usual());
    assertEquals(5, answer.evidence().size());
    assertTrue(answer.probability() >= 0 && answer.probability() <= 1);
  }

  @Test
  void aLongQuestionIsCutAndSaidSo() {
    Answer answer = answerer.answer(session, "was born ".repeat(5_000), Asking.usual());
    assertTrue(answer.cut());
    assertTrue(answer.found());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "\n\t"})
  void aBlankQuestionIsRefused(String question) {
    assertThrows(
        RealmException.BadInput.class, () -> answerer.answer(session, question, Asking.usual()));
  }

  @Test
  void nothingRetrievedIsNoAnswer() {
    Answerer none =
        new Answerer(
            model,
            TinyQuestions.reader(model),
            store,
            new RankedRetriever((q, k) -> new MipsIndex.Hits(new int[0], new float[0]), 1f),
            0);
    Answer answer = none.answer(session, QUESTION, Asking.usual());
    assertFalse(answer.found());
    assertEquals(0, answer.probability());
    assertEquals(List.of(), answer.evidence());
  }

  @Test
  void askingIsChecked() {
    assertThrows(RealmException.BadInput.class, () -> Asking.usual().read(0));
    assertThrows(RealmException.BadInput.class, () -> Asking.usual().threshold(1.5));
    assertThrows(RealmException.BadInput.class, () -> Asking.usual().threshold(Double.NaN));
    assertThrows(RealmException.BadInput.class, () -> Asking.usual().alternatives(-1));
  }
}
