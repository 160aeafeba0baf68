package org.realm4j.gpu;

import org.nd4j.linalg.factory.Nd4j;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Session;

/**
 * Computes through ND4J, on a CUDA device or on the CPU, whichever of ND4J's own backends is on the
 * class path. Float32 only: half precision has not been tried on a card that ND4J supports, and on
 * the CPU ND4J's is hundreds of times slower. Sessions have memory of their own; ND4J's threads are
 * one pool of the process, set by the environment variable {@code OMP_NUM_THREADS} before the start
 * ({@code 1} for the same bits in every run).
 */
public final class Nd4jBackend implements Backend {
  private final String device;
  private final long memoryLimit;

  /**
   * With whatever ND4J finds on the class path; {@link Nd4jBackendProvider} is the way that checks
   * first whether it can run here.
   *
   * @param memoryLimit bytes that each session may hold on the device; beyond it, {@link
   *     org.realm4j.io.RealmException.OutOfMemory} is thrown, and the session stays usable
   */
  public Nd4jBackend(long memoryLimit) {
    this("ND4J's own choice", memoryLimit);
  }

  /**
   * @param device what computes, in words
   */
  Nd4jBackend(String device, long memoryLimit) {
    if (memoryLimit < 1) {
      throw new IllegalArgumentException("memory limit: expected at least 1, found " + memoryLimit);
    }
    Nd4j.getEnvironment(); // loads ND4J, or fails, now
    this.device = device;
    this.memoryLimit = memoryLimit;
  }

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public String describe() {
    return "nd4j: "
        + device
        + ", "
        + Nd4j.getEnvironment().maxMasterThreads()
        + " threads for all sessions";
  }

  @Override
  public Session open(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
    return new Nd4jSession(memoryLimit);
  }
}
