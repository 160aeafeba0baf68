package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.realm4j.corpus.PassageStore;
import org.realm4j.tensor.Backend;

/**
 * What all stages of {@code realm experiment open-qa} share.
 *
 * @param bert the sentence encoder that everything starts from
 */
record OpenQaContext(
    ExperimentFolder folder,
    PassageStore store,
    Path bert,
    OpenQaSettings settings,
    Backend backend,
    int threads,
    PrintWriter err) {

  /** The name of a stage of this seed. */
  String name(String stage) {
    return stage + "-s" + settings.seed();
  }

  /** What every stage depends on, to be added to. */
  Map<String, Object> dependsOn() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("seed", settings.seed());
    json.put("corpus", store.fingerprint());
    return json;
  }
}
