package org.realm4j.retrieval;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.realm4j.io.RealmException;

/** Found by {@link ServiceLoader}; builds one kind of index. */
public interface MipsIndexProvider {
  /** Short and unique, such as {@code exact}. */
  String name();

  /**
   * Builds an index.
   *
   * @param vectors {@code [rows, dimension]}, row-major; kept, not copied: never written to again
   * @param threads how many threads a search may use, at least 1
   * @throws RealmException.BadInput if a value is not finite, with row and column
   */
  MipsIndex build(float[] vectors, int dimension, int threads);

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
