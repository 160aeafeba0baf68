package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.text.Passage;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code realm corpus build}. */
@Command(
    name = "build",
    description = {
      "Splits a corpus into passages of a model's wordpieces and stores them.",
      "",
      "A corpus that is in the output folder already is replaced when the new one is complete."
    },
    footer = {
      "",
      "JSON keys: corpus, source, passages, wordpieces, limit, fingerprint, seconds.",
      "",
      "Example: realm corpus build --model minilm --wordnet --output wordnet"
    })
final class CorpusBuildCommand implements Runnable {
  @Mixin private ModelOption model;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "The folder to make.")
  private Path output;

  @ArgGroup(multiplicity = "1")
  private CorpusSource source;

  @Option(
      names = "--limit",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = {
        "The most wordpieces of a passage, with its title and three special ones; longer ones are"
            + " split. Default: 288."
      })
  private int limit = PassageStore.DEFAULT_LIMIT;

  @Mixin private CacheOption cache;
  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    long begun = System.nanoTime();
    PrintWriter err = spec.commandLine().getErr();
    Corpus corpus = new Counting(source.corpus(cache, err), err);
    try (PassageStore store = PassageStore.build(output, corpus, model.tokenizer(), limit)) {
      double seconds = Seconds.since(begun);
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("corpus", output.toString());
      figures.put("source", corpus.describe());
      figures.put("passages", store.size());
      figures.put("wordpieces", store.wordpieces());
      figures.put("limit", store.limit());
      figures.put("fingerprint", store.fingerprint());
      figures.put("seconds", seconds);
      json.write(figures);
      spec.commandLine()
          .getOut()
          .printf(
              "%s: %,d passages, %,d wordpieces, %.1f seconds, fingerprint %s%n",
              output, store.size(), store.wordpieces(), seconds, store.fingerprint());
    }
  }

  /** Tells every ten seconds how many passages were read: nobody knows how many there are. */
  private record Counting(Corpus corpus, PrintWriter err) implements Corpus {
    private static final long TEN_SECONDS = Duration.ofSeconds(10).toNanos();

    @Override
    public void forEach(Consumer<Passage> consumer) {
      long[] count = {0};
      long[] told = {System.nanoTime()};
      corpus.forEach(
          passage -> {
            consumer.accept(passage);
            count[0]++;
            if (System.nanoTime() - told[0] >= TEN_SECONDS) {
              told[0] = System.nanoTime();
              err.printf("realm: %,d passages read%n", count[0]);
            }
          });
    }

    @Override
    public String describe() {
      return corpus.describe();
    }
  }
}
