package org.realm4j.testkit.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.RealmException;
import org.realm4j.io.Safetensors;

class GoldenFolderTest {
  @TempDir Path folder;

  @BeforeEach
  void writeACase() throws IOException {
    Path directory = Files.createDirectories(folder.resolve("a_model"));
    Files.createDirectories(folder.resolve("empty"));
    Files.writeString(directory.resolve("config.json"), "{}");
    Files.writeString(
        directory.resolve("tiny.json"),
        """
        {"case": "a_model/tiny", "description": "two sequences", "extra": {"k": 3},
         "tensors": {"states": {"shape": [2, 3, 2], "atol": 0.25}, "loss": {"shape": [], "atol": 0.5},
          "prediction": {"shape": [2], "dtype": "int64", "exact": true}}}
        """);
    SequencedMap<String, Safetensors.Tensor> inputs = new LinkedHashMap<>();
    inputs.put("ids", ints(2, 7, 3, 2, 9, 0));
    inputs.put("mask", ints(1, 1, 1, 1, 1, 0));
    inputs.put("types", ints(0, 0, 1, 0, 1, 0));
    inputs.put("probe", new Safetensors.Entry(new long[] {2}, new float[] {0.5f, -1}));
    Safetensors.write(directory.resolve("tiny.inputs.safetensors"), inputs, Map.of());
    SequencedMap<String, Safetensors.Tensor> outputs = new LinkedHashMap<>();
    double[] states = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99, 99};
    outputs.put("states", new Safetensors.DoubleEntry(new long[] {2, 3, 2}, states));
    outputs.put("loss", new Safetensors.DoubleEntry(new long[0], new double[] {1.5}));
    outputs.put("prediction", new Safetensors.LongEntry(new long[] {2}, new long[] {1, 0}));
    Safetensors.write(directory.resolve("tiny.expected.safetensors"), outputs, Map.of());
  }

  private static Safetensors.LongEntry ints(long... values) {
    return new Safetensors.LongEntry(new long[] {2, 3}, values);
  }

  private GoldenCase tiny() {
    return GoldenFolder.cases(folder).get("a_model").get(0);
  }

  @Test
  void listsCasesByDirectory() {
    assertEquals(List.of("a_model"), List.copyOf(GoldenFolder.cases(folder).keySet()));
    GoldenCase c = tiny();
    assertEquals("a_model/tiny", c.toString());
    assertEquals("two sequences", c.description());
    assertEquals(3, c.json().object("extra").int32("k"));
    assertArrayEquals(new int[] {2, 3}, c.ints("ids").shape());
    assertArrayEquals(new float[] {0.5f, -1}, c.floats("probe").values());
    assertThrows(RealmException.BadInput.class, () -> c.ints("probe"));
  }

  @Test
  void comparesWithinTheTolerance() {
    GoldenCase c = tiny();
    assertTrue(c.compare("loss", new float[] {1.9f}).passed());
    Comparison far = c.compare("loss", new float[] {2.25f});
    assertFalse(far.passed());
    assertEquals(0.75, far.maxDeviation());
    assertTrue(far.allowing(2).passed());
    assertFalse(c.compare("loss", new float[] {Float.NaN}).passed());
    assertFalse(c.compare("loss", new float[] {1.5f, 1.5f}).passed());
    assertTrue(c.compare("prediction", new float[] {1, 0}).passed());
    assertFalse(c.compare("prediction", new float[] {1, 1e-6f}).passed());
  }

  @Test
  void packsWithoutPadding() {
    GoldenCase c = tiny();
    Packed p = c.packed("ids", "mask", "types");
    assertArrayEquals(new int[] {2, 7, 3, 2, 9}, p.ids());
    assertArrayEquals(new int[] {0, 0, 1, 0, 1}, p.types());
    assertArrayEquals(new int[] {0, 1, 2, 0, 1}, p.positions());
    assertArrayEquals(new int[] {0, 3, 5}, p.offsets());
    assertArrayEquals(new int[] {0, 1, 2, 3, 4}, p.rows());
    assertEquals(4, p.row(1, 1));
    assertThrows(RealmException.BadInput.class, () -> p.row(1, 2));
    float[] packed = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    assertTrue(c.compare("states", packed, p).passed());
    packed[9] = 10;
    assertFalse(c.compare("states", packed, p).passed());
  }

  @Test
  void saysWhenThereIsNothing() {
    assertThrows(RealmException.BadInput.class, () -> GoldenFolder.cases(folder.resolve("empty")));
    assertThrows(RealmException.BadInput.class, () -> GoldenFolder.cases(folder.resolve("none")));
  }

  @Test
  @EnabledIfSystemProperty(named = "realm.goldens", matches = ".+")
  void readsTheRealOnes() {
    var cases = GoldenFolder.cases(Path.of(System.getProperty("realm.goldens")));
    assertFalse(cases.isEmpty());
    cases.values().stream()
        .flatMap(List::stream)
        .forEach(
            c -> c.expected().forEach((n, e) -> assertTrue(c.compare(n, e.values()).passed())));
  }
}
