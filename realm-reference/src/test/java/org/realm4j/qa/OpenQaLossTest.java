package org.realm4j.qa;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.realm4j.nn.ReadWindow;
import org.realm4j.nn.Spans;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleBackend;
import org.realm4j.testkit.oracle.OracleSession;

/** The laws of the losses, by enumeration in double precision. */
class OpenQaLossTest {
  private static final double CLOSE = 1e-12;
  private static final String SEED = "1906003";
  private static final int TRIES = 150;

  /**
   * A passage.
   *
   * @param scores of its spans if it is read
   * @param correct which of them are answers
   */
  record Passage(double relevance, boolean hasAnswer, double[] scores, boolean[] correct) {
    Passage incorrect() {
      return new Passage(relevance, false, scores, new boolean[scores.length]);
    }
  }

  /**
   * Some questions.
   *
   * @param beam passages that are read of each
   */
  record Example(List<List<Passage>> questions, int beam) {
    List<Passage> read(int q) {
      List<Passage> all = questions.get(q);
      return all.subList(0, Math.min(beam, all.size()));
    }

    /** The losses of a question; 0 where nothing is correct. */
    double[] losses(int q) {
      double[] relevance = {0, 0};
      for (Passage p : questions.get(q)) {
        relevance[0] += Math.exp(p.relevance);
        relevance[1] += p.hasAnswer ? Math.exp(p.relevance) : 0;
      }
      double[] spans = {0, 0};
      for (Passage p : read(q)) {
        for (int i = 0; i < p.scores.length; i++) {
          spans[0] += Math.exp(p.scores[i] + p.relevance);
          spans[1] += p.correct[i] ? Math.exp(p.scores[i] + p.relevance) : 0;
        }
      }
      return new double[] {
        relevance[1] == 0 ? 0 : -Math.log(relevance[1] / relevance[0]),
        spans[1] == 0 ? 0 : -Math.log(spans[1] / spans[0])
      };
    }

    Example of(int q) {
      return new Example(List.of(questions.get(q)), beam);
    }

    Example with(int q, List<Passage> passages) {
      List<List<Passage>> changed = new ArrayList<>(questions);
      changed.set(q, passages);
      return new Example(changed, beam);
    }

    @Override
    public String toString() {
      return beam + " of " + questions.size() + " questions";
    }
  }

  /** What the library gives, with gradients by relevance and by score. */
  record Outcome(
      double retriever,
      double reader,
      double total,
      int retrieverMatches,
      int readerMatches,
      double @Nullable [] byRelevance,
      double @Nullable [] byScore,
      double[] logProbabilities,
      int[] byQuestion,
      int[] argmax) {}

  /** Spans of width 1: as many as a passage has rows. */
  private static Spans spans(List<Passage> read) {
    int[] from = new int[read.size()];
    int[] to = new int[read.size()];
    int row = 0;
    for (int i = 0; i < from.length; i++) {
      from[i] = row + 2;
      to[i] = from[i] + read.get(i).scores.length;
      row = to[i] + 1;
    }
    return Spans.of(new ReadWindow(from, to), 1);
  }

  private static Outcome run(Example e, int divisor) {
    List<Passage> all = e.questions.stream().flatMap(List::stream).toList();
    List<Passage> read = new ArrayList<>();
    int[] retrieved = new int[e.questions.size() + 1];
    for (int q = 0; q < e.questions.size(); q++) {
      retrieved[q + 1] = retrieved[q] + e.questions.get(q).size();
      read.addAll(e.read(q));
    }
    boolean[] hasAnswer = new boolean[all.size()];
    for (int i = 0; i < hasAnswer.length; i++) {
      hasAnswer[i] = all.get(i).hasAnswer;
    }
    Spans spans = spans(read);
    double[] scores = read.stream().flatMapToDouble(p -> Arrays.stream(p.scores)).toArray();
    boolean[] correct = new boolean[scores.length];
    int at = 0;
    for (Passage p : read) {
      for (boolean c : p.correct) {
        correct[at++] = c;
      }
    }
    try (OracleSession s = new OracleBackend().open(1);
        Tape tape = s.record()) {
      Tensor relevance =
          s.variable(all.stream().mapToDouble(Passage::relevance).toArray(), all.size(), 1);
      Tensor byReader = s.variable(scores, scores.length, 1);
      AnswerSpans answers =
          AnswerSpans.of(
              s, relevance, retrieved, AnswerSpans.firstOf(retrieved, e.beam), byReader, spans);
      OpenQaLoss loss = OpenQaLoss.of(s, answers, hasAnswer, correct, divisor);
      double[] logProbabilities = s.doubles(answers.logProbabilities(s));
      s.backward(loss.total());
      return new Outcome(
          s.doubles(loss.retriever())[0],
          s.doubles(loss.reader())[0],
          s.doubles(loss.total())[0],
          loss.retrieverMatches(),
          loss.readerMatches(),
          s.gradientDoubles(relevance),
          s.gradientDoubles(byReader),
          logProbabilities,
          answers.byQuestion(),
          answers.argmax());
    }
  }

  @Provide
  Arbitrary<Example> examples() {
    return Arbitraries.randomValue(OpenQaLossTest::example);
  }

  private static Example example(Random random) {
    List<List<Passage>> questions = new ArrayList<>();
    int n = 1 + random.nextInt(4);
    for (int q = 0; q < n; q++) {
      double share = List.of(0.0, 0.3, 1.0).get(random.nextInt(3)); // of what is correct
      List<Passage> passages = new ArrayList<>();
      int k = 1 + random.nextInt(6);
      for (int i = 0; i < k; i++) {
        double[] scores = new double[random.nextInt(7)];
        boolean[] correct = new boolean[scores.length];
        for (int j = 0; j < scores.length; j++) {
          scores[j] = 3 * random.nextGaussian();
          correct[j] = random.nextDouble() < share;
        }
        passages.add(
            new Passage(2 * random.nextGaussian(), random.nextDouble() < share, scores, correct));
      }
      questions.add(passages);
    }
    return new Example(questions, 1 + random.nextInt(4));
  }

  @Property(tries = TRIES, seed = SEED)
  void lossesAreThoseOfEnumeration(@ForAll("examples") Example e) {
    // A power of two: the library's divisor is rounded to a float.
    Outcome found = run(e, 4);
    double retriever = 0;
    double reader = 0;
    for (int q = 0; q < e.questions.size(); q++) {
      retriever += e.losses(q)[0] / 4;
      reader += e.losses(q)[1] / 4;
    }
    assertEquals(retriever, found.retriever, CLOSE);
    assertEquals(reader, found.reader, CLOSE);
    assertEquals(retriever + reader, found.total, CLOSE);
    assertTrue(found.retriever >= -CLOSE && found.reader >= -CLOSE);
  }

  @Property(tries = TRIES, seed = SEED)
  void countsQuestionsWithAMatch(@ForAll("examples") Example e) {
    Outcome found = run(e, 1);
    int retriever = 0;
    int reader = 0;
    for (int q = 0; q < e.questions.size(); q++) {
      retriever += e.questions.get(q).stream().anyMatch(Passage::hasAnswer) ? 1 : 0;
      reader +=
          e.read(q).stream()
                  .anyMatch(
                      p -> {
                        boolean any = false;
                        for (boolean c : p.correct) {
                          any |= c;
                        }
                        return any;
                      })
              ? 1
              : 0;
    }
    assertEquals(retriever, found.retrieverMatches);
    assertEquals(reader, found.readerMatches);
  }

  @Property(tries = TRIES, seed = SEED)
  void probabilitiesOfAQuestionAreTheSoftmaxAndSumToOne(@ForAll("examples") Example e) {
    Outcome found = run(e, 1);
    int at = 0;
    for (int q = 0; q < e.questions.size(); q++) {
      double sum = 0;
      double all = 0;
      for (Passage p : e.read(q)) {
        all += Arrays.stream(p.scores).map(x -> Math.exp(x + p.relevance)).sum();
      }
      for (Passage p : e.read(q)) {
        for (double x : p.scores) {
          double probability = Math.exp(found.logProbabilities[at++]);
          assertEquals(Math.exp(x + p.relevance) / all, probability, CLOSE);
          sum += probability;
        }
      }
      assertEquals(at, found.byQuestion[q + 1]);
      assertEquals(all == 0 ? 0 : 1, sum, CLOSE);
    }
  }

  @Property(tries = TRIES, seed = SEED)
  void nothingCorrectIsNoLossAndNoGradient(@ForAll("examples") Example e) {
    Example wrong = e;
    for (int q = 0; q < e.questions.size(); q++) {
      wrong = wrong.with(q, e.questions.get(q).stream().map(Passage::incorrect).toList());
    }
    Outcome found = run(wrong, 1);
    assertEquals(0, found.total);
    assertNull(found.byRelevance);
    assertNull(found.byScore);
    // Beside other questions, one without a match passes 0 on.
    Outcome mixed = run(e.with(0, wrong.questions.get(0)), 1);
    if (mixed.byRelevance != null) {
      for (int i = 0; i < e.questions.get(0).size(); i++) {
        assertEquals(0, mixed.byRelevance[i]);
      }
    }
    if (mixed.byScore != null) {
      for (int i = 0; i < mixed.byQuestion[1]; i++) {
        assertEquals(0, mixed.byScore[i]);
      }
    }
  }

  /** The probability minus the posterior among what is correct, by span and by passage. */
  @Property(tries = TRIES, seed = SEED)
  void gradientsAreThoseOfCentralDifferences(@ForAll("examples") Example e) {
    Outcome found = run(e, 1);
    double h = 1e-5;
    int passage = 0;
    int span = 0;
    for (int q = 0; q < e.questions.size(); q++) {
      for (int i = 0; i < e.questions.get(q).size(); i++) {
        Passage p = e.questions.get(q).get(i);
        double slope =
            (sum(changed(e, q, i, new Passage(p.relevance + h, p.hasAnswer, p.scores, p.correct)))
                    - sum(
                        changed(
                            e,
                            q,
                            i,
                            new Passage(p.relevance - h, p.hasAnswer, p.scores, p.correct))))
                / (2 * h);
        assertEquals(slope, at(found.byRelevance, passage++), 1e-8);
        for (int j = 0; i < e.beam && j < p.scores.length; j++) {
          double[] more = p.scores.clone();
          more[j] += h;
          double[] less = p.scores.clone();
          less[j] -= h;
          double bySpan =
              (sum(changed(e, q, i, new Passage(p.relevance, p.hasAnswer, more, p.correct)))
                      - sum(
                          changed(e, q, i, new Passage(p.relevance, p.hasAnswer, less, p.correct))))
                  / (2 * h);
          assertEquals(bySpan, at(found.byScore, span++), 1e-8);
        }
      }
    }
  }

  private static double at(double @Nullable [] gradient, int i) {
    return gradient == null ? 0 : gradient[i];
  }

  private static Example changed(Example e, int q, int i, Passage p) {
    List<Passage> passages = new ArrayList<>(e.questions.get(q));
    passages.set(i, p);
    return e.with(q, passages);
  }

  private static double sum(Example e) {
    double sum = 0;
    for (int q = 0; q < e.questions.size(); q++) {
      sum += e.losses(q)[0] + e.losses(q)[1];
    }
    return sum;
  }

  @Property(tries = TRIES, seed = SEED)
  void anIncorrectPassageNeverLowersTheLoss(@ForAll("examples") Example e) {
    Outcome before = run(e, 1);
    Passage more = new Passage(0.7, false, new double[] {1, -2}, new boolean[2]);
    for (int q = 0; q < e.questions.size(); q++) {
      List<Passage> passages = new ArrayList<>(e.questions.get(q));
      passages.add(0, more);
      // One more is read, so that none of those before is pushed out of the beam.
      Example with = e.with(q, passages);
      Example alone = new Example(List.of(passages), e.beam + 1);
      assertTrue(run(with, 1).retriever >= before.retriever - CLOSE);
      assertTrue(run(alone, 1).reader >= run(e.of(q), 1).reader - CLOSE);
    }
  }

  @Property(tries = TRIES, seed = SEED)
  void theRetrieversLossIsZeroOnlyIfAllPassagesHaveAnAnswer(@ForAll("examples") Example e) {
    for (int q = 0; q < e.questions.size(); q++) {
      List<Passage> passages = e.questions.get(q);
      boolean any = passages.stream().anyMatch(Passage::hasAnswer);
      boolean all = passages.stream().allMatch(Passage::hasAnswer);
      double loss = run(e.of(q), 1).retriever;
      assertEquals(all || !any, loss < 1e-6, passages.toString());
    }
  }

  @Property(tries = TRIES, seed = SEED)
  void aBatchIsTheSumOfItsQuestions(@ForAll("examples") Example e) {
    Outcome whole = run(e, 8);
    double total = 0;
    for (int q = 0; q < e.questions.size(); q++) {
      total += run(e.of(q), 8).total;
    }
    assertEquals(total, whole.total, CLOSE);
  }

  @Property(tries = TRIES, seed = SEED)
  void argmaxIsTheFirstOfTheLargestOverPassagesAndSpans(@ForAll("examples") Example random) {
    Example e = random;
    for (int q = 0; q < e.questions.size(); q++) {
      // Whole numbers, so that there are ties.
      e =
          e.with(
              q,
              e.questions.get(q).stream()
                  .map(
                      p ->
                          new Passage(
                              Math.rint(p.relevance),
                              p.hasAnswer,
                              Arrays.stream(p.scores).map(Math::rint).toArray(),
                              p.correct))
                  .toList());
    }
    Outcome found = run(e, 1);
    int at = 0;
    for (int q = 0; q < e.questions.size(); q++) {
      int expected = -1;
      double best = Double.NEGATIVE_INFINITY;
      for (Passage p : e.read(q)) {
        for (double x : p.scores) {
          if (x + p.relevance > best) {
            best = x + p.relevance;
            expected = at;
          }
          at++;
        }
      }
      assertEquals(expected, found.argmax[q], "question " + q);
    }
  }

  @Test
  void aReaderWithoutAMatchGetsNoGradientBesideARetrieverWithOne() {
    try (Session s = new ReferenceBackend().open(1);
        Tape tape = s.record()) {
      Tensor relevance = s.variable(new float[] {1, 2}, 2, 1);
      Tensor scores = s.variable(new float[] {1, 2, 3}, 3, 1);
      Spans spans = Spans.of(new ReadWindow(new int[] {2}, new int[] {4}), 2);
      AnswerSpans answers =
          AnswerSpans.of(s, relevance, new int[] {0, 2}, new int[] {0}, scores, spans);
      OpenQaLoss loss = OpenQaLoss.of(s, answers, new boolean[] {false, true}, new boolean[3], 1);
      s.backward(loss.total());
      assertNotNull(s.gradient(relevance));
      assertNull(s.gradient(scores));
      assertEquals(Math.log1p(Math.exp(-1)), loss.total().scalar(), 1e-6);
    }
  }

  @Test
  void whatIsReadHasToBeRetrievedInOrder() {
    int[] retrieved = {0, 3, 3, 5};
    assertArrayEquals(new int[] {0, 1, 3, 4}, AnswerSpans.firstOf(retrieved, 2));
    assertArrayEquals(new int[] {0, 1, 2, 3, 4}, AnswerSpans.firstOf(retrieved, Integer.MAX_VALUE));
    try (Session s = new ReferenceBackend().open(1);
        Tape tape = s.infer()) {
      Tensor relevance = s.constant(new float[5], 5, 1);
      Tensor scores = s.constant(new float[2], 2, 1);
      Spans spans = Spans.of(new ReadWindow(new int[] {0, 1}, new int[] {1, 2}), 1);
      for (int[] read : new int[][] {{3, 0}, {0, 5}, {-1, 0}, {0}}) {
        assertThrows(
            IllegalArgumentException.class,
            () -> AnswerSpans.of(s, relevance, retrieved, read, scores, spans),
            Arrays.toString(read));
      }
      AnswerSpans answers =
          AnswerSpans.of(s, relevance, retrieved, new int[] {1, 3}, scores, spans);
      assertArrayEquals(new int[] {0, 1, 1, 2}, answers.byQuestion());
      assertArrayEquals(new int[] {0, -1, 1}, answers.argmax());
      assertThrows(
          IllegalArgumentException.class,
          () -> OpenQaLoss.of(s, answers, new boolean[4], new boolean[2], 1));
      assertThrows(
          IllegalArgumentException.class,
          () -> OpenQaLoss.of(s, answers, new boolean[5], new boolean[2], 0));
    }
  }
}
