package org.realm4j.testkit.contract;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.function.Executable;

/** Runs tests of a contract by hand and says which of them fail. */
final class ContractRun {
  private ContractRun() {}

  static DynamicTest test(String name, Executable test) {
    return DynamicTest.dynamicTest(name, test);
  }

  /** All of them as one. */
  static DynamicTest tests(String name, Stream<DynamicTest> tests) {
    return test(
        name,
        () -> {
          for (DynamicTest t : tests.toList()) {
            t.getExecutable().execute();
          }
        });
  }

  static List<String> failures(DynamicTest... tests) {
    List<String> failed = new ArrayList<>();
    for (DynamicTest test : tests) {
      try {
        test.getExecutable().execute();
      } catch (Throwable e) {
        failed.add(test.getDisplayName());
      }
    }
    return failed;
  }
}
