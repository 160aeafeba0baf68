package org.realm4j.reference.mips;

import org.junit.jupiter.api.Nested;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.testkit.contract.MipsIndexContract;

/** The contract, for each kind of index, as the service loader finds it. */
class MipsIndexContractTest {
  @Nested
  class Exact implements MipsIndexContract {
    @Override
    public MipsIndexProvider provider() {
      return MipsIndexProvider.named("exact");
    }
  }

  @Nested
  class Int8 implements MipsIndexContract {
    @Override
    public MipsIndexProvider provider() {
      return MipsIndexProvider.named("int8");
    }
  }
}
