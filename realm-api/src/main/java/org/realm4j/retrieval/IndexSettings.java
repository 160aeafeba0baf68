package org.realm4j.retrieval;

import java.util.Map;
import java.util.TreeMap;

/**
 * What an index is made with.
 *
 * @param model the fingerprint of the towers that made the vectors; of another model they would
 *     mean nothing
 * @param dimension of the vectors
 * @param limit the most wordpieces of a passage, see {@link org.realm4j.corpus.PassageSplitter}
 * @param kind the name of a {@link MipsIndexProvider}, such as {@code int8}
 * @param options of that kind
 */
public record IndexSettings(
    String model, int dimension, int limit, String kind, Map<String, String> options) {
  /** Copies the options. */
  public IndexSettings {
    options = Map.copyOf(new TreeMap<>(options));
  }

  /**
   * The provider of that kind, with these options.
   *
   * @throws org.realm4j.io.RealmException.BadInput if it is not there, or an option not known
   */
  public MipsIndexProvider provider() {
    return MipsIndexProvider.named(kind).with(options);
  }
}
