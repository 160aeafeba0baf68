package org.realm4j.pretrain;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;
import org.realm4j.retrieval.IndexRefresher;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.train.AccumulatedStep;
import org.realm4j.train.Optimizer;
import org.realm4j.train.Schedule;

/**
 * The pre-training loop: retriever and encoder trained together by the marginal likelihood, the
 * index refreshed while training goes on. Everything that a step does is a function of the settings
 * and the state, so a run that was stopped and resumed (see {@link PretrainingCheckpoint}) gives
 * the same bits as an unbroken one on a deterministic backend. Used by one thread.
 */
public final class Pretrainer implements AutoCloseable {
  /** Steps until a run without decay has its full learning rates. */
  private static final long RAMP_UP = 10;

  private final RealmModel model;
  private final PassageStore store;
  private final QuerySource queries;
  private final Pretraining settings;
  private final Session session;
  private final MipsIndexProvider indexProvider;
  private final int threads;
  private final Optimizer optimizer;
  private final Schedule schedule;
  private final IndexRefresher refresher;
  private final KnowledgeAugmentedForward forward;
  private KnowledgeIndex index;
  private long visibleAt;
  private long step;
  private int refreshes;

  /**
   * Embeds the corpus with the model as it is, and is ready for the first step.
   *
   * @param model trained in place
   * @param queries what is masked, sentences of the same store
   */
  public Pretrainer(
      RealmModel model,
      PassageStore store,
      QuerySource queries,
      Pretraining settings,
      Backend backend,
      int threads) {
    this(model, store, queries, settings, backend, threads, null);
  }

  /**
   * Ready for the first step with vectors that were made before.
   *
   * @param vectors the corpus embedded by the model as it is now, {@code [passages, projection]};
   *     embedded here if null
   */
  public Pretrainer(
      RealmModel model,
      PassageStore store,
      QuerySource queries,
      Pretraining settings,
      Backend backend,
      int threads,
      float @Nullable [] vectors) {
    this(
        model,
        store,
        queries,
        settings,
        backend,
        threads,
        MipsIndexProvider.named(settings.index()),
        vectors);
  }

  /**
   * With an index that has no name.
   *
   * @param indexes what searches the corpus, whatever the settings say
   * @param vectors as above
   */
  public Pretrainer(
      RealmModel model,
      PassageStore store,
      QuerySource queries,
      Pretraining settings,
      Backend backend,
      int threads,
      MipsIndexProvider indexes,
      float @Nullable [] vectors) {
    if (store.size() < settings.candidates()) {
      throw new RealmException.BadInput(
          "corpus: expected at least "
              + settings.candidates()
              + " passages for "
              + settings.candidates()
              + " candidates, found "
              + store.size());
    }
    this.model = model;
    model.recomputeLayers(settings.recompute());
    this.store = store;
    this.queries = queries;
    this.settings = settings;
    this.threads = threads;
    indexProvider = indexes;
    optimizer = new Optimizer(settings.optimizer(), groups());
    schedule =
        settings.linearDecay() && settings.steps() > 0
            ? Schedule.bert(settings.steps())
            : Schedule.rampUp(RAMP_UP);
    forward = new KnowledgeAugmentedForward(model, store);
    session = backend.open(threads);
    refresher =
        new IndexRefresher(
            model, store, settings.refreshMode(), session, backend, settings.refreshLoad());
    try {
      index =
          index(
              vectors != null
                  ? vectors
                  : new PassageEmbedder(model, store)
                      .embedAll(session, model.documents(), PassageEmbedder.Progress.NONE),
              0);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private List<Optimizer.Group> groups() {
    Pretraining.Rates rates = settings.rates();
    List<Optimizer.Group> groups = new ArrayList<>();
    groups.add(new Optimizer.Group(model.encoder().parameters(), rates.encoder()));
    if (!settings.frozenRetriever()) {
      groups.add(new Optimizer.Group(model.retrieverTrunk(), rates.retriever()));
      groups.add(new Optimizer.Group(model.retrieverHead(), rates.projection()));
    }
    return groups;
  }

  private KnowledgeIndex index(float[] vectors, long madeAtStep) {
    int dimension = model.config().embedder().projection();
    return new KnowledgeIndex(indexProvider, vectors, dimension, madeAtStep, threads);
  }

  /** The next step to be done. */
  public long step() {
    return step;
  }

  /** Generations that replaced the first one. */
  public int refreshes() {
    return refreshes;
  }

  /**
   * The generation that is searched now, until the next refresh closes it. The last one outlives
   * the trainer: whoever asked for it closes it.
   */
  public KnowledgeIndex index() {
    return index;
  }

  public RealmModel model() {
    return model;
  }

  public Session session() {
    return session;
  }

  Pretraining settings() {
    return settings;
  }

  QuerySource queries() {
    return queries;
  }

  PassageStore store() {
    return store;
  }

  Optimizer optimizer() {
    return optimizer;
  }

  IndexRefresher refresher() {
    return refresher;
  }

  /** Runs until all steps are done. */
  public void run(PretrainingListener listener) {
    while (step < settings.steps()) {
      runStep(listener);
    }
  }

  /**
   * One update.
   *
   * @throws RealmException if loss or gradients are not finite: nothing was updated then
   */
  public void runStep(PretrainingListener listener) {
    long begun = System.nanoTime();
    double waited = refresh(listener);
    Totals totals = new Totals();
    List<MaskedQuery> batch = new ArrayList<>();
    for (int b = 0; b < settings.batch(); b++) {
      batch.add(queries.draw(settings.seed(), step * settings.batch() + b));
    }
    int divisor =
        settings.marginal() == Marginal.PER_SEQUENCE
            ? batch.size()
            : batch.stream().mapToInt(q -> q.masked().length).sum();
    AccumulatedStep parts =
        new AccumulatedStep(
            step,
            "queries",
            batch.size(),
            settings.accumulate(),
            (s, from, to) -> backward(s, batch.subList(from, to), from, divisor, totals));
    parts.backward(session, optimizer);
    double norm = parts.update(session, optimizer, schedule.at(step));
    step++;
    if (refresher.running()) {
      refresher.work(visibleAt - step + 1);
      listener.refreshing(step - 1, refresher.step(), refresher.embedded(), store.size());
    }
    int n = batch.size();
    listener.step(
        new StepReport(
            step - 1,
            totals.loss,
            totals.marginal / n,
            totals.empty / n,
            totals.nullProbability / n,
            norm,
            step - 1 - index.madeAtStep(),
            totals.tokens,
            (System.nanoTime() - begun) * 1e-9,
            waited));
  }

  /** Sums over the parts of a batch. */
  private static final class Totals {
    double loss;
    double marginal;
    double empty;
    double nullProbability;
    long tokens;
  }

  private void backward(
      Session s, List<MaskedQuery> part, int firstExample, int divisor, Totals totals) {
    try (Tape tape = s.record()) {
      KnowledgeAugmentedForward.Result result =
          forward.run(
              s,
              part,
              index,
              new KnowledgeAugmentedForward.Settings(
                  settings.candidates(),
                  settings.overRetrieve(),
                  settings.marginal(),
                  !settings.frozenRetriever(),
                  settings.dropout(),
                  settings.seed(),
                  step,
                  firstExample));
      Tensor loss = result.likelihood().loss(s, divisor);
      float value = loss.scalar();
      if (!Float.isFinite(value)) {
        throw new RealmException("the loss is " + value);
      }
      totals.loss += value;
      totals.tokens += result.tokens();
      add(totals, result.likelihood());
      s.backward(loss);
    }
  }

  private void add(Totals totals, MarginalLikelihood likelihood) {
    float[] prior = likelihood.logPrior().toArray();
    float[] given = likelihood.logLikelihood().toArray();
    for (float m : likelihood.marginal().toArray()) {
      totals.marginal += m;
    }
    for (int i = 0; i < prior.length; i += settings.candidates()) {
      totals.empty += given[i];
      totals.nullProbability += Math.exp(prior[i]);
    }
  }

  /** Seconds waited. A snapshot of step s becomes visible exactly at step s + L. */
  private double refresh(PretrainingListener listener) {
    if (settings.refreshEvery() == 0 || settings.frozenRetriever()) {
      return 0;
    }
    double waited = 0;
    boolean due = settings.freeRunning() ? refresher.embedded() == store.size() : step >= visibleAt;
    if (refresher.running() && due) {
      waited += publish(listener);
    }
    // A generation that no step of this run would search is not begun.
    boolean useful = step + settings.refreshDelay() < settings.steps();
    if (step > 0 && step % settings.refreshEvery() == 0 && !refresher.running() && useful) {
      refresher.start(step);
      visibleAt = step + settings.refreshDelay();
      if (settings.refreshDelay() == 0) {
        waited += publish(listener);
      }
    }
    return waited;
  }

  private double publish(PretrainingListener listener) {
    long begun = System.nanoTime();
    IndexRefresher.State done = refresher.finish();
    replace(index.refreshed(indexProvider, done.vectors(), done.step(), threads));
    refreshes++;
    listener.refreshed(step, done.step());
    return (System.nanoTime() - begun) * 1e-9;
  }

  /** Embeds the corpus with the parameters of now and searches that from now on. */
  public void refreshNow(PassageEmbedder.Progress progress) {
    if (refresher.running()) {
      refresher.finish();
    }
    float[] vectors =
        new PassageEmbedder(model, store).embedAll(session, model.documents(), progress);
    replace(index.refreshed(indexProvider, vectors, step, threads));
  }

  private void replace(KnowledgeIndex next) {
    index.close();
    index = next;
  }

  /** For {@link PretrainingCheckpoint}. */
  void resume(
      long atStep,
      int refreshesDone,
      KnowledgeIndex serving,
      long pendingVisibleAt,
      IndexRefresher.@Nullable State pending) {
    step = atStep;
    refreshes = refreshesDone;
    replace(serving);
    visibleAt = pendingVisibleAt;
    optimizer.resumeAt(atStep);
    if (pending != null) {
      refresher.resume(pending);
    }
  }

  long visibleAt() {
    return visibleAt;
  }

  KnowledgeIndex restored(float[] vectors, long madeAtStep) {
    return index(vectors, madeAtStep);
  }

  /** All that training changes, in a fixed order. */
  List<Parameter> trained() {
    return optimizer.parameters();
  }

  @Override
  public void close() {
    refresher.close();
    session.close();
  }
}
