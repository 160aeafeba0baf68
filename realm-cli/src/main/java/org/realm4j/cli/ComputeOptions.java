package org.realm4j.cli;

import org.realm4j.tensor.Backend;
import org.realm4j.tensor.BackendProvider;
import picocli.CommandLine.Option;

/** The options {@code --backend} and {@code --threads}. */
final class ComputeOptions {
  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "auto",
      description = "What computes, such as reference; by default the best that is there.")
  private String backend;

  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Threads to compute on; by default one for each processor.")
  private int threads = Runtime.getRuntime().availableProcessors();

  Backend backend() {
    return BackendProvider.backend(backend);
  }

  int threads() {
    return threads;
  }
}
