package org.realm4j.qa;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.io.Safetensors;
import org.realm4j.tensor.Parameter;

/**
 * The state of a fine-tuning run between two steps, published as a whole: what is trained, its
 * moments, the step. A run goes on with the same bits as if it had not been stopped.
 */
public final class FineTuningCheckpoint {
  private static final String TENSORS = "training.safetensors";
  private static final String STATE = "state.json";

  private FineTuningCheckpoint() {}

  /** Whether the folder holds a checkpoint. */
  public static boolean in(Path folder) {
    return PublishedFolder.at(folder).current().isPresent();
  }

  /** Writes the state between two steps. */
  public static void save(Path folder, FineTuner tuner) {
    PublishedFolder.at(folder).publish(dir -> write(dir, tuner));
  }

  private static void write(Path dir, FineTuner tuner) {
    LinkedHashMap<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    groups(tuner)
        .forEach(
            (group, parameters) -> {
              for (int i = 0; i < parameters.size(); i++) {
                Parameter p = parameters.get(i);
                tensors.put(
                    group + i, new Safetensors.Entry(new long[] {p.rows(), p.cols()}, p.values()));
              }
            });
    Safetensors.write(dir.resolve(TENSORS), tensors, Map.of());
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("format", 1);
    state.put("step", tuner.step());
    state.put("settings", tuner.settings().toJson());
    state.put("questions", tuner.questions().size());
    state.put("corpus", tuner.store().fingerprint());
    Json.write(dir.resolve(STATE), state);
  }

  private static Map<String, List<Parameter>> groups(FineTuner tuner) {
    Map<String, List<Parameter>> groups = new LinkedHashMap<>();
    groups.put("parameter.", tuner.optimizer().parameters());
    groups.put("first.", tuner.optimizer().firstMoments());
    groups.put("second.", tuner.optimizer().secondMoments());
    return groups;
  }

  /**
   * Brings a tuner that has done no step to where the checkpoint was written.
   *
   * @param tuner made of the same parts and settings
   * @throws RealmException.Incompatible if settings, questions or corpus are others; names those
   *     that differ
   */
  public static void resume(Path folder, FineTuner tuner) {
    Path dir =
        PublishedFolder.at(folder)
            .current()
            .orElseThrow(
                () -> new RealmException.BadInput(folder + ": there is no checkpoint in it"));
    JsonObject state = Json.parseObject(dir.resolve(STATE));
    JsonObject now = Json.parseObject(Json.format(tuner.settings().toJson()), "settings");
    List<String> differences = new ArrayList<>();
    JsonObject then = state.object("settings");
    TreeSet<String> keys = new TreeSet<>(then.fields().keySet());
    keys.addAll(now.fields().keySet());
    for (String key : keys) {
      difference(key, then.fields().get(key), now.fields().get(key), differences);
    }
    difference("corpus", state.string("corpus"), tuner.store().fingerprint(), differences);
    difference(
        "questions", state.integer("questions"), (long) tuner.questions().size(), differences);
    if (!differences.isEmpty()) {
      throw new RealmException.Incompatible(
          dir + ": the checkpoint is of another run: " + String.join(", ", differences));
    }
    try (Safetensors file = Safetensors.open(dir.resolve(TENSORS))) {
      groups(tuner)
          .forEach(
              (group, parameters) -> {
                for (int i = 0; i < parameters.size(); i++) {
                  parameters.get(i).set(file.floats(group + i));
                }
              });
    }
    tuner.resumeAt(state.integer("step"));
  }

  private static void difference(
      String what, @Nullable Object then, @Nullable Object now, List<String> differences) {
    if (!Objects.equals(then, now)) {
      differences.add(what + " was " + then + " and is " + now);
    }
  }
}
