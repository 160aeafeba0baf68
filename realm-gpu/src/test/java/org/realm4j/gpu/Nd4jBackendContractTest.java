package org.realm4j.gpu;

import org.realm4j.tensor.Backend;
import org.realm4j.testkit.contract.BackendContract;

/** The contract of every backend, through nd4j-native. */
class Nd4jBackendContractTest implements BackendContract {
  @Override
  public Backend backend() {
    return new Nd4jBackend(Long.MAX_VALUE);
  }
}
