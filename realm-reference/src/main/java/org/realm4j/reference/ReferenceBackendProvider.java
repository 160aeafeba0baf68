package org.realm4j.reference;

import org.realm4j.tensor.Backend;
import org.realm4j.tensor.BackendProvider;

/** Brings {@link ReferenceBackend}, which is always available. */
public final class ReferenceBackendProvider implements BackendProvider {
  /** For the service loader. */
  public ReferenceBackendProvider() {}

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public int rank() {
    return 10;
  }

  @Override
  public Availability availability() {
    return new Availability(true, "pure Java");
  }

  @Override
  public Backend create() {
    return new ReferenceBackend();
  }
}
