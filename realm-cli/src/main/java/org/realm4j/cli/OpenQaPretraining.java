package org.realm4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Npy;
import org.realm4j.io.PublishedFolder;
import org.realm4j.nn.RealmModel;
import org.realm4j.pretrain.EncoderWarmUp;
import org.realm4j.pretrain.InverseClozeTask;
import org.realm4j.pretrain.Pretrainer;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.pretrain.PretrainingCheckpoint;
import org.realm4j.pretrain.QuerySource;
import org.realm4j.pretrain.RetrieverStart;
import org.realm4j.pretrain.SpanOccurrences;
import org.realm4j.pretrain.StepReport;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Session;
import org.realm4j.text.EntityTagger;

/**
 * The networks that fine-tuning starts from, each a stage that builds on the one before: MiniLM
 * with a projection, after the inverse cloze task, after joint pre-training; and the corpus
 * embedded by each of them.
 */
final class OpenQaPretraining {
  /** What fine-tuning starts from. */
  enum Start {
    MINILM,
    ICT,
    REALM
  }

  private static final int SAMPLE = 200; // queries that the layer norm's start is measured with
  private static final double ENTROPY = 1.5;
  private static final String MODEL = "model";

  private final OpenQaContext context;
  private final PassageStore store;
  private final OpenQaSettings settings;

  OpenQaPretraining(OpenQaContext context) {
    this.context = context;
    this.store = context.store();
    this.settings = context.settings();
  }

  /** The networks, made now unless they have been. */
  RealmModel model(Start start) {
    return RealmModel.open(folder(start).resolve(MODEL));
  }

  private Path folder(Start start) {
    return switch (start) {
      case MINILM -> miniLm();
      case ICT -> inverseCloze();
      case REALM -> joint();
    };
  }

  /** The corpus as the document tower embeds it. */
  KnowledgeIndex index(Start start) {
    RealmModel model = model(start);
    Path where = embedded(start).resolve("index");
    StoredVectors index = StoredVectors.open(where);
    index.checkBelongsTo(where, StoredVectors.fingerprint(model), store.fingerprint());
    return new KnowledgeIndex(
        MipsIndexProvider.named("exact"),
        index.vectors().rowMajor(),
        index.vectors().cols(),
        0,
        context.threads());
  }

  private Path miniLm() {
    Map<String, Object> on = context.dependsOn();
    on.put("entropy", ENTROPY);
    if (settings.projection() != null) {
      on.put("projection", settings.projection());
    }
    return context
        .folder()
        .stage(
            context.name("minilm"),
            on,
            result -> {
              RealmModel model = settings.start(context.bert());
              RetrieverStart.Report report;
              try (Session session = context.backend().open(context.threads());
                  ProgressBar bar =
                      bar("initialise the projection", RetrieverStart.sampled(store))) {
                report =
                    RetrieverStart.initialise(
                        model,
                        store,
                        queries(model).sample(SAMPLE, settings.seed()),
                        Math.min(OpenQaSettings.CANDIDATES, store.size()),
                        ENTROPY,
                        session,
                        (done, all) -> bar.moveTo(done));
              }
              EncoderWarmUp.initialiseHead(model, store);
              model.save(result.resolve(MODEL));
              Map<String, @Nullable Object> figures = new LinkedHashMap<>();
              figures.put("gain", report.gain());
              figures.put("entropy", report.entropy());
              return figures;
            });
  }

  private Path inverseCloze() {
    Path before = miniLm();
    Map<String, Object> on = context.dependsOn();
    on.putAll(settings.cloze());
    return context
        .folder()
        .stage(
            context.name("ict"),
            on,
            result -> {
              RealmModel model = RealmModel.open(before.resolve(MODEL));
              InverseClozeTask task = new InverseClozeTask(model, store);
              InverseClozeTask.Settings run = clozeSettings();
              List<Double> losses = new ArrayList<>();
              try (Session session = context.backend().open(context.threads());
                  ProgressBar bar = bar("inverse cloze task", run.steps())) {
                task.run(
                    run,
                    session,
                    (step, loss) -> {
                      losses.add(loss);
                      bar.moveTo(step + 1L);
                    });
              }
              model.save(result.resolve(MODEL));
              Map<String, @Nullable Object> figures = new LinkedHashMap<>();
              figures.put("tokens", clozeTokens(model, task, (long) run.steps() * run.batch()));
              figures.put("loss", means(losses));
              return figures;
            });
  }

  private InverseClozeTask.Settings clozeSettings() {
    return new InverseClozeTask.Settings(
        settings.clozeSteps(), settings.clozeBatch(), 2e-5f, 2e-4f, settings.seed());
  }

  /** The tokens of the first pairs of a run. */
  long clozeTokens(RealmModel model, InverseClozeTask task, long pairs) {
    long tokens = 0;
    for (long i = 0; i < pairs; i++) {
      InverseClozeTask.Pair pair = task.pair(settings.seed(), i);
      tokens += model.query(pair.query()).length();
      tokens += model.document(store.titleIds(pair.passage()), pair.rest()).length();
    }
    return tokens;
  }

  private Path warmUp() {
    Path before = inverseCloze();
    embedded(Start.ICT);
    Map<String, Object> on = context.dependsOn();
    on.putAll(settings.warmUp());
    String stage = context.name("warm-up");
    return context
        .folder()
        .stage(
            stage,
            on,
            result -> {
              RealmModel model = RealmModel.open(before.resolve(MODEL));
              EncoderWarmUp.Settings run = settings.encoderWarmUp();
              SpanOccurrences occurrences = new SpanOccurrences(store, model.vocabulary());
              Map<String, @Nullable Object> figures = new LinkedHashMap<>();
              try (KnowledgeIndex index = index(Start.ICT);
                  Session session = context.backend().open(context.threads());
                  ProgressBar bar = bar("encoder warm-up", run.steps())) {
                WarmUpProgress progress = new WarmUpProgress(bar, context.folder()::say);
                figures.put(
                    "steps",
                    new EncoderWarmUp(model, store, queries(model), occurrences, index)
                        .run(run, session, progress));
                figures.put("log_likelihood", means(progress.likelihoods));
                figures.put("utility", progress.utilities);
              }
              model.save(result.resolve(MODEL));
              return figures;
            });
  }

  private Path joint() {
    Path before = warmUp();
    String stage = context.name("realm");
    Pretraining pretraining = settings.pretraining(store);
    Map<String, Object> on = context.dependsOn();
    on.putAll(settings.warmUp());
    on.put("pretraining", comparable(pretraining));
    return context
        .folder()
        .stage(
            stage,
            on,
            result -> {
              Path unfinished = context.folder().unfinished(stage);
              try (Pretrainer trainer = trainer(before, unfinished.resolve("checkpoint"))) {
                if (trainer.step() > 0) {
                  context.folder().goesOn(stage, trainer.step());
                }
                JsonLog log =
                    JsonLog.open(
                        unfinished.resolve("steps.jsonl"),
                        line -> line.integer("step") < trainer.step());
                train(trainer, unfinished.resolve("checkpoint"), log, stage);
                trainer.index().close();
                trainer.model().save(result.resolve(MODEL));
                return figures(log.lines());
              }
            });
  }

  /** Where passages are embedded again changes no bit, and depends on the machine. */
  private static Map<String, Object> comparable(Pretraining pretraining) {
    Map<String, Object> json = new LinkedHashMap<>(pretraining.toJson());
    json.remove("refresh_mode");
    return json;
  }

  private Pretrainer trainer(Path warmedUp, Path checkpoint) {
    Pretraining pretraining = settings.pretraining(store);
    if (PretrainingCheckpoint.in(checkpoint)) {
      return PretrainingCheckpoint.resume(
          checkpoint, store, this::queries, pretraining, context.backend(), context.threads());
    }
    RealmModel model = RealmModel.open(warmedUp.resolve(MODEL));
    float[] vectors;
    try (KnowledgeIndex index = index(Start.ICT)) { // the warm-up left the retriever as it was
      vectors = index.vectors();
    }
    return new Pretrainer(
        model, store, queries(model), pretraining, context.backend(), context.threads(), vectors);
  }

  private void train(Pretrainer trainer, Path checkpoint, JsonLog log, String stage) {
    long steps = settings.jointSteps();
    long tell = Math.max(1, steps / 20);
    while (trainer.step() < steps) {
      trainer.runStep(report -> log.add(line(report)));
      long done = trainer.step();
      if (done % tell == 0) {
        JsonObject last = log.lines().getLast();
        context
            .folder()
            .say(
                String.format(
                    Locale.ROOT,
                    "%s: step %,d of %,d, log p(y|x) %.3f, null document alone %.3f",
                    stage,
                    done,
                    steps,
                    last.number("log_likelihood"),
                    last.number("null_log_likelihood")));
      }
      if (done % settings.checkpointEvery() == 0 && done < steps) {
        PretrainingCheckpoint.save(checkpoint, trainer);
      }
    }
  }

  private static Map<String, Object> line(StepReport report) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", report.step());
    line.put("log_likelihood", report.logLikelihood());
    line.put("null_log_likelihood", report.nullLogLikelihood());
    line.put("null_probability", report.nullProbability());
    line.put("gradient_norm", report.gradientNorm());
    line.put("tokens", report.tokens());
    line.put("seconds", report.seconds());
    return line;
  }

  private static Map<String, @Nullable Object> figures(List<JsonObject> steps) {
    Map<String, @Nullable Object> figures = new LinkedHashMap<>();
    figures.put("tokens", steps.stream().mapToLong(s -> s.integer("tokens")).sum());
    figures.put("seconds", steps.stream().mapToDouble(s -> s.number("seconds")).sum());
    for (String key : List.of("log_likelihood", "null_log_likelihood", "null_probability")) {
      figures.put(key, means(steps.stream().map(s -> s.number(key)).toList()));
    }
    return figures;
  }

  /** At most twenty means, one after the other, of what a training told at each step. */
  static double[] means(List<Double> values) {
    int windows = Math.min(20, values.size());
    double[] means = new double[windows];
    for (int w = 0; w < windows; w++) {
      means[w] =
          values.subList(w * values.size() / windows, (w + 1) * values.size() / windows).stream()
              .mapToDouble(v -> v)
              .average()
              .orElse(0);
    }
    return means;
  }

  private Path embedded(Start start) {
    String stage = context.name("index-" + Choices.word(start));
    RealmModel model = model(start);
    Map<String, Object> on = context.dependsOn();
    on.put("model", StoredVectors.fingerprint(model));
    return context
        .folder()
        .stage(
            stage,
            on,
            result -> {
              Path unfinished = context.folder().unfinished(stage);
              Embedding embedding = new Embedding(stage, unfinished, model);
              embedding.run();
              new StoredVectors(
                      StoredVectors.fingerprint(model),
                      store.fingerprint(),
                      new Npy.Matrix(embedding.vectors, store.size(), embedding.dimension))
                  .save(result.resolve("index"));
              Map<String, @Nullable Object> figures = new LinkedHashMap<>();
              figures.put(
                  "tokens",
                  embedding.log.lines().stream().mapToLong(l -> l.integer("tokens")).sum());
              figures.put(
                  "seconds",
                  embedding.log.lines().stream().mapToDouble(l -> l.number("seconds")).sum());
              return figures;
            });
  }

  /** The corpus as it is embedded, part by part, each of which is kept. */
  private final class Embedding {
    private static final String VECTORS = "vectors.npy";
    private final String stage;
    private final RealmModel model;
    private final PublishedFolder parts;
    private final int dimension;
    private final float[] vectors;
    private final JsonLog log;
    private int next;

    Embedding(String stage, Path unfinished, RealmModel model) {
      this.stage = stage;
      this.model = model;
      parts = PublishedFolder.at(unfinished.resolve("vectors")).keeping(0);
      dimension = model.config().embedder().projection();
      vectors = new float[Math.multiplyExact(store.size(), dimension)];
      parts
          .current()
          .ifPresent(
              dir -> {
                Npy.Matrix done = Npy.read(dir.resolve(VECTORS));
                System.arraycopy(done.rowMajor(), 0, vectors, 0, done.rowMajor().length);
                next = done.rows();
              });
      log =
          JsonLog.open(unfinished.resolve("parts.jsonl"), line -> line.integer("passages") <= next);
    }

    void run() {
      PassageEmbedder embedder = new PassageEmbedder(model, store);
      try (Session session = context.backend().open(context.threads());
          ProgressBar bar = bar("embed the corpus", store.size())) {
        while (next < store.size()) {
          part(embedder, session, bar);
        }
      }
    }

    private void part(PassageEmbedder embedder, Session session, ProgressBar bar) {
      long begun = System.nanoTime();
      int from = next;
      int to = Math.min(store.size(), from + settings.embedEvery());
      while (next < to) {
        next = embedder.embedBatch(session, model.documents(), next, to, vectors);
        bar.moveTo(next);
      }
      long tokens = 0;
      for (int p = from; p < to; p++) {
        tokens += embedder.input(p).length();
      }
      log.add(Map.of("passages", to, "tokens", tokens, "seconds", Seconds.since(begun)));
      if (to < store.size()) {
        float[] done = Arrays.copyOf(vectors, to * dimension);
        parts.publish(dir -> Npy.write(dir.resolve(VECTORS), done, to, dimension));
        context.folder().say("%s: %,d of %,d passages".formatted(stage, to, store.size()));
      }
    }
  }

  QuerySource queries(RealmModel model) {
    return QuerySource.of(
        store,
        model.tokenizer(),
        EntityTagger.builtIn(),
        settings.pretraining(store).masking(),
        model.config().queryLimit());
  }

  private ProgressBar bar(String task, long total) {
    return ProgressBar.on(context.err(), task, total);
  }
}
