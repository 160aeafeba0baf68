package org.realm4j.cli;

import org.jspecify.annotations.Nullable;
import org.realm4j.qa.AnswerMatcher;
import org.realm4j.qa.FineTuning;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/**
 * The settings of fine-tuning as options. Losses, passages and optimiser are those of the released
 * code; rates, batch and length are for a small BERT and some hundred or thousand steps.
 */
final class FineTuningOptions {
  private static final FineTuning DEFAULTS = FineTuning.steps(0);
  private static final FineTuning.Rates RATES = FineTuning.Rates.shortRun();

  /** At most one of these. */
  static final class Length {
    @Option(
        names = "--epochs",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description = "How often every question is seen. Default: 2.")
    private @Nullable Integer epochs;

    @Option(
        names = "--steps",
        paramLabel = "N",
        converter = Numbers.NotNegative.class,
        description = "Updates in all, instead of epochs.")
    private @Nullable Integer steps;
  }

  @ArgGroup private @Nullable Length length;

  @Option(
      names = "--batch",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Questions a step. Default: 4.")
  private int batch = 4;

  @Option(
      names = "--accumulate",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = {
        "Parts that a batch is computed in, to save memory. Default: a question at a time."
      })
  private @Nullable Integer accumulate;

  @Option(
      names = "--retrieved",
      paramLabel = "K",
      converter = Numbers.Positive.class,
      description = "Passages in the retriever's loss. Default: 5000.")
  private int retrieved = DEFAULTS.retrieved();

  @Option(
      names = "--read",
      paramLabel = "K",
      converter = Numbers.Positive.class,
      description = "Passages that are read for a question. Default: 5.")
  private int read = DEFAULTS.read();

  @Option(
      names = "--matching",
      paramLabel = "MODE",
      description = {
        "What counts as an answer in a passage: normalised (the default; whole words, without"
            + " case, punctuation and articles) or raw (the characters as they are)."
      })
  private AnswerMatcher.Mode matching = DEFAULTS.matching();

  @Option(
      names = "--supervision",
      paramLabel = "KIND",
      description = {
        "Which passages count as evidence: answer (the default; those that hold one) or"
            + " gold-passage (the one that the data set names, where it names one)."
      })
  private FineTuning.Supervision supervision = DEFAULTS.supervision();

  @Option(
      names = "--reader-rate",
      paramLabel = "X",
      converter = Numbers.PositiveReal.class,
      description = "Learning rate of the reader's BERT. Default: 1e-4.")
  private float readerRate = RATES.reader();

  @Option(
      names = "--spans-rate",
      paramLabel = "X",
      converter = Numbers.PositiveReal.class,
      description = "Of the span scores after it. Default: 1e-3.")
  private float spansRate = RATES.spans();

  @Option(
      names = "--retriever-rate",
      paramLabel = "X",
      converter = Numbers.PositiveReal.class,
      description = "Of the query tower's BERT. Default: 2e-5.")
  private float retrieverRate = RATES.retriever();

  @Option(
      names = "--projection-rate",
      paramLabel = "X",
      converter = Numbers.PositiveReal.class,
      description = "Of the projection after it. Default: 2e-4.")
  private float projectionRate = RATES.projection();

  @Option(
      names = "--constant-rate",
      description = "Keep the learning rates, without BERT's warm-up and decay.")
  private boolean constantRate;

  @Option(
      names = "--dropout",
      paramLabel = "P",
      description = "Of hidden states and attention weights. Default: 0.1.")
  private float dropout = DEFAULTS.dropout();

  /**
   * The settings for so many questions.
   *
   * @param seed of every draw
   */
  FineTuning settings(int questions, long seed) {
    return FineTuning.steps(steps(questions))
        .batch(batch)
        .accumulate(accumulate == null ? batch : accumulate)
        .read(1) // whose bounds depend on each other
        .retrieved(retrieved)
        .read(read)
        .matching(matching)
        .supervision(supervision)
        .rates(new FineTuning.Rates(readerRate, spansRate, retrieverRate, projectionRate))
        .linearDecay(!constantRate)
        .dropout(dropout)
        .seed(seed);
  }

  private long steps(int questions) {
    if (length != null && length.steps != null) {
      return length.steps;
    }
    int epochs = length != null && length.epochs != null ? length.epochs : 2;
    return Math.ceilDiv((long) epochs * questions, batch);
  }
}
