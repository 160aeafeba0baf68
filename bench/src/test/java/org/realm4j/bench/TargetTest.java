package org.realm4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TargetTest {
  private static final Comparison TWICE = new Comparison(20, 10, 2, 1.9, 2.1, 2, 2);

  @Test
  void ratioIsMetFromItsBoundOn() {
    Row row = Row.of("step", "a", 2, "tokens/s", "torch", TWICE);
    assertEquals("✓ ≥ 2.00 x", Target.ratio(2).describe(row));
    assertEquals("✗ ≥ 2.10 x", Target.ratio(2.1).describe(row));
  }

  @Test
  void shareOfTheLimitIsThatOfSpeedsAndOfTimes() {
    Row speed = Row.of("gemm", "a", 1, 84, "GFLOP/s").limitedBy(100);
    assertEquals("✗ ≥ 85 %", Target.share(0.85).describe(speed));
    Row time = Row.of("kernels", "a", 1, 1.28, "ns/value").limitedBy(1);
    assertEquals("✗ ≥ 80 %", Target.share(0.8).describe(time));
    assertEquals("✓ ≥ 78 %", Target.share(0.78).describe(time));
    Row memory = Row.of("step", "a", 1, 1310, "MiB").limitedBy(1000);
    assertEquals("✗ ≤ 130 %", Target.shareAtMost(1.3).describe(memory));
    assertEquals("✓ ≤ 132 %", Target.shareAtMost(1.32).describe(memory));
  }

  @Test
  void boundsOfTheFigureItselfAndOfTheDifference() {
    Row row = Row.of("step", "a", 1, 1.5, "%").with("difference", 2e-4);
    assertEquals("✗ ≤ 1.00 %", Target.atMost(1).describe(row));
    assertEquals("✓ ≥ 1.50 %", Target.atLeast(1.5).describe(row));
    assertEquals("✗ ≤ 1e-04", Target.difference(1e-4).describe(row));
    assertEquals("✓ ≤ 1e-03", Target.difference(1e-3).describe(row));
  }

  @Test
  void withoutThePeerATargetIsNeitherMetNorMissed() {
    Row row = Row.of("step", "a", 1, 1.5, "tokens/s").with("difference", Double.NaN);
    assertNull(Target.ratio(2).met(row));
    assertNull(Target.difference(1).met(row));
    assertEquals("≥ 2.00 x", Target.ratio(2).describe(row));
  }

  @Test
  void noRowHasATargetByItself() {
    assertEquals(List.of(), Row.of("step", "a", 2, "tokens/s", "torch", TWICE).targets());
  }

  @Test
  void tableAndJsonTellWhatIsMet() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Table table = new Table(new PrintStream(out, true, StandardCharsets.UTF_8));
    Row row =
        Row.of("gemm", "a", 2, "GFLOP/s", "OpenBLAS", TWICE)
            .limitedBy(40)
            .toward(Target.ratio(0.9), Target.share(0.85));
    table.add(row);
    table.add(Row.of("gemm", "b", 2, 1, "GFLOP/s").toward(Target.ratio(1)));
    table.end();
    String printed = out.toString(StandardCharsets.UTF_8);
    assertTrue(printed.contains("| ✓ ≥ 0.90 x, ✗ ≥ 85 % "), printed);
    assertTrue(printed.contains("1 of 2 targets met."), printed);
    assertEquals(
        List.of(
            Map.of("of", "ratio", "at_least", 0.9, "met", true),
            Map.of("of", "share", "at_least", 0.85, "met", false)),
        row.toJson().get("targets"));
  }
}
