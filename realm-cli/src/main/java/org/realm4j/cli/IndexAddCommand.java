package org.realm4j.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.nn.RealmModel;
import org.realm4j.retrieval.IndexReader;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.retrieval.PassageIndex;
import org.realm4j.tensor.Session;
import org.realm4j.text.Passage;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code realm index add}. */
@Command(
    name = "add",
    description = {
      "Adds passages to an index: only they are embedded.",
      "",
      "A passage whose id is there already is refused, and then none is added; with --replace it"
          + " takes the place of the old one."
    },
    footer = {
      "",
      "JSON keys: index, added, passages, removed (that still take up room), seconds.",
      "",
      "Example: realm index add --index index --model run/model --jsonl new.jsonl"
    })
final class IndexAddCommand implements Runnable {
  @Mixin private IndexOption index;
  @Mixin private ModelOption model;

  @ArgGroup(multiplicity = "1")
  private CorpusSource source;

  @Option(names = "--replace", description = "Passages whose id is there take its place.")
  private boolean replace;

  @Mixin private CacheOption cache;
  @Mixin private ComputeOptions compute;
  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    long begun = System.nanoTime();
    PrintWriter err = spec.commandLine().getErr();
    RealmModel realm = model.realm();
    List<Passage> passages = new ArrayList<>();
    source.corpus(cache, err).forEach(passages::add);
    try (PassageIndex changed = index.open(realm, compute.threads());
        Session session = compute.backend().open(compute.threads())) {
      PassageIndex.Embedding embedding =
          (store, sink) -> {
            try (ProgressBar bar = ProgressBar.on(err, "embed", store.size())) {
              new PassageEmbedder(realm, store)
                  .embedAll(session, realm.documents(), sink, (done, all) -> bar.moveTo(done));
            }
          };
      if (replace) {
        changed.replace(passages, realm.tokenizer(), embedding);
      } else {
        changed.add(passages, realm.tokenizer(), embedding);
      }
      try (IndexReader reader = changed.reader()) {
        spec.commandLine()
            .getOut()
            .printf(
                "%s: %,d passages added, %,d in all, %.1f seconds%n",
                index.dir(), passages.size(), reader.size(), Seconds.since(begun));
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("index", index.dir().toString());
        figures.put("added", passages.size());
        figures.put("passages", reader.size());
        figures.put("removed", reader.removed());
        figures.put("seconds", Seconds.since(begun));
        json.write(figures);
      }
    }
  }
}
