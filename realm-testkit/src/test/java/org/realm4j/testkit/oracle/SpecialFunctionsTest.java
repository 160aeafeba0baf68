package org.realm4j.testkit.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.realm4j.tensor.Activation;

class SpecialFunctionsTest {
  /** Values to twenty digits from arbitrary-precision arithmetic. */
  @ParameterizedTest
  @CsvSource({
    "1e-9, 1.1283791670955126438e-9, 0.9999999988716208329",
    "0.001, 0.0011283787909692364034, 0.9988716212090307636",
    "0.1, 0.1124629160182848984, 0.8875370839817151016",
    "0.5, 0.52049987781304653768, 0.47950012218695346232",
    "0.8, 0.74210096470766051259, 0.25789903529233948741",
    "1, 0.84270079294971486934, 0.15729920705028513066",
    "1.5, 0.96610514647531072707, 0.033894853524689272933",
    "1.9, 0.99279042923525746724, 0.0072095707647425327628",
    "1.99, 0.99511141319961699705, 0.0048885868003830029527",
    "2, 0.99532226501895273416, 0.0046777349810472658379",
    "2.1, 0.99702053334366701571, 0.0029794666563329842857",
    "2.5, 0.99959304798255504106, 0.00040695201744495893956",
    "3, 0.99997790950300141456, 0.000022090496998585441373",
    "4, 0.99999998458274209972, 1.5417257900280018852e-8",
    "5.5, 0.99999999999999264215, 7.3578479179743980631e-15",
    "7, 1.0, 4.1838256077794143986e-23"
  })
  void errorFunction(double x, double erf, double erfc) {
    assertEquals(erf, SpecialFunctions.erf(x), 4e-16);
    assertEquals(-erf, SpecialFunctions.erf(-x), 4e-16);
    assertEquals(erfc, SpecialFunctions.erfc(x), 1e-13 * erfc);
    assertEquals(2 - erfc, SpecialFunctions.erfc(-x), 5e-16);
  }

  @Test
  void bothFormulasMeetAtTwo() {
    double below = SpecialFunctions.erf(Math.nextDown(2.0));
    assertEquals(below, SpecialFunctions.erf(2.0), 4e-16);
  }

  @Test
  void limits() {
    assertEquals(1, SpecialFunctions.erf(Double.POSITIVE_INFINITY));
    assertEquals(-1, SpecialFunctions.erf(Double.NEGATIVE_INFINITY));
    assertEquals(0, SpecialFunctions.erfc(40));
    assertTrue(Double.isNaN(SpecialFunctions.erf(Double.NaN)));
    for (Activation a : Activation.values()) {
      assertTrue(Double.isNaN(SpecialFunctions.activate(a, Double.NaN)), a.name());
    }
  }
}
