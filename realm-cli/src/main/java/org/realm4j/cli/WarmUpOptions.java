package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.WeightFolder;
import org.realm4j.nn.RealmModel;
import org.realm4j.pretrain.EncoderWarmUp;
import org.realm4j.pretrain.InverseClozeTask;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.pretrain.QuerySource;
import org.realm4j.pretrain.RetrieverStart;
import org.realm4j.pretrain.SpanOccurrences;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Session;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What comes before joint training: the parts that a plain BERT lacks, and warm-ups. */
final class WarmUpOptions {
  /** Queries that the layer norm's start is measured with. */
  private static final int SAMPLE = 200;

  @Option(
      names = "--cloze-steps",
      paramLabel = "N",
      defaultValue = "0",
      converter = Numbers.NotNegative.class,
      description = "Steps of the inverse cloze task, the retriever's warm-up. Default: 0.")
  private int clozeSteps;

  @Option(
      names = "--cloze-batch",
      paramLabel = "N",
      defaultValue = "16",
      converter = Numbers.Positive.class,
      description = "Sentences a step of it. Default: 16.")
  private int clozeBatch;

  @Option(
      names = "--warm-up-steps",
      paramLabel = "N",
      defaultValue = "0",
      converter = Numbers.NotNegative.class,
      description = {
        "Steps in which the encoder learns to fill masked spans with a passage beside it."
            + " Default: 0."
      })
  private int warmUpSteps;

  @Option(
      names = "--warm-up-until",
      paramLabel = "NATS",
      converter = Numbers.PositiveReal.class,
      description = {
        "End it before, when a passage that holds the span raises the span's log-likelihood by so"
            + " much; measured and told every 100 steps. Joint training needs about 3."
      })
  private @Nullable Float warmUpUntil;

  /**
   * @throws ParameterException if options do not go together
   */
  void check(CommandLine command) {
    if (warmUpUntil != null && warmUpSteps == 0) {
      throw new ParameterException(
          command, "--warm-up-until: expected --warm-up-steps, the most it may take, found none");
    }
  }

  /** Whether anything here takes long enough to be kept at once. */
  boolean any() {
    return clozeSteps > 0 || warmUpSteps > 0;
  }

  /** Gives a REALM made of a plain BERT what it lacks. */
  void start(
      Path bert,
      RealmModel model,
      PassageStore store,
      QuerySource queries,
      Pretraining settings,
      Session session,
      PrintWriter err) {
    int candidates = Math.max(2, settings.candidates());
    try (ProgressBar bar =
        ProgressBar.on(err, "initialise the projection", RetrieverStart.sampled(store))) {
      RetrieverStart.initialise(
          model,
          store,
          queries.sample(SAMPLE, settings.seed()),
          candidates,
          // Between a flat distribution, whose entropy is log K, and one that chose already.
          Math.log(candidates) / 2,
          session,
          (done, all) -> bar.moveTo(done));
    }
    try (WeightFolder weights = WeightFolder.open(bert)) {
      if (!weights.contains("cls.predictions.bias")) {
        EncoderWarmUp.initialiseHead(model, store);
      }
    }
  }

  /** Runs the warm-ups that were asked for. */
  void run(
      RealmModel model,
      PassageStore store,
      QuerySource queries,
      Pretraining settings,
      Session session,
      int threads,
      PrintWriter err) {
    if (clozeSteps > 0) {
      try (ProgressBar bar = ProgressBar.on(err, "inverse cloze task", clozeSteps)) {
        new InverseClozeTask(model, store)
            .run(
                new InverseClozeTask.Settings(
                    clozeSteps, clozeBatch, 2e-5f, 2e-4f, settings.seed()),
                session,
                (step, loss) -> bar.moveTo(step + 1));
      }
    }
    if (warmUpSteps > 0) {
      try (KnowledgeIndex index = embed(model, store, session, threads, err);
          ProgressBar bar = ProgressBar.on(err, "encoder warm-up", warmUpSteps)) {
        SpanOccurrences occurrences = new SpanOccurrences(store, model.vocabulary());
        EncoderWarmUp.Settings run = EncoderWarmUp.Settings.of(warmUpSteps);
        new EncoderWarmUp(model, store, queries, occurrences, index)
            .run(
                warmUpUntil == null ? run : run.until(warmUpUntil, WarmUpProgress.MEASURE_EVERY),
                session,
                new WarmUpProgress(bar, bar::say));
      }
    }
  }

  private static KnowledgeIndex embed(
      RealmModel model, PassageStore store, Session session, int threads, PrintWriter err) {
    try (ProgressBar bar = ProgressBar.on(err, "embed the corpus", store.size())) {
      float[] vectors =
          new PassageEmbedder(model, store)
              .embedAll(session, model.documents(), (done, all) -> bar.moveTo(done));
      int dimension = model.config().embedder().projection();
      return new KnowledgeIndex(MipsIndexProvider.named("exact"), vectors, dimension, 0, threads);
    }
  }
}
