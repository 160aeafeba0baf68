package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.nn.ReaderConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.pretrain.EncoderWarmUp;
import org.realm4j.pretrain.InverseClozeTask;
import org.realm4j.pretrain.RetrieverStart;
import org.realm4j.qa.Answerer;
import org.realm4j.qa.Asking;
import org.realm4j.qa.FineTuner;
import org.realm4j.qa.FineTuning;
import org.realm4j.qa.FineTuningReport;
import org.realm4j.qa.QuestionSet;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Session;

/**
 * What an experiment costs, on paper: the tokens of each stage, and the seconds at the speed that a
 * short calibration measures.
 */
final class OpenQaCost {
  private static final int PASSAGES = 300;
  private static final int STEPS = 9;
  private static final int QUESTIONS = 20;

  /**
   * What a calibration measured; the first third of each measurement is left out, as the JVM is
   * still compiling then.
   *
   * @param embedding tokens a second
   * @param training tokens a second
   * @param passageTokens of a passage with its title
   * @param questionTokens of a question with its passages, in fine-tuning
   * @param clozeTokens of a pair of the inverse cloze task
   * @param answerSeconds of a question
   */
  record Speed(
      double embedding,
      double training,
      double passageTokens,
      double questionTokens,
      double clozeTokens,
      double answerSeconds) {
    Map<String, Object> toJson() {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("embedding_tokens_per_second", embedding);
      json.put("training_tokens_per_second", training);
      json.put("passage_tokens", passageTokens);
      json.put("question_tokens", questionTokens);
      json.put("cloze_tokens", clozeTokens);
      json.put("answer_seconds", answerSeconds);
      return json;
    }

    static Speed of(JsonObject json) {
      return new Speed(
          json.number("embedding_tokens_per_second"),
          json.number("training_tokens_per_second"),
          json.number("passage_tokens"),
          json.number("question_tokens"),
          json.number("cloze_tokens"),
          json.number("answer_seconds"));
    }
  }

  /**
   * A stage.
   *
   * @param done whether it has been done, and costs nothing any more
   */
  record Line(String stage, double tokens, double seconds, boolean done) {}

  private final OpenQaContext context;
  private final OpenQaSettings settings;
  private final PassageStore store;
  private final OpenQaData data;
  private final OpenQaExperiment experiment;
  private final List<Line> lines = new ArrayList<>();

  OpenQaCost(OpenQaContext context, OpenQaData data, OpenQaExperiment experiment) {
    this.context = context;
    this.data = data;
    this.experiment = experiment;
    settings = context.settings();
    store = context.store();
  }

  /**
   * The speed that was measured when the experiment began.
   *
   * @param again whether to measure it now in any case
   */
  Speed speed(boolean again) {
    Path file = context.folder().path("speed.json");
    if (again || !Files.exists(file)) {
      Json.write(file, calibrate().toJson());
    }
    return Speed.of(Json.parseObject(file));
  }

  private Speed calibrate() {
    RealmModel model = settings.start(context.bert());
    EncoderWarmUp.initialiseHead(model, store);
    InverseClozeTask task = new InverseClozeTask(model, store);
    double cloze =
        new OpenQaPretraining(context).clozeTokens(model, task, PASSAGES) / (double) PASSAGES;
    SpanReader reader =
        SpanReader.from(model.documents().bert(), ReaderConfig.realm(), settings.seed());
    QuestionSet questions = experiment.training();
    try (OpenQaRetrieval bm25 = OpenQaRetrieval.bm25(store, questions.questions())) {
      FineTuning fineTuning = settings.fineTuning(STEPS * settings.batch(), store);
      double tokens = 0;
      double seconds = 0;
      try (FineTuner tuner =
          new FineTuner(
              model,
              reader,
              store,
              bm25.retriever(),
              questions,
              fineTuning.retrieved(fineTuning.read()),
              context.backend(),
              context.threads())) {
        for (int i = 0; i < STEPS; i++) {
          FineTuningReport report = tuner.runStep();
          tokens += i < STEPS / 3 ? 0 : report.tokens();
          seconds += i < STEPS / 3 ? 0 : report.seconds();
        }
      }
      double perQuestion = tokens / ((STEPS - STEPS / 3) * settings.batch());
      double answer = answer(new Answerer(model, reader, store, bm25.retriever(), 0), questions);
      double[] embedding = embedding(model); // last, as it shares most of what was compiled by now
      return new Speed(
          embedding[0] / embedding[1], tokens / seconds, embedding[2], perQuestion, cloze, answer);
    }
  }

  /** Tokens, seconds, and the tokens of a passage. */
  private double[] embedding(RealmModel model) {
    PassageEmbedder embedder = new PassageEmbedder(model, store);
    int n = Math.min(PASSAGES, store.size());
    float[] vectors = new float[n * model.config().embedder().projection()];
    double tokens = 0;
    double seconds = 0;
    try (Session session = context.backend().open(context.threads())) {
      for (int next = 0; next < n; ) {
        long begun = System.nanoTime();
        int from = next;
        next = embedder.embedBatch(session, model.documents(), next, n, vectors);
        if (from >= n / 3 || next == n) {
          seconds += (System.nanoTime() - begun) * 1e-9;
          for (int p = from; p < next; p++) {
            tokens += embedder.input(p).length();
          }
        }
      }
    }
    double all = 0;
    for (int i = 0; i < n; i++) { // every n-th: articles differ
      all += embedder.input((int) ((long) i * store.size() / n)).length();
    }
    return new double[] {tokens, seconds, all / n};
  }

  private double answer(Answerer answerer, QuestionSet questions) {
    int n = Math.min(QUESTIONS, questions.size());
    long begun = System.nanoTime();
    try (Session session = context.backend().open(context.threads())) {
      for (int i = 0; i < n; i++) {
        begun = i == n / 3 ? System.nanoTime() : begun;
        Asking asking = Asking.usual().read(settings.read());
        String text = questions.question(i).text();
        var _ = answerer.answer(session, text, asking);
      }
    }
    return (System.nanoTime() - begun) * 1e-9 / (n - n / 3);
  }

  /** All stages of some rows, in their order. */
  List<Line> lines(List<OpenQaRow> rows, Speed speed) {
    lines.clear();
    double corpus = store.size() * speed.passageTokens;
    boolean dense = rows.stream().anyMatch(row -> row != OpenQaRow.BM25);
    boolean realm = rows.contains(OpenQaRow.REALM);
    embed("minilm", RetrieverStart.sampled(store) * speed.passageTokens, speed);
    if (realm || rows.contains(OpenQaRow.ICT)) {
      long pairs = (long) settings.clozeSteps() * settings.clozeBatch();
      train("ict", pairs * speed.clozeTokens, speed);
    }
    if (realm) {
      int batch = EncoderWarmUp.Settings.of(0).batch();
      // A masked sentence is about as long as a question; both are read with passages.
      double joint = speed.questionTokens / settings.read();
      train("warm-up", (double) settings.warmUpSteps() * batch * joint, speed);
      joint(joint, corpus, speed);
    }
    if (dense) {
      for (OpenQaPretraining.Start start : OpenQaPretraining.Start.values()) {
        boolean needed =
            rows.stream().anyMatch(r -> r != OpenQaRow.BM25 && r.start() == start)
                || (realm && start == OpenQaPretraining.Start.ICT);
        if (needed) {
          embed("index-" + Choices.word(start), corpus, speed);
        }
      }
    }
    for (OpenQaRow row : rows) {
      double tokens = experiment.training().size() * speed.questionTokens;
      add(experiment.fineTunedName(row), tokens, tokens / speed.training);
      for (String set : data.dev().keySet()) {
        double n = data.dev(set, settings.maxDev(), store).size();
        add(experiment.evaluatedName(row, set), n * speed.questionTokens, n * speed.answerSeconds);
      }
    }
    return List.copyOf(lines);
  }

  private void joint(double joint, double corpus, Speed speed) {
    var pretraining = settings.pretraining(store);
    double read =
        (double) settings.jointSteps()
            * pretraining.batch()
            * pretraining.candidates()
            * (joint + speed.passageTokens);
    // A refresh that no step would search any more is not begun.
    double refreshes = Math.max(0, (settings.jointSteps() - 1) / pretraining.refreshEvery() - 1);
    add(
        context.name("realm"),
        read + refreshes * corpus,
        read / speed.training + refreshes * corpus / speed.embedding);
  }

  private void embed(String stage, double tokens, Speed speed) {
    add(context.name(stage), tokens, tokens / speed.embedding);
  }

  private void train(String stage, double tokens, Speed speed) {
    add(context.name(stage), tokens, tokens / speed.training);
  }

  private void add(String stage, double tokens, double seconds) {
    lines.add(new Line(stage, tokens, seconds, context.folder().done(stage)));
  }

  static void print(PrintWriter out, Speed speed, List<Line> lines) {
    out.printf(
        Locale.ROOT,
        "Measured: %,.0f tokens/s in training, %,.0f in embedding; %.0f tokens a passage, %.0f a"
            + " question with the passages read, %.2f seconds to answer one.%n%n",
        speed.training,
        speed.embedding,
        speed.passageTokens,
        speed.questionTokens,
        speed.answerSeconds);
    int width = lines.stream().mapToInt(l -> l.stage.length()).max().orElse(0);
    out.printf("%-" + width + "s %14s %9s%n", "stage", "tokens", "seconds");
    for (Line line : lines) {
      out.printf(
          Locale.ROOT,
          "%-" + width + "s %,14.0f %9s%n",
          line.stage,
          line.tokens,
          line.done ? "done" : String.format(Locale.ROOT, "%,.0f", line.seconds));
    }
    double left = lines.stream().filter(l -> !l.done).mapToDouble(Line::seconds).sum();
    double tokens = lines.stream().filter(l -> !l.done).mapToDouble(Line::tokens).sum();
    out.printf(
        Locale.ROOT,
        "%-" + width + "s %,14.0f %9s  (%.1f hours)%n",
        "to do",
        tokens,
        String.format(Locale.ROOT, "%,.0f", left),
        left / 3600);
    out.flush();
  }
}
