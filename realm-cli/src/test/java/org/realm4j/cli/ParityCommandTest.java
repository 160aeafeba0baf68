package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.Json;
import org.realm4j.testkit.golden.GoldenRunner;

class ParityCommandTest {
  @TempDir private Path dir;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void bundledCasesPassAndAreReported() {
    Path json = dir.resolve("parity.json");
    assertEquals(0, realm("parity", "--backend", "oracle", "--json", json.toString()));
    assertTrue(out.toString().contains("g_bert/model_len10"), out::toString);
    assertTrue(out.toString().contains(" 0 failed, 0 skipped"), out::toString);
    assertEquals(17, Json.parseObject(json).list("cases").size());
  }

  @Test
  void aWrongToleranceFailsWithStatusOne() throws IOException {
    Path kind = Files.createDirectory(dir.resolve("h_adamw"));
    for (String end : new String[] {".inputs.safetensors", ".expected.safetensors", ".json"}) {
      try (var in = GoldenRunner.class.getResourceAsStream("h_adamw/adamw" + end)) {
        Files.copy(in, kind.resolve("adamw" + end));
      }
    }
    Path json = kind.resolve("adamw.json");
    Files.writeString(json, Files.readString(json).replaceAll("\"atol\": [^}]*", "\"atol\": 0.0"));
    assertEquals(1, realm("parity", dir.toString(), "--backend", "oracle"));
    assertTrue(out.toString().contains("FAILED"), out::toString);
    assertTrue(out.toString().contains("p.dense.bias: deviates by"), out::toString);
  }

  @Test
  void aFolderWithoutCasesIsAnError() {
    assertEquals(1, realm("parity", dir.toString()));
    assertTrue(err.toString().contains("no golden case"), err::toString);
  }

  private int realm(String... args) {
    return Main.run(new PrintWriter(out), new PrintWriter(err), args);
  }
}
