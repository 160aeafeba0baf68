package org.realm4j.reference;

import org.realm4j.tensor.Backend;
import org.realm4j.testkit.contract.PretrainingContract;

class ReferencePretrainingTest implements PretrainingContract {
  @Override
  public Backend backend() {
    return new ReferenceBackend();
  }
}
