package org.realm4j.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.function.Consumer;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.lucene.Bm25;
import org.realm4j.nn.RealmModel;
import org.realm4j.pretrain.EncoderWarmUp;
import org.realm4j.pretrain.InverseClozeTask;
import org.realm4j.pretrain.MaskedQuery;
import org.realm4j.pretrain.Pretrainer;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.pretrain.QuerySource;
import org.realm4j.pretrain.RetrieverStart;
import org.realm4j.pretrain.SpanEvaluation;
import org.realm4j.pretrain.SpanOccurrences;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.retrieval.RealmFolder;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Session;
import org.realm4j.text.EntityTagger;

/**
 * REALM on one corpus from start to end: warm-ups, joint pre-training, a control whose retriever is
 * frozen, and the held-out spans before and after. What {@code realm demo} runs.
 */
final class Experiment {
  /**
   * How much of everything.
   *
   * @param clozeSteps of the inverse cloze task
   * @param warmUpSteps of the encoder
   * @param heldOut masked spans that are measured
   */
  record Plan(
      int clozeSteps,
      int clozeBatch,
      int warmUpSteps,
      Pretraining pretraining,
      int heldOut,
      float heldOutShare,
      double entropy) {}

  /**
   * What came out.
   *
   * @param trained the model, with vectors that it made
   */
  record Outcome(
      RetrieverStart.Report start,
      List<SpanEvaluation.Outcome> before,
      List<SpanEvaluation.Outcome> after,
      List<SpanEvaluation.Outcome> control,
      double[] bm25Recall,
      int refreshes,
      RealmFolder.Parts trained) {}

  private final Plan plan;
  private final PassageStore store;
  private final Backend backend;
  private final int threads;
  private final PrintWriter err;
  private final RealmModel model;
  private final QuerySource training;
  private final List<MaskedQuery> heldOut;
  private final SpanOccurrences occurrences;

  Experiment(
      Plan plan,
      RealmModel model,
      PassageStore store,
      Backend backend,
      int threads,
      PrintWriter err) {
    this.plan = plan;
    this.model = model;
    this.store = store;
    this.backend = backend;
    this.threads = threads;
    this.err = err;
    occurrences = new SpanOccurrences(store, model.vocabulary());
    QuerySource all =
        QuerySource.of(
            store,
            model.tokenizer(),
            EntityTagger.builtIn(),
            plan.pretraining().masking(),
            model.config().queryLimit());
    List<QuerySource> parts = all.split(plan.heldOutShare(), plan.pretraining().seed());
    training = parts.get(0);
    heldOut = parts.get(1).sample(plan.heldOut(), plan.pretraining().seed());
  }

  QuerySource training() {
    return training;
  }

  List<MaskedQuery> heldOut() {
    return heldOut;
  }

  /** Whether another passage holds what is masked. */
  boolean heldElsewhere(MaskedQuery q) {
    return occurrences.passagesWith(q.targets(), q.passage()).length > 0;
  }

  SpanOccurrences occurrences() {
    return occurrences;
  }

  /**
   * All of it.
   *
   * @param begun shown the model once it can retrieve, before anything is trained
   */
  Outcome run(Consumer<RealmModel> begun) {
    RetrieverStart.Report start;
    List<SpanEvaluation.Outcome> before;
    float[] vectors; // what both runs search first
    try (Session session = backend.open(threads)) {
      start = startRetriever(session);
      begun.accept(model);
      warmUpRetriever(session);
      try (KnowledgeIndex index = embed(session)) {
        vectors = index.vectors();
        warmUpEncoder(session, index);
        before = evaluate(model, index, session, "measure before");
      }
    }
    RealmModel forControl = model.copy();
    List<SpanEvaluation.Outcome> after;
    int refreshes;
    RealmFolder.Parts trained;
    try (Pretrainer trainer = trainer(model, plan.pretraining(), vectors)) {
      train(trainer, "joint pre-training");
      refreshes = trainer.refreshes();
      try (ProgressBar bar = ProgressBar.on(err, "embed the corpus again", store.size())) {
        trainer.refreshNow((done, all) -> bar.moveTo(done));
      }
      try (KnowledgeIndex index = trainer.index()) {
        after = evaluate(model, index, trainer.session(), "measure after");
        trained = new RealmFolder.Parts(model, store, index.vectors(), index.madeAtStep(), null);
      }
    }
    List<SpanEvaluation.Outcome> control;
    try (Pretrainer trainer =
        trainer(forControl, plan.pretraining().frozenRetriever(true), vectors)) {
      train(trainer, "control: frozen retriever");
      try (KnowledgeIndex index = trainer.index()) {
        control = evaluate(forControl, index, trainer.session(), "measure control");
      }
    }
    return new Outcome(start, before, after, control, bm25(), refreshes, trained);
  }

  private RetrieverStart.Report startRetriever(Session session) {
    try (ProgressBar bar =
        ProgressBar.on(err, "initialise the projection", RetrieverStart.sampled(store))) {
      return RetrieverStart.initialise(
          model,
          store,
          training.sample(200, plan.pretraining().seed()),
          plan.pretraining().candidates(),
          plan.entropy(),
          session,
          (done, all) -> bar.moveTo(done));
    }
  }

  private void warmUpRetriever(Session session) {
    if (plan.clozeSteps() == 0) {
      return;
    }
    InverseClozeTask task = new InverseClozeTask(model, store);
    try (ProgressBar bar = ProgressBar.on(err, "inverse cloze task", plan.clozeSteps())) {
      task.run(
          new InverseClozeTask.Settings(
              plan.clozeSteps(), plan.clozeBatch(), 2e-5f, 2e-4f, plan.pretraining().seed()),
          session,
          (step, loss) -> bar.moveTo(step + 1));
    }
  }

  private void warmUpEncoder(Session session, KnowledgeIndex index) {
    EncoderWarmUp.initialiseHead(model, store);
    try (ProgressBar bar = ProgressBar.on(err, "encoder warm-up", plan.warmUpSteps())) {
      new EncoderWarmUp(model, store, training, occurrences, index)
          .run(
              EncoderWarmUp.Settings.of(plan.warmUpSteps()),
              session,
              (step, logLikelihood) -> bar.moveTo(step + 1));
    }
  }

  private KnowledgeIndex embed(Session session) {
    try (ProgressBar bar = ProgressBar.on(err, "embed the corpus", store.size())) {
      float[] vectors =
          new PassageEmbedder(model, store)
              .embedAll(session, model.documents(), (done, all) -> bar.moveTo(done));
      return new KnowledgeIndex(
          MipsIndexProvider.named("exact"),
          vectors,
          model.config().embedder().projection(),
          0,
          threads);
    }
  }

  private Pretrainer trainer(RealmModel trained, Pretraining settings, float[] vectors) {
    return new Pretrainer(trained, store, training, settings, backend, threads, vectors);
  }

  private void train(Pretrainer trainer, String task) {
    try (ProgressBar bar = ProgressBar.on(err, task, plan.pretraining().steps())) {
      trainer.run(report -> bar.moveTo(report.step() + 1));
    }
  }

  private List<SpanEvaluation.Outcome> evaluate(
      RealmModel measured, KnowledgeIndex index, Session session, String task) {
    try (ProgressBar bar = ProgressBar.on(err, task, heldOut.size())) {
      return new SpanEvaluation(measured, store, occurrences, plan.pretraining().candidates())
          .run(heldOut, index, session, (done, all) -> bar.moveTo(done));
    }
  }

  /** Recall of the span at 1, 5 and 20 of BM25 asked with the sentence without the span. */
  private double[] bm25() {
    double[] recall = new double[3];
    int[] within = {1, 5, 20};
    try (Bm25 index = Bm25.index(store.passages())) {
      for (MaskedQuery q : heldOut) {
        int[] hits = index.search(withoutSpan(q), 20, q.passage());
        for (int w = 0; w < within.length; w++) {
          for (int i = 0; i < Math.min(within[w], hits.length); i++) {
            if (occurrences.contains(hits[i], q.targets())) {
              recall[w] += 1.0 / heldOut.size();
              break;
            }
          }
        }
      }
    }
    return recall;
  }

  private String withoutSpan(MaskedQuery q) {
    StringBuilder text = new StringBuilder();
    for (int id : q.ids()) {
      if (id != model.vocabulary().mask()) {
        String piece = model.vocabulary().token(id);
        text.append(piece.startsWith("##") ? piece.substring(2) : " " + piece);
      }
    }
    if (text.isEmpty()) {
      throw new RealmException.BadInput("a sentence of nothing but its span: " + q.sentence());
    }
    return text.toString();
  }
}
