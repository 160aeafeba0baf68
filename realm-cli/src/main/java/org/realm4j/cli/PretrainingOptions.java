package org.realm4j.cli;

import org.jspecify.annotations.Nullable;
import org.realm4j.pretrain.Marginal;
import org.realm4j.pretrain.Masking;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.retrieval.IndexRefresher;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.train.OptimizerSettings;
import picocli.CommandLine.Option;

/** The settings of a pre-training run as options; the defaults are those of the paper. */
final class PretrainingOptions {
  private static final Pretraining DEFAULTS = Pretraining.steps(0);

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "1000",
      converter = Numbers.NotNegative.class,
      description = "Updates in all. Default: 1000.")
  private int steps;

  @Option(
      names = "--batch",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Queries a step. Default: 4.")
  private int batch = DEFAULTS.batch();

  @Option(
      names = "--accumulate",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Parts that a batch is computed in, to save memory. Default: 1.")
  private int accumulate = DEFAULTS.accumulate();

  @Option(
      names = "--recompute",
      description = "Compute layers again in backward, to save memory; the same results, slower.")
  private boolean recompute;

  @Option(
      names = "--candidates",
      paramLabel = "K",
      converter = Numbers.Positive.class,
      description = "Passages a query, the null document included. Default: 8.")
  private int candidates = DEFAULTS.candidates();

  @Option(
      names = "--index",
      paramLabel = "KIND",
      description =
          "What searches the corpus: exact (the default), int8 (the same passages, faster where the"
              + " corpus is large) or ivf (nearly the same, faster still).")
  private String index = DEFAULTS.index();

  @Option(
      names = "--over-retrieve",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description =
          "Passages that the index gives, of which the best by fresh vectors become candidates."
              + " Default: 0, no more than needed.")
  private int overRetrieve = DEFAULTS.overRetrieve();

  @Option(
      names = "--refresh-every",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description = "Steps between two refreshes of the index; 0 for none. Default: 500.")
  private int refreshEvery = DEFAULTS.refreshEvery();

  @Option(
      names = "--refresh-mode",
      paramLabel = "MODE",
      description = {
        "between-steps, or background on a thread of its own; the results are the same. Default:"
            + " background on more than four processors."
      })
  private IndexRefresher.Mode refreshMode = DEFAULTS.refreshMode();

  @Option(
      names = "--refresh-threads",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Threads of a refresh in the background. Default: 1.")
  private int refreshThreads = 1;

  @Option(
      names = "--refresh-share",
      paramLabel = "X",
      converter = Numbers.PositiveReal.class,
      description = "The share of the time that they work, unless the next step waits. Default: 1.")
  private float refreshShare = 1;

  @Option(
      names = "--marginal",
      paramLabel = "KIND",
      description = "Where the sum over passages stands: per-sequence (the default) or per-token.")
  private Marginal marginal = DEFAULTS.marginal();

  @Option(
      names = "--masking",
      paramLabel = "KIND",
      description = "What is masked: salient-span (the default), random-tokens or random-span.")
  private Masking masking = DEFAULTS.masking();

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      converter = Numbers.PositiveReal.class,
      description = "Of the encoder, and of what follows if not given. Default: 3e-5.")
  private float encoderRate = DEFAULTS.rates().encoder();

  @Option(
      names = "--retriever-rate",
      paramLabel = "X",
      converter = Numbers.PositiveReal.class,
      description = "Learning rate of the retriever's BERT.")
  private @Nullable Float retrieverRate;

  @Option(
      names = "--projection-rate",
      paramLabel = "X",
      converter = Numbers.PositiveReal.class,
      description = "Learning rate of the projection after it.")
  private @Nullable Float projectionRate;

  @Option(
      names = "--constant-rate",
      description = "Keep the learning rates, without BERT's warm-up and decay.")
  private boolean constantRate;

  @Option(
      names = "--adamw",
      description = "AdamW with bias correction instead of BERT's optimiser.")
  private boolean adamW;

  @Option(
      names = "--dropout",
      paramLabel = "P",
      description = "Of hidden states and attention weights. Default: 0.1.")
  private float dropout = DEFAULTS.dropout();

  @Option(
      names = "--freeze-retriever",
      description = "Train the encoder alone: the control of a comparison.")
  private boolean freezeRetriever;

  /** The settings with a seed. */
  Pretraining settings(long seed) {
    MipsIndexProvider.named(index); // an unknown one fails now, not after the warm-up
    float retriever = retrieverRate == null ? encoderRate : retrieverRate;
    float projection = projectionRate == null ? encoderRate : projectionRate;
    return Pretraining.steps(steps)
        .batch(batch)
        .accumulate(accumulate)
        .recompute(recompute)
        .candidates(candidates)
        .index(index)
        .overRetrieve(overRetrieve)
        .refreshEvery(refreshEvery)
        .refreshMode(refreshMode)
        .refreshLoad(new IndexRefresher.Load(refreshThreads, refreshShare))
        .marginal(marginal)
        .masking(masking)
        .rates(new Pretraining.Rates(encoderRate, retriever, projection))
        .optimizer(adamW ? OptimizerSettings.adamW() : OptimizerSettings.bert())
        .linearDecay(!constantRate)
        .dropout(dropout)
        .frozenRetriever(freezeRetriever)
        .seed(seed);
  }
}
