package org.realm4j.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.retrieval.IndexReader;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.PassageIndex;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.text.Passage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code realm index search}. */
@Command(
    name = "search",
    description = {
      "Prints the passages of an index with the largest scores for a text, best first: rank,"
          + " score, id and passage."
    },
    footer = {
      "",
      "JSON keys: passages, dimension, generation, milliseconds (of the search alone), hits (a list"
          + " of rank, score, id, title, text).",
      "",
      "Example: realm index search --index index --model run/model \"a city on the Rhine\" --top 5"
    })
final class IndexSearchCommand implements Runnable {
  @Mixin private IndexOption index;
  @Mixin private ModelOption model;

  @Parameters(paramLabel = "TEXT", description = "What to look for.")
  private String text;

  @Option(
      names = "--top",
      paramLabel = "K",
      converter = Numbers.Positive.class,
      description = "How many passages to print. Default: 5.")
  private int top = 5;

  @Mixin private ComputeOptions compute;
  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    RealmModel realm = model.realm();
    try (PassageIndex searched = index.open(realm, compute.threads());
        IndexReader reader = searched.reader()) {
      float[] vector = embed(realm);
      long begun = System.nanoTime();
      MipsIndex.Hits found = reader.search(vector, 1, top)[0];
      double seconds = Seconds.since(begun);
      List<Map<String, Object>> hits = new ArrayList<>();
      for (int i = 0; i < found.rows().length; i++) {
        hits.add(hit(i + 1, found.scores()[i], reader.passage(found.rows()[i])));
      }
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("passages", reader.size());
      figures.put("dimension", reader.dimension());
      figures.put("generation", reader.id());
      figures.put("milliseconds", seconds * 1e3);
      figures.put("hits", hits);
      json.write(figures);
    }
  }

  private float[] embed(RealmModel realm) {
    int[] ids = realm.tokenizer().ids(text);
    InputSequence input = realm.query(ids);
    if (input.length() < ids.length + 2) {
      spec.commandLine()
          .getErr()
          .printf(
              "realm: warning: TEXT: a query has at most %d wordpieces, found %d; its end was cut%n",
              realm.config().queryLimit() - 2, ids.length);
    }
    try (Session session = compute.backend().open(compute.threads());
        Tape tape = session.infer()) {
      return realm.queries().embed(session, TokenBatch.of(List.of(input)), null).toArray();
    }
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
