package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.realm4j.corpus.PassageStore;
import org.realm4j.nn.RealmModel;
import org.realm4j.retrieval.IndexReader;
import org.realm4j.retrieval.IndexSettings;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.retrieval.PassageIndex;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Session;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code realm index build}. */
@Command(
    name = "build",
    description = {
      "Embeds a corpus with a REALM model and makes an index of it.",
      "",
      "An index that is in the output folder already is replaced when the new one is complete. The"
          + " kinds: exact compares all vectors; int8 gives the same results and reads a quarter of"
          + " the memory; ivf looks into the nearest clusters only, and says how much of the best"
          + " eight it finds."
    },
    footer = {
      "",
      "JSON keys: index, passages, dimension, kind, index_bytes, backend, seconds, segments (what"
          + " the index says of itself).",
      "",
      "Example: realm index build --model run/model --corpus wordnet --output index --kind int8"
    })
final class IndexBuildCommand implements Runnable {
  @Mixin private ModelOption model;
  @Mixin private CorpusOption corpus;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "The folder to make.")
  private Path output;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "int8",
      description = "exact, int8 (the default) or ivf.")
  private String kind;

  @Option(
      names = "--option",
      paramLabel = "NAME=VALUE",
      description =
          "Of ivf: lists, probes, recall (0.95 if not given; a build that finds less fails).")
  private Map<String, String> options = new LinkedHashMap<>();

  @Mixin private ComputeOptions compute;
  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    long begun = System.nanoTime();
    PrintWriter err = spec.commandLine().getErr();
    RealmModel realm = model.realm();
    Backend backend = compute.backend();
    try (PassageStore store = corpus.open(realm, err);
        Session session = backend.open(compute.threads())) {
      int dimension = realm.config().embedder().projection();
      IndexSettings settings =
          new IndexSettings(
              StoredVectors.fingerprint(realm), dimension, store.limit(), kind, options);
      MipsIndexProvider provider = settings.provider();
      long vectorBytes = 4L * store.size() * dimension;
      long bytes = vectorBytes + provider.estimateMemory(store.size(), dimension);
      err.printf(
          "realm: %,d passages: %,.1f MiB of vectors, %,.1f MiB with the index%n",
          store.size(), vectorBytes / 1048576.0, bytes / 1048576.0);
      try (ProgressBar bar = ProgressBar.on(err, "embed", store.size());
          PassageIndex index =
              PassageIndex.build(
                  output,
                  settings,
                  store,
                  (passages, sink) ->
                      new PassageEmbedder(realm, passages)
                          .embedAll(
                              session, realm.documents(), sink, (done, all) -> bar.moveTo(done)),
                  compute.threads());
          IndexReader reader = index.reader()) {
        bar.close();
        spec.commandLine()
            .getOut()
            .printf(
                "%s: %,d vectors of dimension %d, %s, %.1f seconds%n",
                output, reader.size(), dimension, kind, Seconds.since(begun));
        reader.describe().forEach(line -> spec.commandLine().getOut().println("  " + line));
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("index", output.toString());
        figures.put("passages", reader.size());
        figures.put("dimension", dimension);
        figures.put("kind", kind);
        figures.put("index_bytes", bytes);
        figures.put("backend", backend.name());
        figures.put("seconds", Seconds.since(begun));
        figures.put("segments", reader.describe());
        json.write(figures);
      }
    }
  }
}
