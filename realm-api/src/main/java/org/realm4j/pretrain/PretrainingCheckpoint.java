package org.realm4j.pretrain;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.io.Safetensors;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.Weights;
import org.realm4j.retrieval.IndexRefresher;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Parameter;

/**
 * A stopped run in a folder: model, moments, the generation that is searched, and a refresh in
 * progress with its snapshot. What is drawn needs no state. Written as one publication: a crash
 * leaves the checkpoint before it.
 */
public final class PretrainingCheckpoint {
  private static final String MODEL = "model";
  private static final String MOMENTS = "moments.safetensors";
  private static final String INDEX = "index.safetensors";
  private static final String REFRESH = "refresh.safetensors";
  private static final String STATE = "state.json";
  private static final String VECTORS = "vectors";

  private PretrainingCheckpoint() {}

  /** Whether the folder holds a checkpoint. */
  public static boolean in(Path folder) {
    return PublishedFolder.at(folder).current().isPresent();
  }

  /** Writes the state between two steps. */
  public static void save(Path folder, Pretrainer trainer) {
    PublishedFolder.at(folder).publish(dir -> write(dir, trainer));
  }

  private static void write(Path dir, Pretrainer trainer) {
    trainer.model().save(dir.resolve(MODEL));
    LinkedHashMap<String, Safetensors.Tensor> moments = new LinkedHashMap<>();
    List<Parameter> first = trainer.optimizer().firstMoments();
    List<Parameter> second = trainer.optimizer().secondMoments();
    for (int i = 0; i < first.size(); i++) {
      moments.put("first." + i, entry(first.get(i)));
      moments.put("second." + i, entry(second.get(i)));
    }
    Safetensors.write(dir.resolve(MOMENTS), moments, Map.of());
    KnowledgeIndex index = trainer.index();
    Safetensors.write(dir.resolve(INDEX), vectors(index.vectors(), index.dimension()), Map.of());
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("format", 1);
    state.put("step", trainer.step());
    state.put("refreshes", trainer.refreshes());
    state.put("index_made_at", index.madeAtStep());
    state.put("visible_at", trainer.visibleAt());
    state.put("settings", trainer.settings().toJson());
    state.put("queries", trainer.queries().describe());
    state.put("corpus", trainer.store().fingerprint());
    IndexRefresher.State refresh = trainer.refresher().checkpoint();
    if (refresh != null) {
      state.put("refresh_step", refresh.step());
      state.put("refresh_next", refresh.next());
      SequencedMap<String, Safetensors.Tensor> tensors =
          vectors(refresh.vectors(), index.dimension());
      RealmModel.tensors(refresh.tower().parameters())
          .forEach((name, tensor) -> tensors.put("tower." + name, tensor));
      Safetensors.write(dir.resolve(REFRESH), tensors, Map.of());
    }
    Json.write(dir.resolve(STATE), state);
  }

  private static Safetensors.Tensor entry(Parameter p) {
    return new Safetensors.Entry(new long[] {p.rows(), p.cols()}, p.values());
  }

  private static SequencedMap<String, Safetensors.Tensor> vectors(float[] values, int dimension) {
    LinkedHashMap<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    tensors.put(
        VECTORS, new Safetensors.Entry(new long[] {values.length / dimension, dimension}, values));
    return tensors;
  }

  /**
   * A trainer that goes on where the checkpoint was written.
   *
   * @param settings the same as those of the run; only where a refresh runs and {@code recompute}
   *     may be others
   * @throws RealmException.Incompatible if settings, corpus or queries are others; names those that
   *     differ
   */
  public static Pretrainer resume(
      Path folder,
      PassageStore store,
      QueryFactory queries,
      Pretraining settings,
      Backend backend,
      int threads) {
    Path dir =
        PublishedFolder.at(folder)
            .current()
            .orElseThrow(
                () -> new RealmException.BadInput(folder + ": there is no checkpoint in it"));
    JsonObject state = Json.parseObject(dir.resolve(STATE));
    sameSettings(dir, state.object("settings"), settings);
    same(dir, "corpus", state.string("corpus"), store.fingerprint());
    RealmModel model = RealmModel.open(dir.resolve(MODEL));
    try (Safetensors index = Safetensors.open(dir.resolve(INDEX));
        Safetensors moments = Safetensors.open(dir.resolve(MOMENTS))) {
      float[] vectors = index.floats(VECTORS);
      QuerySource source = queries.of(model);
      same(dir, "choice of queries", state.string("queries"), source.describe());
      Pretrainer trainer =
          new Pretrainer(model, store, source, settings, backend, threads, vectors);
      try {
        restore(trainer, dir, state, moments, vectors);
      } catch (RuntimeException e) {
        trainer.index().close();
        trainer.close();
        throw e;
      }
      return trainer;
    }
  }

  private static void restore(
      Pretrainer trainer, Path dir, JsonObject state, Safetensors moments, float[] vectors) {
    List<Parameter> first = trainer.optimizer().firstMoments();
    for (int i = 0; i < first.size(); i++) {
      first.get(i).set(moments.floats("first." + i));
      trainer.optimizer().secondMoments().get(i).set(moments.floats("second." + i));
    }
    trainer.resume(
        state.integer("step"),
        state.int32("refreshes"),
        trainer.restored(vectors, state.integer("index_made_at")),
        state.integer("visible_at"),
        state.has("refresh_step") ? refresh(dir, state, trainer.model()) : null);
  }

  /** Makes the queries for a model that was just read, whose tokenizer they need. */
  @FunctionalInterface
  public interface QueryFactory {
    QuerySource of(RealmModel model);
  }

  private static IndexRefresher.State refresh(Path dir, JsonObject state, RealmModel model) {
    try (Safetensors file = Safetensors.open(dir.resolve(REFRESH))) {
      Map<String, float[]> tower = new LinkedHashMap<>();
      for (String name : file.names()) {
        if (name.startsWith("tower.")) {
          tower.put(name.substring("tower.".length()), file.floats(name));
        }
      }
      Embedder snapshot =
          new Embedder(
              model.documents().bert().config(),
              model.documents().config(),
              "realm.",
              Weights.of(tower));
      return new IndexRefresher.State(
          state.integer("refresh_step"),
          snapshot,
          state.int32("refresh_next"),
          file.floats(VECTORS));
    }
  }

  /** Newer settings are written only where they are not the default. */
  private static Object shown(@Nullable Object setting) {
    return setting == null ? "the default" : setting;
  }

  /** What changes no bit may differ: where passages are re-embedded, what is recomputed. */
  private static void sameSettings(Path dir, JsonObject then, Pretraining settings) {
    JsonObject now = Json.parseObject(Json.format(settings.toJson()), "settings");
    TreeSet<String> keys = new TreeSet<>(then.fields().keySet());
    keys.addAll(now.fields().keySet());
    keys.removeAll(Set.of("refresh_mode", "refresh_threads", "refresh_share", "recompute"));
    List<String> differences = new ArrayList<>();
    for (String key : keys) {
      Object before = then.fields().get(key);
      Object after = now.fields().get(key);
      if (!Objects.equals(before, after)) {
        differences.add(key + " was " + shown(before) + " and is " + shown(after));
      }
    }
    if (!differences.isEmpty()) {
      throw new RealmException.Incompatible(
          dir + ": the checkpoint was made with other settings: " + String.join(", ", differences));
    }
  }

  private static void same(Path dir, String what, String then, String now) {
    if (!then.equals(now)) {
      throw new RealmException.Incompatible(
          dir
              + ": the checkpoint was made with another "
              + what
              + ": it was "
              + then
              + " and is "
              + now);
    }
  }
}
