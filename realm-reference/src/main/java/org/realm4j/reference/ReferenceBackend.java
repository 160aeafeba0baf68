package org.realm4j.reference;

import java.util.concurrent.atomic.AtomicInteger;
import org.realm4j.io.RealmException;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Session;

/**
 * Pure Java, with the Vector API where it is there. Results are the same bits for any number of
 * threads and any kernels, and a sequence's forward result is the same whatever it is packed with.
 */
public final class ReferenceBackend implements Backend {
  private static final AtomicInteger SESSIONS = new AtomicInteger();

  private final Kernels kernels;

  /** With the widest vectors that there are. */
  public ReferenceBackend() {
    this(KernelChoice.AUTO);
  }

  /**
   * @throws RealmException.BadInput if a vector width is named that cannot be had here
   */
  public ReferenceBackend(KernelChoice choice) {
    this.kernels = choice.kernels();
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String describe() {
    return "reference: " + kernels.describe();
  }

  @Override
  public Session open(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
    return new ReferenceSession(kernels, threads, "realm-reference-" + SESSIONS.incrementAndGet());
  }
}
