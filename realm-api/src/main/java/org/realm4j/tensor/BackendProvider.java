package org.realm4j.tensor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import org.realm4j.io.RealmException;

/**
 * Found by {@link ServiceLoader}; brings one backend. Its class must link without the libraries
 * that it brings, so that it can say that they are missing.
 */
public interface BackendProvider {
  /**
   * Whether the backend can be had here.
   *
   * @param description what was found, or the reason why it cannot be had; one line for people
   */
  record Availability(boolean available, String description) {}

  String name();

  /** The highest rank among the available ones is chosen when none is named. */
  int rank();

  /** Looks, and loads nothing that could fail. */
  Availability availability();

  /**
   * @throws RealmException when it is not available, with the reason
   */
  Backend create();

  /** All providers on the module path and the class path, best rank first. */
  static List<BackendProvider> all() {
    List<BackendProvider> found = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class).forEach(found::add);
    found.sort(Comparator.comparingInt(BackendProvider::rank).reversed());
    for (int i = 1; i < found.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (found.get(i).name().equals(found.get(j).name())) {
          throw new RealmException.Incompatible(
              "two backends are named '" + found.get(i).name() + "': remove one of them");
        }
      }
    }
    return found;
  }

  /**
   * The backend of that name, or the best available one for {@code "auto"}. A name that cannot be
   * had fails; only the automatic choice falls back.
   */
  static Backend backend(String name) {
    List<BackendProvider> all = all();
    List<String> reasons = new ArrayList<>();
    for (BackendProvider p : all) {
      Availability found = p.availability();
      if (name.equals(p.name()) && !found.available()) {
        throw new RealmException.BadInput(
            "backend '" + name + "' cannot be had here: " + found.description());
      }
      if (name.equals(p.name()) || (name.equals("auto") && found.available())) {
        return p.create();
      }
      reasons.add(
          found.available() ? p.name() : p.name() + " (unavailable: " + found.description() + ")");
    }
    throw new RealmException.BadInput(
        "backend '" + name + "' is not there; found: " + (reasons.isEmpty() ? "none" : reasons));
  }
}
