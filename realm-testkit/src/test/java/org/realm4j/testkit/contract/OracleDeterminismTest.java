package org.realm4j.testkit.contract;

import org.realm4j.tensor.Backend;
import org.realm4j.testkit.oracle.OracleBackend;

class OracleDeterminismTest implements DeterministicBackendContract {
  @Override
  public Backend backend() {
    return new OracleBackend();
  }
}
