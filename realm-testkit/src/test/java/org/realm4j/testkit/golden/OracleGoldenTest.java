package org.realm4j.testkit.golden;

import org.realm4j.tensor.Backend;
import org.realm4j.testkit.contract.GoldenContract;
import org.realm4j.testkit.oracle.OracleBackend;

class OracleGoldenTest implements GoldenContract {
  @Override
  public Backend backend() {
    return new OracleBackend();
  }
}
