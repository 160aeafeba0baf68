package org.realm4j.reference;

import org.junit.jupiter.api.Nested;
import org.realm4j.tensor.Backend;
import org.realm4j.testkit.contract.BackendContract;

/** The contract of every backend, with and without vectors. */
class ReferenceBackendContractTest {
  @Nested
  class Automatic implements BackendContract {
    @Override
    public Backend backend() {
      return new ReferenceBackend();
    }
  }

  @Nested
  class Scalar implements BackendContract {
    @Override
    public Backend backend() {
      return new ReferenceBackend(KernelChoice.SCALAR);
    }
  }
}
