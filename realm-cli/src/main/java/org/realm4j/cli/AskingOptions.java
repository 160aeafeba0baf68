package org.realm4j.cli;

import org.realm4j.qa.Asking;
import picocli.CommandLine.Option;

/** The options {@code --read} and {@code --threshold}. */
final class AskingOptions {
  @Option(
      names = "--read",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Passages that are read for a question. Default: 5.")
  private int read = Asking.usual().read();

  @Option(
      names = "--threshold",
      paramLabel = "P",
      converter = Numbers.Probability.class,
      description = "An answer less likely than this counts as no answer. Default: 0.")
  private double threshold = Asking.usual().threshold();

  Asking asking() {
    return Asking.usual().read(read).threshold(threshold);
  }
}
