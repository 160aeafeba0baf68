package org.realm4j.retrieval;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.realm4j.io.RealmException;

/** Found by {@link ServiceLoader}; builds one kind of index. */
public interface MipsIndexProvider {
  /** Short and unique, such as {@code exact}. */
  String name();

  /**
   * Builds an index.
   *
   * @param vectors kept, not copied: never written to again, and open as long as the index
   * @param threads how many threads the build and a search may use, at least 1
   * @throws RealmException.BadInput if a value is not finite, with row and column, or a vector is
   *     so long that inner products could overflow
   */
  MipsIndex build(Vectors vectors, int threads);

  /** The same over an array, {@code [rows, dimension]} row-major, which is not copied. */
  default MipsIndex build(float[] vectors, int dimension, int threads) {
    return build(Vectors.of(vectors, dimension), threads);
  }

  /**
   * Opens what was built before over the same vectors, without reading them.
   *
   * @param parts what {@link MipsIndex#parts} gave, perhaps mapped from files; open as long as the
   *     index
   * @throws RealmException.CorruptFile if a part is missing or of the wrong size
   */
  default MipsIndex open(Vectors vectors, Map<String, MemorySegment> parts, int threads) {
    return build(vectors, threads);
  }

  /**
   * Builds an index over new vectors of the same rows, made by a later state of the model: what
   * hardly changes, such as clusters, may be taken from the index before.
   */
  default MipsIndex rebuild(MipsIndex before, Vectors vectors, int threads) {
    return build(vectors, threads);
  }

  /**
   * The same kind with other settings.
   *
   * @throws RealmException.BadInput if an option is not known or out of range
   */
  default MipsIndexProvider with(Map<String, String> options) {
    if (!options.isEmpty()) {
      throw new RealmException.BadInput(
          "index '%s' has no options, found %s".formatted(name(), options.keySet()));
    }
    return this;
  }

  /** Bytes that an index has beside the vectors themselves. */
  default long estimateMemory(int rows, int dimension) {
    return 0;
  }

  /** The provider of that name. */
  static MipsIndexProvider named(String name) {
    List<String> found = new ArrayList<>();
    for (MipsIndexProvider p : ServiceLoader.load(MipsIndexProvider.class)) {
      if (p.name().equals(name)) {
        return p;
      }
      found.add(p.name());
    }
    throw new RealmException.BadInput("index '" + name + "' is not there; found: " + found);
  }
}
