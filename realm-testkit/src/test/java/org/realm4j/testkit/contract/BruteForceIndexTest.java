package org.realm4j.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.realm4j.retrieval.MipsIndexProvider;

class BruteForceIndexTest implements MipsIndexContract {
  @Override
  public MipsIndexProvider provider() {
    return new BruteForceIndex(BruteForceIndex.Fault.NONE);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void theContractNotices(BruteForceIndex.Fault fault) {
    MipsIndexContract broken = () -> new BruteForceIndex(fault);
    List<String> failed =
        ContractRun.failures(
            ContractRun.test("ties", broken::tiesGoToTheLowerRow),
            ContractRun.test("duplicates", broken::duplicatesAllCome),
            ContractRun.test("more", broken::moreThanThereAreGivesAll),
            ContractRun.test("zeros", broken::zerosAndLengthsCount),
            ContractRun.test("negative", broken::allNegativeScoresStillCome),
            ContractRun.test("batch", broken::aBatchIsItsQueriesOneByOne),
            ContractRun.test("overflow", broken::vectorsThatCouldOverflowAreRefused),
            ContractRun.test("excluded", broken::excludedRowsAreNoAnswer),
            ContractRun.test("finite", broken::valuesThatAreNotFiniteAreRefusedWithTheirPlace),
            ContractRun.tests(
                "brute force", broken.equalsBruteForce().map(DynamicTest.class::cast)));
    assertFalse(failed.isEmpty(), fault + " went unnoticed");
  }
}
