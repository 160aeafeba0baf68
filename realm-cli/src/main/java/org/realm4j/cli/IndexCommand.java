package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.Npy;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.text.Passage;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code realm index}. */
@Command(
    name = "index",
    description = {
      "Embeds a corpus with a REALM model, stores the vectors and searches them.",
      "",
      "--output makes an index, --index takes one that was made before; with --search alone the"
          + " corpus is embedded for this search only. A hit is printed as rank, score, id and"
          + " passage, best first. The folder holds vectors.npy, a row for each passage, and"
          + " index.json, which names model and corpus by their fingerprints."
    },
    footer = {
      "",
      "JSON keys: passages, dimension, model, corpus, backend, seconds, hits (a list of rank,"
          + " score, id, title, text).",
      "",
      "Example: realm index --model run/model --corpus wordnet --output index --search \"a city on"
          + " the Rhine\" --top 5"
    })
final class IndexCommand implements Runnable {
  /** At most one of these. */
  static final class Place {
    @Option(
        names = "--output",
        paramLabel = "DIR",
        description = "Embed the corpus and store the index here, in place of one that is there.")
    private @Nullable Path output;

    @Option(names = "--index", paramLabel = "DIR", description = "Take the index stored here.")
    private @Nullable Path stored;
  }

  @Mixin private ModelOption model;
  @Mixin private CorpusOption corpus;

  @ArgGroup private @Nullable Place place;

  @Option(
      names = "--search",
      paramLabel = "TEXT",
      description = "Print the passages with the largest scores for this text.")
  private @Nullable String query;

  @Option(
      names = "--top",
      paramLabel = "K",
      converter = Numbers.Positive.class,
      description = "How many passages a search prints. Default: 5.")
  private int top = 5;

  @Mixin private ComputeOptions compute;
  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    if (place == null && query == null) {
      throw new ParameterException(
          spec.commandLine(), "nothing to do: expected --output DIR or --search TEXT");
    }
    long begun = System.nanoTime();
    PrintWriter err = spec.commandLine().getErr();
    RealmModel realm = model.realm();
    Backend backend = compute.backend();
    try (PassageStore store = corpus.open(realm, err);
        Session session = backend.open(compute.threads())) {
      StoredIndex index = index(realm, store, session);
      List<Map<String, Object>> hits =
          query == null ? List.of() : search(query, realm, store, session, index);
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("passages", index.vectors().rows());
      figures.put("dimension", index.vectors().cols());
      figures.put("model", index.model());
      figures.put("corpus", index.corpus());
      figures.put("backend", backend.name());
      figures.put("seconds", Seconds.since(begun));
      figures.put("hits", hits);
      json.write(figures);
    }
  }

  private StoredIndex index(RealmModel realm, PassageStore store, Session session) {
    String fingerprint = StoredIndex.fingerprint(realm);
    if (place != null && place.stored != null) {
      StoredIndex stored = StoredIndex.open(place.stored);
      stored.checkBelongsTo(place.stored, fingerprint, store.fingerprint());
      return stored;
    }
    long begun = System.nanoTime();
    int dimension = realm.config().embedder().projection();
    float[] vectors;
    try (ProgressBar bar = ProgressBar.on(spec.commandLine().getErr(), "embed", store.size())) {
      vectors =
          new PassageEmbedder(realm, store)
              .embedAll(session, realm.documents(), (done, all) -> bar.moveTo(done));
    }
    StoredIndex index =
        new StoredIndex(
            fingerprint, store.fingerprint(), new Npy.Matrix(vectors, store.size(), dimension));
    if (place != null && place.output != null) {
      index.save(place.output);
      spec.commandLine()
          .getOut()
          .printf(
              "%s: %,d vectors of dimension %d, %.1f seconds%n",
              place.output, store.size(), dimension, Seconds.since(begun));
    }
    return index;
  }

  private List<Map<String, Object>> search(
      String text, RealmModel realm, PassageStore store, Session session, StoredIndex index) {
    int[] ids = realm.tokenizer().ids(text);
    InputSequence input = realm.query(ids);
    if (input.length() < ids.length + 2) {
      spec.commandLine()
          .getErr()
          .printf(
              "realm: warning: --search: a query has at most %d wordpieces, found %d; its end was"
                  + " cut%n",
              realm.config().queryLimit() - 2, ids.length);
    }
    float[] vector;
    try (Tape tape = session.infer()) {
      vector = realm.queries().embed(session, TokenBatch.of(List.of(input)), null).toArray();
    }
    MipsIndex.Hits found;
    try (KnowledgeIndex searched =
        new KnowledgeIndex(
            MipsIndexProvider.named("exact"),
            index.vectors().rowMajor(),
            index.vectors().cols(),
            0,
            compute.threads())) {
      found = searched.search(vector, new int[] {-1}, Math.min(top, store.size()))[0];
    }
    List<Map<String, Object>> hits = new ArrayList<>();
    for (int i = 0; i < found.rows().length; i++) {
      hits.add(hit(i + 1, found.scores()[i], store.passage(found.rows()[i])));
    }
    return hits;
  }

  private Map<String, Object> hit(int rank, float score, Passage passage) {
    String title = passage.title().isEmpty() ? "" : passage.title() + ": ";
    spec.commandLine()
        .getOut()
        .printf(
            "%3d  %10.4f  %s  %s%n",
            rank, score, passage.id(), (title + passage.text()).replaceAll("\\s+", " "));
    Map<String, Object> hit = new LinkedHashMap<>();
    hit.put("rank", rank);
    hit.put("score", score);
    hit.put("id", passage.id());
    hit.put("title", passage.title());
    hit.put("text", passage.text());
    return hit;
  }
}
