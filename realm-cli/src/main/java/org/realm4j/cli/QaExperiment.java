package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.realm4j.corpus.PassageStore;
import org.realm4j.lucene.Bm25;
import org.realm4j.nn.ReaderConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.nn.Weights;
import org.realm4j.pretrain.QuerySource;
import org.realm4j.pretrain.SpanOccurrences;
import org.realm4j.qa.AnswerMatcher;
import org.realm4j.qa.Answerer;
import org.realm4j.qa.Asking;
import org.realm4j.qa.DenseRetriever;
import org.realm4j.qa.FineTuner;
import org.realm4j.qa.FineTuning;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.QaEvaluation;
import org.realm4j.qa.QuestionRetriever;
import org.realm4j.qa.QuestionSet;
import org.realm4j.qa.RankedRetriever;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.retrieval.RealmFolder;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Session;

/**
 * Ways to answer questions from one corpus, each fine-tuned and measured on the same questions with
 * the same settings. What {@code realm demo} ends with.
 */
final class QaExperiment implements AutoCloseable {
  /**
   * BM25's scores count as they are. Of 0.05, 0.2, 0.5, 1, 2 and 4, which gave 7, 18, 18, 22, 23
   * and 23 right answers to 58 questions, it is the first that does not hold the row back.
   */
  private static final float BM25_SCALE = 1;

  /**
   * How much of everything.
   *
   * @param training the questions to learn from
   * @param test those to be measured on
   * @param cloze how every reader first learns spans on cloze questions, with no step not at all
   * @param fineTuning how every way then learns on questions
   */
  record Plan(QuestionSet training, QuestionSet test, FineTuning cloze, FineTuning fineTuning) {}

  /**
   * What one way gave.
   *
   * @param withoutMatch how often in training a question had no answer in what was read
   */
  record Row(
      List<Outcome> outcomes, int withoutMatch, double trainingSeconds, double testSeconds) {}

  /**
   * What all ways gave, on the same questions in the same order.
   *
   * @param realm the model after pre-training: dense retrieval
   * @param bm25 BM25 with a reader that starts from the same model
   * @param withoutPretraining the model before any pre-training: dense retrieval
   */
  record Rows(Row realm, Row bm25, Row withoutPretraining) {}

  private final Plan plan;
  private final PassageStore store;
  private final Backend backend;
  private final int threads;
  private final PrintWriter err;
  private final Bm25 bm25;

  QaExperiment(Plan plan, PassageStore store, Backend backend, int threads, PrintWriter err) {
    this.plan = plan;
    this.store = store;
    this.backend = backend;
    this.threads = threads;
    this.err = err;
    this.bm25 = Bm25.index(store.passages());
  }

  /**
   * The three ways. All readers start from the document tower of their model and learn in the same
   * way.
   *
   * @param trained the model after REALM pre-training, left as it is
   * @param start the folder of the model as it was before any of it
   * @param source of the sentences that cloze questions are made of
   * @param answering given the first way's model, as soon as it can answer
   */
  Rows run(
      RealmFolder.Parts trained,
      Path start,
      QuerySource source,
      SpanOccurrences occurrences,
      Consumer<RealmFolder.Parts> answering) {
    SpanReader reader = reader("REALM and BM25", trained.model(), source, occurrences);
    Row realm = realm(trained, copy(reader), answering);
    QuestionRetriever ranking = new RankedRetriever(bm25::rank, BM25_SCALE);
    Row ranked = row("BM25", trained.model(), reader, ranking, 0);
    return new Rows(realm, ranked, withoutPretraining(start, source, occurrences));
  }

  private Row realm(
      RealmFolder.Parts trained, SpanReader reader, Consumer<RealmFolder.Parts> answering) {
    RealmModel model = trained.model().withSeparateTowers();
    try (KnowledgeIndex index = index(model, trained.vectors(), trained.madeAtStep())) {
      Row row = dense("REALM", model, reader, index);
      answering.accept(
          new RealmFolder.Parts(model, store, index.vectors(), index.madeAtStep(), reader));
      return row;
    }
  }

  private Row withoutPretraining(Path start, QuerySource source, SpanOccurrences occurrences) {
    String name = "without pre-training";
    RealmModel model = RealmModel.open(start).withSeparateTowers();
    SpanReader reader = reader(name, model, source, occurrences);
    try (KnowledgeIndex index = embed(name, model)) {
      return dense(name, model, reader, index);
    }
  }

  /** A reader that has learned on the corpus's own sentences what a span is. */
  private SpanReader reader(
      String name, RealmModel model, QuerySource source, SpanOccurrences occurrences) {
    FineTuning settings = plan.cloze();
    SpanReader reader =
        SpanReader.from(model.documents().bert(), ReaderConfig.realm(), settings.seed());
    ClozeQuestions cloze =
        new ClozeQuestions(
            source,
            occurrences,
            model.tokenizer(),
            bm25,
            Math.toIntExact(settings.steps() * settings.batch()),
            settings.read(),
            settings.seed());
    if (cloze.questions().size() > 0) {
      // What BM25 thinks of the passages is left out: the reader has to find out by itself.
      QuestionRetriever retriever = new RankedRetriever(cloze, 0);
      try (FineTuner tuner =
          new FineTuner(
              model, reader, store, retriever, cloze.questions(), settings, backend, threads)) {
        train(name + ": cloze questions", tuner);
      }
    }
    return reader;
  }

  /** A reader of its own with the same values. */
  private static SpanReader copy(SpanReader reader) {
    Map<String, float[]> values = new LinkedHashMap<>();
    reader.published().forEach(p -> values.put(p.name(), p.values()));
    return new SpanReader(reader.bert().config(), reader.config(), "realm.", Weights.of(values));
  }

  private KnowledgeIndex embed(String name, RealmModel model) {
    try (Session session = backend.open(threads);
        ProgressBar bar = ProgressBar.on(err, name + ": embed the corpus", store.size())) {
      float[] vectors =
          new PassageEmbedder(model, store)
              .embedAll(session, model.documents(), (done, all) -> bar.moveTo(done));
      return index(model, vectors, 0);
    }
  }

  private KnowledgeIndex index(RealmModel model, float[] vectors, long madeAtStep) {
    return new KnowledgeIndex(
        MipsIndexProvider.named("exact"),
        vectors,
        model.config().embedder().projection(),
        madeAtStep,
        threads);
  }

  private Row dense(String name, RealmModel model, SpanReader reader, KnowledgeIndex index) {
    return row(name, model, reader, new DenseRetriever(model, index), index.madeAtStep());
  }

  private Row row(
      String name,
      RealmModel model,
      SpanReader reader,
      QuestionRetriever retriever,
      long generation) {
    long begun = System.nanoTime();
    try (FineTuner tuner =
        new FineTuner(
            model,
            reader,
            store,
            retriever,
            plan.training(),
            plan.fineTuning(),
            backend,
            threads)) {
      int withoutMatch = train(name + ": fine-tuning", tuner);
      long trained = System.nanoTime();
      Answerer answerer = new Answerer(model, reader, store, retriever, generation);
      List<Outcome> outcomes = answer(name, answerer, tuner.session());
      long answered = System.nanoTime();
      return new Row(outcomes, withoutMatch, (trained - begun) * 1e-9, (answered - trained) * 1e-9);
    }
  }

  /** All steps; how often a question had no answer in what was read. */
  private int train(String task, FineTuner tuner) {
    int[] withoutMatch = {0};
    try (ProgressBar bar = ProgressBar.on(err, task, tuner.settings().steps())) {
      tuner.run(
          report -> {
            withoutMatch[0] += report.questions() - report.readerMatches();
            bar.moveTo(report.step() + 1);
          });
    }
    return withoutMatch[0];
  }

  private List<Outcome> answer(String name, Answerer answerer, Session session) {
    AnswerMatcher matcher = new AnswerMatcher(plan.fineTuning().matching());
    Asking asking = Asking.usual().read(plan.fineTuning().read());
    try (ProgressBar bar = ProgressBar.on(err, name + ": answer", plan.test().size())) {
      return new QaEvaluation(answerer, store, matcher)
          .run(session, plan.test(), asking, (done, all) -> bar.moveTo(done));
    }
  }

  @Override
  public void close() {
    bm25.close();
  }
}
