package org.realm4j.gpu;

import org.realm4j.tensor.Backend;
import org.realm4j.testkit.contract.GoldenContract;

class Nd4jGoldenTest implements GoldenContract {
  @Override
  public Backend backend() {
    return new Nd4jBackend(Long.MAX_VALUE);
  }
}
