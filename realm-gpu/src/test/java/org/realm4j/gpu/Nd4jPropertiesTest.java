package org.realm4j.gpu;

import org.realm4j.tensor.Backend;
import org.realm4j.testkit.contract.OperationProperties;

class Nd4jPropertiesTest implements OperationProperties {
  @Override
  public Backend backend() {
    return new Nd4jBackend(Long.MAX_VALUE);
  }
}
