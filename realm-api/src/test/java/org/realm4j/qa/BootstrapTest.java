package org.realm4j.qa;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.CounterRandom;

class BootstrapTest {
  private static double[] coin(int n, double p, int key) {
    double[] values = new double[n];
    Arrays.setAll(values, i -> CounterRandom.uniform(key, i) < p ? 1 : 0);
    return values;
  }

  @Test
  void isAFunctionOfValuesAndSeed() {
    double[][] values = new double[2][101];
    Arrays.setAll(values[0], i -> CounterRandom.gaussian(1, i));
    Arrays.setAll(values[1], i -> CounterRandom.gaussian(2, i));
    Bootstrap.Interval[] intervals = Bootstrap.ofMeans(values, 5);
    assertArrayEquals(intervals, Bootstrap.ofMeans(values, 5));
    assertNotEquals(intervals[0], Bootstrap.ofMeans(values, 6)[0]);
    assertEquals(
        intervals[1],
        Bootstrap.ofMeans(new double[][] {values[1]}, 5)[0],
        "a measure does not depend on those beside it");
  }

  @Test
  void hasTheWidthOfTheNormalApproximation() {
    int n = 2000;
    double[] values = new double[n];
    Arrays.setAll(values, i -> CounterRandom.gaussian(11, i));
    double mean = Arrays.stream(values).average().orElseThrow();
    double deviation = Math.sqrt(Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / n);
    Bootstrap.Interval interval = Bootstrap.ofMeans(new double[][] {values}, 1)[0];
    double half = 1.959964 * deviation / Math.sqrt(n);
    assertEquals(mean - half, interval.low(), 0.06 * half);
    assertEquals(mean + half, interval.high(), 0.06 * half);
  }

  @Test
  void coversTheTruthAsOftenAsItSays() {
    int covered = 0;
    for (int sample = 0; sample < 300; sample++) {
      double[] values = coin(120, 0.3, CounterRandom.key(9, sample));
      Bootstrap.Interval interval = Bootstrap.ofMeans(new double[][] {values}, sample)[0];
      covered += interval.low() <= 0.3 && 0.3 <= interval.high() ? 1 : 0;
    }
    // 95 %, of which a percentile interval of 120 loses about one; four standard errors are 5.
    assertTrue(covered >= 0.89 * 300 && covered <= 0.985 * 300, covered + " of 300");
  }

  @Test
  void isAPointWhereAllAreEqualAndRefusesNothing() {
    assertEquals(new Bootstrap.Interval(1, 1), Bootstrap.ofMeans(new double[][] {{1, 1, 1}}, 1)[0]);
    assertThrows(RealmException.BadInput.class, () -> Bootstrap.ofMeans(new double[][] {{}}, 1));
  }
}
