package org.realm4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.bench.Compare.Figure;
import org.realm4j.io.Json;
import org.realm4j.io.RealmException;

class CompareTest {
  @Test
  void aboveOneMeansFasterForSpeedsAndForTimes() {
    assertEquals(2, Compare.ratio(Figure.of(10, "tokens/s"), Figure.of(20, "tokens/s")));
    assertEquals(2, Compare.ratio(Figure.of(10, "ns/value"), Figure.of(5, "ns/value")));
    assertEquals(2, Compare.ratio(Figure.of(10, "MiB"), Figure.of(5, "MiB")));
    assertEquals(2, Compare.ratio(Figure.of(10, "ms/op"), Figure.of(5, "ms/op")));
    assertEquals(2, Compare.ratio(Figure.of(10, "CPU s"), Figure.of(5, "CPU s")));
    assertEquals(2, Compare.ratio(Figure.of(10, "ops/s"), Figure.of(20, "ops/s")));
  }

  @Test
  void whatTheTableWroteIsReadBack(@TempDir Path folder) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Table table = new Table(new PrintStream(out, true, StandardCharsets.UTF_8));
    table.head("machine", "one");
    table.add(Row.of("gemm", "NN", 2, 98.5, "GFLOP/s").limitedBy(115).with("odd", Double.NaN));
    Path file = folder.resolve("r.json");
    table.write(file);
    Map<String, Figure> figures = Compare.figures(Json.parse(file), "r.json");
    assertEquals(Map.of("gemm: NN, threads 2", Figure.of(98.5, "GFLOP/s")), figures);
    String printed = out.toString(StandardCharsets.UTF_8);
    assertTrue(printed.contains("86 %"), printed);
  }

  @Test
  void resultsOfJmhAreReadToo() {
    Object json =
        Json.parse(
            """
            [{"benchmark": "a.b", "params": {"threads": "1"},
              "primaryMetric": {"score": 2.5, "scoreUnit": "ms/op"}}]
            """,
            "jmh.json");
    assertEquals(
        Map.of("a.b{threads=1}", Figure.of(2.5, "ms/op")), Compare.figures(json, "jmh.json"));
  }

  @Test
  void rowsWithoutResultsAreAnError() {
    assertThrows(
        RealmException.class, () -> Compare.figures(Map.of("rows", List.of()), "empty.json"));
  }

  @Test
  void aPeerThatCannotStartIsMissing() {
    Peer.Missing e =
        assertThrows(
            Peer.Missing.class,
            () -> new Peer("torch", List.of("/does/not/exist"), Map.of("load", "mlm")));
    assertTrue(String.valueOf(e.getMessage()).startsWith("torch: "), e.getMessage());
  }
}
