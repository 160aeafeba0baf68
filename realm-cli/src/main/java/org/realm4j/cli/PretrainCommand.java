package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmConfig.NullDocument;
import org.realm4j.nn.RealmModel;
import org.realm4j.pretrain.Pretrainer;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.pretrain.PretrainingCheckpoint;
import org.realm4j.pretrain.QuerySource;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Session;
import org.realm4j.text.EntityTagger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code realm pretrain}. */
@Command(
    name = "pretrain",
    description = {
      "Trains retriever and encoder together on a corpus.",
      "",
      "Starts from a plain BERT or sentence encoder (config.json, vocab.txt, model.safetensors),"
          + " whose projection is computed from the corpus, or goes on from a REALM (realm.json)."
          + " OUTPUT/checkpoint is replaced as a whole, so that a run that was stopped goes on"
          + " with --resume and the same options, and gives the same model as an unbroken one."
          + " The model is written to OUTPUT/model at the end."
    },
    footer = {
      "",
      "JSON keys: model, finished, steps, first_step, refreshes, tokens, seconds, waited, backend,"
          + " and one number a step: loss, log_likelihood, utility, null_probability,"
          + " gradient_norm, staleness.",
      "",
      "Example: realm pretrain --model minilm --corpus wordnet --output run --warm-up-steps 200"
          + " --steps 500 --refresh-every 50 --learning-rate 1e-4"
    })
final class PretrainCommand implements Runnable {
  @Mixin private ModelOption start;
  @Mixin private CorpusOption corpus;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "Where checkpoint and model go.")
  private Path output;

  @Option(
      names = "--null",
      paramLabel = "KIND",
      defaultValue = "empty-passage",
      description = {
        "The null document of a model that starts from a BERT: empty-passage (the default) or"
            + " free-vector."
      })
  private NullDocument nullDocument;

  @Option(
      names = "--projection",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = {
        "The size of the retriever's vectors, for a model that starts from a BERT; at most its"
            + " hidden size. Default: 128, as in the paper."
      })
  private @Nullable Integer projection;

  @Mixin private PretrainingOptions options;
  @Mixin private WarmUpOptions warmUp;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      defaultValue = "500",
      converter = Numbers.NotNegative.class,
      description = "Steps between two checkpoints; 0 for one at the end. Default: 500.")
  private int checkpointEvery;

  @Option(names = "--resume", description = "Go on from the checkpoint in the output folder.")
  private boolean resume;

  @Option(
      names = "--stop-after",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Stop after so many steps of this call, with a checkpoint.")
  private @Nullable Integer stopAfter;

  @Mixin private SeedOption seed;
  @Mixin private ComputeOptions compute;
  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    Pretraining settings = options.settings(seed.value());
    warmUp.check(spec.commandLine());
    if (!resume && (PretrainingCheckpoint.in(checkpoint()) || Files.exists(model()))) {
      throw new RealmException.BadInput(
          output + ": holds a run already: go on with --resume, or name another --output");
    }
    Backend backend = compute.backend();
    if (resume) {
      try (PassageStore store = corpus.open();
          Pretrainer trainer = resumed(store, settings, backend)) {
        trainAndReport(trainer, settings, backend);
      }
      return;
    }
    RealmModel model = startingModel();
    try (PassageStore store = corpus.open(model, spec.commandLine().getErr());
        Pretrainer trainer = begun(model, store, settings, backend)) {
      trainAndReport(trainer, settings, backend);
    }
  }

  private void trainAndReport(Pretrainer trainer, Pretraining settings, Backend backend) {
    PrintWriter out = spec.commandLine().getOut();
    TrainingLog log = new TrainingLog(spec.commandLine().getErr(), settings.steps());
    boolean finished = train(trainer, settings, log);
    log.printTable(out);
    if (finished) {
      FolderSwap.write(model(), trainer.model()::save);
      out.printf("%s: the model after %,d steps%n", model(), trainer.step());
    } else {
      out.printf(
          "%s: stopped after step %,d of %,d; go on with --resume%n",
          checkpoint(), trainer.step(), settings.steps());
    }
    Map<String, @Nullable Object> figures = new LinkedHashMap<>();
    figures.put("model", finished ? model().toString() : null);
    figures.put("finished", finished);
    log.addTo(figures);
    figures.put("backend", backend.name());
    json.write(figures);
  }

  private Path checkpoint() {
    return output.resolve("checkpoint");
  }

  private Path model() {
    return output.resolve("model");
  }

  private RealmModel startingModel() {
    if (ModelFolder.isRealm(start.dir())) {
      if (projection != null) {
        throw new RealmException.BadInput(
            "--projection: expected a model that starts from a BERT; %s is a REALM, whose vectors"
                    .formatted(start.dir())
                + " keep their size");
      }
      return RealmModel.open(start.dir());
    }
    return RealmModel.fromBert(
        start.dir(),
        config -> {
          RealmConfig chosen = config.withNullDocument(nullDocument);
          return projection == null ? chosen : chosen.withProjection(projection);
        },
        seed.value());
  }

  private Pretrainer resumed(PassageStore store, Pretraining settings, Backend backend) {
    return PretrainingCheckpoint.resume(
        checkpoint(),
        store,
        model -> queries(model, store, settings),
        settings,
        backend,
        compute.threads());
  }

  private Pretrainer begun(
      RealmModel model, PassageStore store, Pretraining settings, Backend backend) {
    PrintWriter err = spec.commandLine().getErr();
    if (store.size() < settings.candidates()) {
      throw new RealmException.BadInput(
          "corpus: expected at least %,d passages for --candidates %d, found %,d"
              .formatted(settings.candidates(), settings.candidates(), store.size()));
    }
    QuerySource queries = queries(model, store, settings);
    err.printf(
        "realm: %s, %,d threads; %s; %,d sentences or spans to mask%n",
        backend.describe(), compute.threads(), store.describe(), queries.spans());
    model.recomputeLayers(settings.recompute()); // in the warm-ups too
    try (Session session = backend.open(compute.threads())) {
      if (!ModelFolder.isRealm(start.dir())) {
        warmUp.start(start.dir(), model, store, queries, settings, session, err);
      }
      warmUp.run(model, store, queries, settings, session, compute.threads(), err);
    }
    err.printf("realm: embedding %,d passages ...%n", store.size());
    Pretrainer trainer =
        new Pretrainer(model, store, queries, settings, backend, compute.threads());
    err.printf("realm: index %s: %s%n", settings.index(), trainer.index().describe());
    if (warmUp.any()) {
      PretrainingCheckpoint.save(checkpoint(), trainer);
    }
    return trainer;
  }

  private static QuerySource queries(RealmModel model, PassageStore store, Pretraining settings) {
    return QuerySource.of(
        store,
        model.tokenizer(),
        EntityTagger.builtIn(),
        settings.masking(),
        model.config().queryLimit());
  }

  /** Whether all steps are done. */
  private boolean train(Pretrainer trainer, Pretraining settings, TrainingLog log) {
    long end =
        stopAfter == null
            ? settings.steps()
            : Math.min(settings.steps(), trainer.step() + stopAfter);
    boolean saved = false;
    while (trainer.step() < end) {
      trainer.runStep(log);
      saved = checkpointEvery > 0 && trainer.step() % checkpointEvery == 0;
      if (saved) {
        PretrainingCheckpoint.save(checkpoint(), trainer);
      }
    }
    if (!saved) {
      PretrainingCheckpoint.save(checkpoint(), trainer);
    }
    return trainer.step() >= settings.steps();
  }
}
