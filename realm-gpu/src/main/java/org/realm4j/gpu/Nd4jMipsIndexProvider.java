package org.realm4j.gpu;

import org.realm4j.io.RealmException;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.Vectors;
import org.realm4j.tensor.BackendProvider.Availability;

/**
 * Brings the index {@code nd4j}: exact search on the device that {@link Nd4jBackendProvider} finds.
 * Thread-safe.
 */
public final class Nd4jMipsIndexProvider implements MipsIndexProvider {
  /** For the service loader. */
  public Nd4jMipsIndexProvider() {}

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public MipsIndex build(Vectors vectors, int threads) {
    Nd4jBackendProvider provider = new Nd4jBackendProvider();
    Availability found = provider.availability();
    if (!found.available()) {
      throw new RealmException.BadInput("index 'nd4j' cannot be had: " + found.description());
    }
    if (threads < 1) {
      throw new RealmException.BadInput("threads: expected at least 1, found " + threads);
    }
    return new Nd4jMipsIndex(vectors, provider.memoryLimit());
  }
}
