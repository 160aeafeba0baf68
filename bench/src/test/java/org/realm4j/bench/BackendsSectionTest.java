package org.realm4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.bench.MiniLmOperations.Measured;
import org.realm4j.bench.MiniLmOperations.Work;
import org.realm4j.io.JsonObject;
import org.realm4j.reference.KernelChoice;
import org.realm4j.testkit.contract.Operation;

class BackendsSectionTest {
  private static final List<Measured> ALL = MiniLmOperations.all();

  private static Row example(double peak) {
    List<List<Sample>> samples =
        List.of(List.of(new Sample(0.002, Double.NaN)), List.of(new Sample(0.004, Double.NaN)));
    Row row = ParityRow.timed("add, forward", 2, samples);
    Work work = new Work(2e6, 1e6); // 2 MFLOP, 4 MB
    return ParityRow.complete(row, work, new Deviations(0, 4.74e-8, 1e-6), peak);
  }

  @Test
  void everyOperationIsMeasuredAndANetworkIsTheStep() {
    Set<Operation> measured =
        ALL.stream()
            .map(m -> m.operation().operation())
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(Operation.class)));
    assertEquals(EnumSet.complementOf(EnumSet.of(Operation.NETWORK)), measured);
  }

  @Test
  void onlyUpdatesHaveNoBackward() {
    for (Measured m : ALL) {
      boolean update =
          Set.of(Operation.ADAM, Operation.GRADIENT_NORM).contains(m.operation().operation());
      assertEquals(update, m.backward() == null, m.operation().name());
    }
  }

  /** 1,500 tokens, 384 to 1,536: 2 x 1500 x 384 x 1536 there, twice as much back. */
  @Test
  void workOfALinearLayerEqualsACountByHand() {
    Measured up = named("linear 384 to 1536, GELU");
    assertEquals(1_769_472_000.0, up.forward().flop());
    double weight = 589_824;
    double input = 576_000;
    double result = 2_304_000;
    assertEquals(input + weight + 1536 + result, up.forward().floats());
    Work backward = up.work("backward");
    assertEquals(3_538_944_000.0, backward.flop());
    assertEquals(2 * (input + weight) + 1536 + 2 * result, backward.floats());
  }

  /** Squares of the 16 lengths sum to 169,520; 4 x 384 operations for each pair of tokens. */
  @Test
  void workOfAttentionEqualsACountByHand() {
    assertEquals(4.0 * 169_520 * 384, named("attention, 12 heads").forward().flop());
  }

  private static Measured named(String name) {
    return ALL.stream().filter(m -> m.operation().name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void ratesShareAndRatioFollowFromTimeAndWork() {
    Map<String, Object> more = example(10).more();
    assertEquals(1.0, (double) more.get("gflops"), 1e-12);
    assertEquals(0.5, (double) more.get("peer_gflops"), 1e-12);
    assertEquals(2.0, (double) more.get("gbps"), 1e-12);
    assertEquals(1.0, (double) more.get("peer_gbps"), 1e-12);
    assertEquals(0.05, (double) more.get("peer_peak_share"), 1e-12);
    assertEquals(2, example(10).ratio(), 1e-12);
  }

  @Test
  void cellsAreInTheOrderOfTheColumns() {
    assertEquals(
        List.of(
            "add, forward",
            "2",
            "2,000",
            "4,000",
            "2.00",
            "2.00–2.00",
            "1.000",
            "0.500",
            "2.000",
            "1.000",
            "5.000 %",
            "0",
            "4.7e-8",
            "1.0e-6"),
        ParityRow.cells(example(10)));
    assertEquals("", ParityRow.cells(example(Double.NaN)).get(10));
  }

  @Test
  void jsonHasAllFiguresAndNullForAnUnknownPeak() {
    Map<String, ?> json = example(Double.NaN).toJson();
    assertTrue(
        json.keySet()
            .containsAll(
                Set.of(
                    "name",
                    "threads",
                    "ours",
                    "unit",
                    "peer_name",
                    "peer",
                    "ratio",
                    "ratio_low",
                    "ratio_high",
                    "gflop",
                    "gigabytes",
                    "gflops",
                    "peer_gflops",
                    "gbps",
                    "peer_gbps",
                    "peer_peak_share",
                    "deviation",
                    "peer_deviation",
                    "allowed")),
        json.toString());
    assertEquals(null, json.get("peer_peak_share"));
    assertEquals(0.004, json.get("peer"));
    assertEquals(4.74e-8, json.get("peer_deviation"));
  }

  @Test
  void lossesAreComparedStepByStep() {
    List<JsonObject> ours = losses(2, 4, 8);
    assertEquals(0.25, BackendsSection.difference(ours, losses(2.02, 3, 8.8)), 1e-12);
    assertTrue(Double.isNaN(BackendsSection.difference(ours, List.of())));
  }

  private static List<JsonObject> losses(double... losses) {
    return java.util.Arrays.stream(losses)
        .mapToObj(x -> JsonObject.of(Map.of("loss", x), "answer"))
        .toList();
  }

  /** The same on any machine: both clocks ran, and the oracle is near but not the same. */
  @Test
  void aLoadTimesBothPassesAndMeasuresDeviations() {
    int softmax = ALL.indexOf(named("log softmax, groups of 8")); // of a list that is built anew
    JsonObject job = JsonObject.of(Map.of("threads", 1L), "job");
    try (OperationLoad load = new OperationLoad(job, KernelChoice.AUTO)) {
      Map<String, Object> times =
          load.run(request(Map.of("operation", (long) softmax, "for_seconds", 0.01)));
      assertTrue((double) times.get("forward") > 0, times.toString());
      assertTrue((double) times.get("backward") > 0, times.toString());
      JsonObject found = request(load.run(request(Map.of("deviations", true))));
      Set<String> all =
          EnumSet.allOf(Operation.class).stream().map(Enum::name).collect(Collectors.toSet());
      assertEquals(all, found.fields().keySet());
      double adam = found.object("ADAM").number("forward");
      assertTrue(adam > 1e-9 && adam < 2e-6, "found " + adam);
      double linear = found.object("LINEAR").number("forward");
      assertTrue(linear > 1e-9 && linear < 5e-6, "found " + linear);
      assertEquals(0, found.object("CONCAT").number("forward"));
    }
  }

  private static JsonObject request(Map<String, Object> fields) {
    return JsonObject.of(fields, "request");
  }
}
