package org.realm4j.testkit.oracle;

import org.realm4j.tensor.Backend;

/**
 * Computes in double precision with plain loops on the calling thread. It is slow and meant for
 * tests: a backend is right when it agrees with this one.
 */
public final class OracleBackend implements Backend {
  /** There is nothing to choose. */
  public OracleBackend() {}

  @Override
  public String name() {
    return "oracle";
  }

  @Override
  public String describe() {
    return "float64, plain loops, one thread";
  }

  @Override
  public OracleSession open(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
    return new OracleSession();
  }
}
