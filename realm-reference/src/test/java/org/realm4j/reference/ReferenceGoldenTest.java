package org.realm4j.reference;

import org.realm4j.tensor.Backend;
import org.realm4j.testkit.contract.GoldenContract;

class ReferenceGoldenTest implements GoldenContract {
  @Override
  public Backend backend() {
    return new ReferenceBackend();
  }
}
