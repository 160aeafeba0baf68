package org.realm4j.reference;

import org.realm4j.tensor.Backend;
import org.realm4j.testkit.contract.OperationProperties;

class ReferencePropertiesTest implements OperationProperties {
  @Override
  public Backend backend() {
    return new ReferenceBackend();
  }
}
