package org.realm4j.cli;

import picocli.CommandLine.Option;

/** The option {@code --seed}. */
final class SeedOption {
  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of every random draw; the same seed gives the same run. Default: 1.")
  private long seed;

  long value() {
    return seed;
  }
}
