package org.realm4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.realm4j.pretrain.EncoderWarmUp;

/**
 * Tells and keeps what the encoder's warm-up tells: how likely spans get, and what reading is
 * worth.
 */
final class WarmUpProgress implements EncoderWarmUp.Listener {
  /** Steps between two measurements of a warm-up that goes on until reading is worth something. */
  static final int MEASURE_EVERY = 100;

  private final ProgressBar bar;
  private final Consumer<String> lines;
  final List<Double> likelihoods = new ArrayList<>();
  final List<Double> utilities = new ArrayList<>();

  WarmUpProgress(ProgressBar bar, Consumer<String> lines) {
    this.bar = bar;
    this.lines = lines;
  }

  @Override
  public void step(int step, double logLikelihood) {
    likelihoods.add(logLikelihood);
    bar.moveTo(step + 1L);
  }

  @Override
  public void measured(int steps, EncoderWarmUp.Reading reading) {
    utilities.add(reading.utility());
    lines.accept(
        String.format(
            Locale.ROOT,
            "encoder warm-up: after %,d steps log p(span) is %.2f beside a passage that holds it,"
                + " %.2f without: worth %.2f nats",
            steps,
            reading.beside(),
            reading.without(),
            reading.utility()));
  }
}
