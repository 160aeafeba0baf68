package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.WordNet;
import picocli.CommandLine.Option;

/** Where passages come from: exactly one of these options. */
final class CorpusSource {
  /** How much of WordNet. */
  enum WordNetPart {
    INSTANCES,
    ALL
  }

  @Option(
      names = "--jsonl",
      paramLabel = "FILE",
      description = {
        "JSON lines {\"title\": ..., \"text\": ...}, perhaps with an \"id\"; plain or gzip."
      })
  private @Nullable Path jsonLines;

  @Option(
      names = "--dpr",
      paramLabel = "FILE",
      description = "DPR's psgs_w100.tsv: a header, then id, text and title; plain or gzip.")
  private @Nullable Path dpr;

  @Option(
      names = "--text",
      paramLabel = "PATH",
      description = "A text file or a folder of *.txt; blank lines separate passages.")
  private @Nullable Path text;

  @Option(
      names = "--wordnet",
      paramLabel = "PART",
      arity = "0..1",
      fallbackValue = "instances",
      description = {
        "WordNet 3.1, fetched with Maven: instances (the default; people, places, works and what"
            + " they belong to) or all."
      })
  private @Nullable WordNetPart wordNet;

  /** What the option names, which is read later. */
  Corpus corpus(CacheOption cache, PrintWriter err) {
    if (jsonLines != null) {
      return Corpus.jsonLines(jsonLines);
    }
    if (dpr != null) {
      return Corpus.dprTsv(dpr);
    }
    if (text != null) {
      return Corpus.plainText(text);
    }
    Path jar = cache.artifacts(err).fetch(Artifacts.WORDNET);
    return wordNet == WordNetPart.ALL ? WordNet.glosses(jar) : WordNet.namedInstances(jar);
  }
}
