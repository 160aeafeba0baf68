package org.realm4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.DiskFault;
import org.realm4j.io.RealmException;
import org.realm4j.nn.Bert;
import org.realm4j.nn.ReaderConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.qa.DenseRetriever;
import org.realm4j.qa.FineTuner;
import org.realm4j.qa.FineTuning;
import org.realm4j.qa.FineTuningCheckpoint;
import org.realm4j.qa.QuestionSet;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.retrieval.RealmFolder;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Session;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code realm finetune}. */
@Command(
    name = "finetune",
    description = {
      "Trains a model on questions, so that it can answer others.",
      "",
      "Starts from a REALM (the output of 'realm pretrain', or its model) and a corpus, which is"
          + " embedded once, or from a folder that holds all of these, such as this command makes."
          + " A reader learns where answers stand in the passages that are retrieved, the query"
          + " tower which passages to retrieve; the passages' vectors stay as they are. Questions"
          + " without a match teach nothing, and are counted.",
      "",
      "OUTPUT then holds everything that 'realm ask' and 'realm eval' need, and may be moved or"
          + " copied. Until then OUTPUT.work holds the start and a checkpoint, so that a run that"
          + " was stopped goes on with --resume and the same options, and gives the same model as"
          + " an unbroken one."
    },
    footer = {
      "",
      "JSON keys: model, finished, steps, first_step, questions_seen, not_retrieved (questions of"
          + " which no retrieved passage held an answer), not_read (the same of the passages that"
          + " were read), tokens, seconds, backend, and one number a step: retriever_loss,"
          + " reader_loss, gradient_norm.",
      "",
      "Example: realm finetune --model run --corpus wordnet --questions train.jsonl --output mine"
    })
final class FineTuneCommand implements Runnable {
  @Mixin private ModelOption start;

  @Option(
      names = "--corpus",
      paramLabel = "DIR",
      description = "A corpus that 'realm corpus build' made, for a model that has none inside.")
  private @Nullable Path corpus;

  @Mixin private QuestionsOption questionsOption;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "Where everything goes at the end; a new folder.")
  private Path output;

  @Mixin private FineTuningOptions options;

  /** Whose values a new reader begins with. */
  enum ReaderStart {
    DOCUMENTS,
    ENCODER
  }

  @Option(
      names = "--reader-start",
      paramLabel = "PART",
      defaultValue = "documents",
      description = {
        "What a new reader begins with: the retriever's document tower (documents, the default)",
        "or the pre-trained encoder, as in the paper, which pays after a long pre-training."
      })
  private ReaderStart readerStart;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      defaultValue = "200",
      converter = Numbers.NotNegative.class,
      description = "Steps between two checkpoints; 0 for one at the end. Default: 200.")
  private int checkpointEvery;

  @Option(names = "--resume", description = "Go on from the checkpoint in OUTPUT.work.")
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
    PrintWriter err = spec.commandLine().getErr();
    checkOutput();
    QuestionSet questions = questionsOption.read(err);
    FineTuning settings = options.settings(questions.size(), seed.value());
    Backend backend = compute.backend();
    RealmFolder.Parts parts = resume ? RealmFolder.open(begun()) : startingParts(backend);
    try (PassageStore store = parts.store();
        KnowledgeIndex index = AnsweringFolder.index(parts, compute.threads())) {
      if (!resume) {
        RealmFolder.publish(begun(), parts);
      }
      err.printf(
          "realm: %s, %,d threads; %s; %,d questions, %,d steps%n",
          backend.describe(),
          compute.threads(),
          store.describe(),
          questions.size(),
          settings.steps());
      SpanReader reader = parts.reader();
      if (reader == null) {
        Bert trunk =
            readerStart == ReaderStart.ENCODER
                ? parts.model().encoder().bert()
                : parts.model().documents().bert();
        reader = SpanReader.from(trunk, ReaderConfig.realm(), settings.seed());
      }
      try (FineTuner tuner =
          new FineTuner(
              parts.model(),
              reader,
              store,
              new DenseRetriever(parts.model(), index),
              questions,
              settings,
              backend,
              compute.threads())) {
        if (resume && FineTuningCheckpoint.in(checkpoint())) {
          FineTuningCheckpoint.resume(checkpoint(), tuner);
        }
        FineTuningLog log = new FineTuningLog(err, settings.steps());
        boolean finished = train(tuner, log);
        if (finished) {
          publish(
              new RealmFolder.Parts(
                  parts.model(), store, parts.vectors(), parts.madeAtStep(), reader));
        }
        report(log, finished, tuner, backend);
      }
    }
  }

  /** Refuses what is in the way, or not there, before anything is computed. */
  private void checkOutput() {
    if (resume) {
      if (!RealmFolder.at(begun())) {
        throw new RealmException.BadInput(
            "%s: expected a run that was stopped, found none%s"
                .formatted(
                    work(), Files.exists(output) ? "; " + output + " is finished already" : ""));
      }
    } else if (RealmFolder.at(begun())) {
      throw new RealmException.BadInput(
          work() + ": holds a run already: go on with --resume, or name another --output");
    } else if (isInTheWay(output)) {
      throw new RealmException.BadInput(output + ": expected a new folder, found one with content");
    }
  }

  private static boolean isInTheWay(Path path) {
    if (!Files.isDirectory(path)) {
      return Files.exists(path);
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.findAny().isPresent();
    } catch (IOException e) {
      throw DiskFault.reading(path, e);
    }
  }

  /** Beside the output, so that nothing half-done stands in its place. */
  private Path work() {
    Path target = output.toAbsolutePath().normalize();
    return target.resolveSibling(target.getFileName() + ".work");
  }

  /** Everything as it was before the first step. */
  private Path begun() {
    return work().resolve("start");
  }

  private Path checkpoint() {
    return work().resolve("checkpoint");
  }

  private RealmFolder.Parts startingParts(Backend backend) {
    if (RealmFolder.at(start.dir())) {
      if (corpus != null) {
        throw new ParameterException(
            spec.commandLine(), "--corpus: " + start.dir() + " has its corpus inside");
      }
      RealmFolder.Parts parts = RealmFolder.open(start.dir());
      return new RealmFolder.Parts(
          parts.model().withSeparateTowers(),
          parts.store(),
          parts.vectors(),
          parts.madeAtStep(),
          parts.reader());
    }
    if (corpus == null) {
      throw new ParameterException(
          spec.commandLine(), "--corpus DIR is missing: " + start.dir() + " has no corpus inside");
    }
    Path run = start.dir().resolve("model");
    RealmModel model = ModelFolder.isRealm(run) ? RealmModel.open(run) : start.realm();
    PrintWriter err = spec.commandLine().getErr();
    PassageStore store = CorpusOption.open(corpus, model, err);
    try (Session session = backend.open(compute.threads());
        ProgressBar bar = ProgressBar.on(err, "embed the corpus", store.size())) {
      float[] vectors =
          new PassageEmbedder(model, store)
              .embedAll(session, model.documents(), (done, all) -> bar.moveTo(done));
      return new RealmFolder.Parts(model.withSeparateTowers(), store, vectors, 0, null);
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /** Whether all steps are done. */
  private boolean train(FineTuner tuner, FineTuningLog log) {
    long steps = tuner.settings().steps();
    long end = stopAfter == null ? steps : Math.min(steps, tuner.step() + stopAfter);
    boolean saved = false;
    while (tuner.step() < end) {
      log.step(tuner.runStep());
      saved = checkpointEvery > 0 && tuner.step() % checkpointEvery == 0;
      if (saved) {
        FineTuningCheckpoint.save(checkpoint(), tuner);
      }
    }
    boolean finished = tuner.step() >= steps;
    if (!saved && !finished) {
      FineTuningCheckpoint.save(checkpoint(), tuner);
    }
    return finished;
  }

  private void publish(RealmFolder.Parts parts) {
    RealmFolder.publish(output, parts);
    try {
      Artifacts.deleteTree(work());
    } catch (IOException e) {
      throw DiskFault.writing(work(), 0, e);
    }
  }

  private void report(FineTuningLog log, boolean finished, FineTuner tuner, Backend backend) {
    PrintWriter out = spec.commandLine().getOut();
    log.printTable(out);
    if (log.learntNothing()) {
      spec.commandLine()
          .getErr()
          .println(
              "realm: warning: no passage that was retrieved held an answer to any question:"
                  + " nothing was learnt. Do corpus and questions belong together?");
    }
    if (finished) {
      out.printf(
          "%s: the model after %,d steps; 'realm ask %s' asks it%n", output, tuner.step(), output);
    } else {
      out.printf(
          "%s: stopped after step %,d of %,d; go on with --resume%n",
          work(), tuner.step(), tuner.settings().steps());
    }
    Map<String, @Nullable Object> figures = new LinkedHashMap<>();
    figures.put("model", finished ? output.toString() : null);
    figures.put("finished", finished);
    log.addTo(figures);
    figures.put("backend", backend.name());
    json.write(figures);
  }
}
