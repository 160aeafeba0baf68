package org.realm4j.testkit.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.Safetensors;
import org.realm4j.testkit.oracle.OracleBackend;

class GoldenRunnerTest {
  private static final String NAME = "adamw_clip1";

  @TempDir private Path dir;

  @Test
  void aChangedTruthFailsAtThatTensor() throws IOException {
    GoldenResult result = runWith("p.dense.bias", 1e-4, Map.of());
    assertEquals(
        List.of("p.dense.bias"), result.failures().stream().map(Comparison::name).toList());
    assertEquals(1e-4, result.failures().getFirst().maxDeviation(), 1e-7);
    assertTrue(
        GoldenTable.text(List.of(result)).contains("p.dense.bias: deviates by 1.00e-04"),
        () -> GoldenTable.text(List.of(result)));
  }

  @Test
  void aTensorThatNobodyComparesFails() throws IOException {
    GoldenResult result = runWith("", 0, Map.of("p.forgotten", new double[] {1}));
    assertEquals(List.of("p.forgotten"), result.failures().stream().map(Comparison::name).toList());
    assertTrue(GoldenTable.text(List.of(result)).contains("p.forgotten: not a number"));
  }

  @Test
  void notANumberFails() throws IOException {
    GoldenResult result = runWith("p.dense.bias", Double.NaN, Map.of());
    assertFalse(result.passed());
    assertEquals(1, result.failures().size());
  }

  @Test
  void anUnknownKindIsSkipped() throws IOException {
    copyTo("z_new");
    GoldenResult result = run();
    assertTrue(result.skipped());
    assertTrue(result.passed());
    assertTrue(GoldenTable.text(List.of(result)).contains("skipped"));
  }

  @Test
  void theTemporaryFolderIsDeleted() {
    BundledGoldens goldens = BundledGoldens.copy();
    assertEquals(9, GoldenFolder.cases(goldens.folder()).size());
    goldens.close();
    assertFalse(Files.exists(goldens.folder()));
  }

  private Path copyTo(String kind) throws IOException {
    Path folder = Files.createDirectory(dir.resolve(kind));
    for (String end : List.of(".inputs.safetensors", ".expected.safetensors", ".json")) {
      try (InputStream in = GoldenRunner.class.getResourceAsStream("h_adamw/" + NAME + end)) {
        Files.copy(in, folder.resolve(NAME + end));
      }
    }
    return folder;
  }

  private GoldenResult run() {
    GoldenCase only = GoldenFolder.cases(dir).firstEntry().getValue().getFirst();
    return new GoldenRunner(new OracleBackend(), 1).run(only);
  }

  /** Copies a case and adds something to the first entry of one tensor, or further tensors. */
  private GoldenResult runWith(String tensor, double off, Map<String, double[]> further)
      throws IOException {
    Path expected = copyTo("h_adamw").resolve(NAME + ".expected.safetensors");
    SequencedMap<String, Safetensors.DoubleEntry> tensors = new LinkedHashMap<>();
    try (Safetensors file = Safetensors.open(expected)) {
      for (String name : file.names()) {
        double[] values = file.doubles(name);
        values[0] += name.equals(tensor) ? off : 0;
        tensors.put(name, new Safetensors.DoubleEntry(file.shape(name), values));
      }
    }
    further.forEach(
        (name, x) -> tensors.put(name, new Safetensors.DoubleEntry(new long[] {x.length}, x)));
    Safetensors.write(expected, tensors, Map.of());
    Path json = expected.resolveSibling(NAME + ".json");
    for (String name : further.keySet()) {
      String entry = "\"tensors\": {\"" + name + "\": {\"atol\": 1.0},";
      Files.writeString(json, Files.readString(json).replace("\"tensors\": {", entry));
    }
    return run();
  }
}
