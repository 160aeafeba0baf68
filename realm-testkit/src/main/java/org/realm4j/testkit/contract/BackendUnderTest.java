package org.realm4j.testkit.contract;

import org.realm4j.tensor.Backend;

/** What a test class says about its backend. */
public interface BackendUnderTest {
  Backend backend();

  /** How exact it is; {@link Tolerances#float32()} unless overridden. */
  default Tolerances tolerances() {
    return Tolerances.float32();
  }

  /** How many threads sessions are opened with where the number does not matter. */
  default int threads() {
    return 2;
  }
}
