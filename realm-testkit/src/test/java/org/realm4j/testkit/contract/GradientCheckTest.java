package org.realm4j.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class GradientCheckTest {
  @TestFactory
  Stream<DynamicTest> theOraclesGradientsAreFiniteDifferences() {
    return OperationCases.all().stream()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.toString(),
                    () -> {
                      boolean large =
                          c.operation() == Operation.NETWORK || c.name().contains("768");
                      double deviation = GradientCheck.deviation(c, large ? 2 : 8);
                      assertTrue(deviation < 2e-8, "deviates by " + deviation);
                    }));
  }
}
