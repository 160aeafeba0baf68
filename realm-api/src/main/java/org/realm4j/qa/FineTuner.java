package org.realm4j.qa;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.DropoutPlan;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.train.AccumulatedStep;
import org.realm4j.train.Optimizer;
import org.realm4j.train.RandomStream;
import org.realm4j.train.Schedule;

/**
 * Fine-tuning on questions (ORQA, Lee et al. 2019, section 5): reader and query tower learn from
 * answers alone, by where they stand in the passages that are retrieved; the passages' vectors stay
 * as they are. A question without a match contributes nothing.
 *
 * <p>Everything that a step does is a function of settings and state: a run that was stopped and
 * resumed, see {@link FineTuningCheckpoint}, gives the same bits as an unbroken one on a
 * deterministic backend. Used by one thread.
 */
public final class FineTuner implements AutoCloseable {
  /** Steps until a run without decay has its full learning rates. */
  private static final long RAMP_UP = 10;

  private final RealmModel model;
  private final SpanReader reader;
  private final PassageStore store;
  private final QuestionRetriever retriever;
  private final QuestionSet questions;
  private final OccurrenceIndex occurrences;
  private final AnswerMatcher matcher;
  private final FineTuning settings;
  private final Session session;
  private final Optimizer optimizer;
  private final Schedule schedule;
  private long step;

  /**
   * Searches the corpus for the answers, and is ready for the first step.
   *
   * @param model whose query tower is trained in place, if the retriever searches with it
   * @param reader trained in place
   * @throws RealmException.Incompatible if one tower serves both sides: the passages' vectors could
   *     not stay as they are
   */
  public FineTuner(
      RealmModel model,
      SpanReader reader,
      PassageStore store,
      QuestionRetriever retriever,
      QuestionSet questions,
      FineTuning settings,
      Backend backend,
      int threads) {
    if (questions.size() == 0) {
      throw new RealmException.BadInput(
          questions.description() + ": expected at least one question, found none");
    }
    if (!retriever.trunk().isEmpty() && model.queries() == model.documents()) {
      throw new RealmException.Incompatible(
          "fine-tuning: expected a model with a query tower of its own, found one tower for"
              + " questions and passages: see RealmModel.withSeparateTowers");
    }
    this.model = model;
    this.reader = reader;
    this.store = store;
    this.retriever = retriever;
    this.questions = questions;
    this.settings = settings;
    matcher = new AnswerMatcher(settings.matching());
    occurrences = OccurrenceIndex.of(questions, matcher, store);
    FineTuning.Rates rates = settings.rates();
    List<Optimizer.Group> groups = new ArrayList<>();
    groups.add(new Optimizer.Group(reader.bert().parameters(), rates.reader()));
    groups.add(new Optimizer.Group(reader.headParameters(), rates.spans()));
    groups.add(new Optimizer.Group(retriever.trunk(), rates.retriever()));
    groups.add(new Optimizer.Group(retriever.head(), rates.projection()));
    optimizer = new Optimizer(settings.optimizer(), groups);
    schedule =
        settings.linearDecay() && settings.steps() > 0
            ? Schedule.bert(settings.steps())
            : Schedule.rampUp(RAMP_UP);
    session = backend.open(threads);
  }

  /** The next step to be done. */
  public long step() {
    return step;
  }

  public FineTuning settings() {
    return settings;
  }

  public Session session() {
    return session;
  }

  QuestionSet questions() {
    return questions;
  }

  PassageStore store() {
    return store;
  }

  Optimizer optimizer() {
    return optimizer;
  }

  void resumeAt(long atStep) {
    step = atStep;
    optimizer.resumeAt(atStep);
  }

  /** Runs until all steps are done. */
  public void run(Consumer<FineTuningReport> listener) {
    while (step < settings.steps()) {
      listener.accept(runStep());
    }
  }

  /**
   * One update.
   *
   * @throws RealmException if loss or gradients are not finite: nothing was updated then
   */
  public FineTuningReport runStep() {
    long begun = System.nanoTime();
    int[] batch = new int[settings.batch()];
    for (int b = 0; b < batch.length; b++) {
      batch[b] = question(step * batch.length + b);
    }
    Totals totals = new Totals();
    AccumulatedStep parts =
        new AccumulatedStep(
            step,
            "questions",
            batch.length,
            settings.accumulate(),
            (s, from, to) -> backward(s, Arrays.copyOfRange(batch, from, to), from, totals));
    parts.backward(session, optimizer);
    double norm = 0;
    if (totals.retrieverMatches > 0 || totals.readerMatches > 0) {
      norm = parts.update(session, optimizer, schedule.at(step));
    } else {
      session.clearGradients(); // nothing to learn from, so no decay and no momentum either
    }
    step++;
    return new FineTuningReport(
        step - 1,
        totals.retrieverLoss,
        totals.readerLoss,
        batch.length,
        totals.retrieverMatches,
        totals.readerMatches,
        norm,
        totals.tokens,
        (System.nanoTime() - begun) * 1e-9);
  }

  /** The i-th question of the run: every epoch is a permutation of its own. */
  private int question(long i) {
    int n = questions.size();
    long epoch = i / n;
    if (epoch != permutedEpoch) {
      permutation =
          CounterRandom.permutation(n, RandomStream.QUESTIONS.key(settings.seed(), epoch));
      permutedEpoch = epoch;
    }
    return permutation[(int) (i % n)];
  }

  // the permutation of one epoch, to be computed once
  private int[] permutation = new int[0];
  private long permutedEpoch = -1;

  private static final class Totals {
    double retrieverLoss;
    double readerLoss;
    int retrieverMatches;
    int readerMatches;
    long tokens;
  }

  private void backward(Session s, int[] part, int firstExample, Totals totals) {
    List<String> texts = Arrays.stream(part).mapToObj(q -> questions.question(q).text()).toList();
    try (Tape tape = s.record()) {
      QuestionRetriever.Retrieved retrieved =
          retriever.retrieve(
              s,
              texts,
              settings.retrieved(),
              dropout(RandomStream.QUESTION_DROPOUT, firstExample, part.length));
      int sequences = AnswerSpans.firstOf(retrieved.offsets(), settings.read()).length;
      if (sequences == 0) {
        return; // a ranking that found nothing
      }
      Reading reading =
          Reading.of(
              s,
              model,
              reader,
              store,
              texts,
              retrieved,
              settings.read(),
              dropout(RandomStream.READER_DROPOUT, firstExample * settings.read(), sequences));
      OpenQaLoss loss =
          OpenQaLoss.of(
              s,
              reading.answers(),
              evidence(part, retrieved),
              correct(part, reading),
              settings.batch());
      totals.retrieverLoss += loss.retriever().scalar();
      totals.readerLoss += loss.reader().scalar();
      totals.retrieverMatches += loss.retrieverMatches();
      totals.readerMatches += loss.readerMatches();
      totals.tokens += reading.tokens();
      float value = loss.total().scalar();
      if (!Float.isFinite(value)) {
        throw new RealmException("the loss is " + value);
      }
      s.backward(loss.total());
    }
  }

  private @Nullable DropoutPlan dropout(RandomStream stream, int firstExample, int examples) {
    if (settings.dropout() == 0) {
      return null;
    }
    int[] numbers = new int[examples];
    Arrays.setAll(numbers, i -> firstExample + i);
    return new DropoutPlan(settings.dropout(), stream.key(settings.seed(), step), numbers);
  }

  /** Which of the retrieved passages count as evidence. */
  private boolean[] evidence(int[] part, QuestionRetriever.Retrieved retrieved) {
    boolean[] marked = new boolean[retrieved.offsets()[part.length]];
    for (int q = 0; q < part.length; q++) {
      int[] passages = retrieved.passages()[q];
      int at = retrieved.offsets()[q];
      int gold = gold(part[q]);
      for (int i = 0; i < passages.length; i++) {
        marked[at + i] = gold >= 0 ? passages[i] == gold : occurrences.holds(part[q], passages[i]);
      }
    }
    return marked;
  }

  /** The number of the gold passage where that is what counts, else -1. */
  private int gold(int question) {
    String id = questions.question(question).passage();
    return settings.supervision() == FineTuning.Supervision.GOLD_PASSAGE && id != null
        ? store.indexOf(id)
        : -1;
  }

  /** Which spans are an answer. */
  private boolean[] correct(int[] part, Reading reading) {
    boolean[] marked = new boolean[reading.answers().spans().size()];
    int[] read = reading.answers().read();
    int q = 0;
    for (int sequence = 0; sequence < read.length; sequence++) {
      while (read[sequence] >= reading.retrieved().offsets()[q + 1]) {
        q++;
      }
      if (occurrences.holds(part[q], reading.passages()[sequence])) {
        reading.mark(
            sequence,
            matcher.spans(questions.question(part[q]), reading.texts().get(sequence)),
            marked);
      }
    }
    return marked;
  }

  @Override
  public void close() {
    session.close();
  }
}
