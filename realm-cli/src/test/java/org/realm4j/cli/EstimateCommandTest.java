package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.nn.RealmModel;

class EstimateCommandTest {
  @TempDir Path folder;

  private JsonObject figures(Object... args) {
    Path json = folder.resolve("figures.json");
    Ran.realm(List.of("estimate"), List.of(args), List.of("--json", json)).succeeded();
    return Json.parseObject(json);
  }

  private Path config(String json) throws IOException {
    return Files.writeString(folder.resolve("c.json"), json);
  }

  @Test
  void tableSaysWhatIsCountedMeasuredAndAssumed() {
    String measured = Ran.realm("estimate").succeeded().out();
    for (String part :
        List.of("parameters", "counted", "measured rate", "13,353,718 passages", "docs/perform")) {
      assertTrue(measured.contains(part), () -> part + " is not in " + measured);
    }
    assertFalse(measured.contains("assumed rate"), measured);
    String assumed = Ran.realm("estimate", "--device", "nvidia-t4", "--cards", 8).succeeded().out();
    for (String part :
        List.of("assumed rate", "40 %", "not measured", "trains on one device so far")) {
      assertTrue(assumed.contains(part), () -> part + " is not in " + assumed);
    }
    assertFalse(assumed.contains("measured rate"), assumed);
    // where the columns end, all numbers do
    int end =
        assumed.lines().filter(l -> l.startsWith("layers in")).findFirst().orElseThrow().length();
    assumed
        .lines()
        .filter(l -> l.endsWith("counted") || l.endsWith(" rate"))
        .forEach(l -> assertTrue(Character.isDigit(l.charAt(end - 1)), l));
    assumed.lines().forEach(l -> assertTrue(l.length() <= 100, l));
  }

  @Test
  void tableIsTheSameInAnyLocale() {
    Locale before = Locale.getDefault();
    String here = Ran.realm("estimate").out();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertEquals(here, Ran.realm("estimate").out());
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void fileAndOptionsChangeThePlanAndOptionsComeFirst() throws IOException {
    Path file = config("{\"batch\": 32, \"steps\": 1000, \"passages\": 1000000}");
    JsonObject paper = figures();
    JsonObject given = figures("--config", file, "--steps", 10, "--device", "nvidia-a100-40");
    assertEquals(1_000_000L * 128 * 4, given.integer("index_bytes"));
    assertEquals(
        paper.object("kept").number("step_operations") / 16,
        given.object("kept").number("step_operations"),
        1);
    assertEquals(
        10 * given.object("kept").number("step_seconds") / 86_400,
        given.object("kept").number("step_days"),
        1e-9);
    assertEquals(0, given.integer("refreshes"));
    assertEquals(paper.integer("parameters"), given.integer("parameters"));
  }

  @Test
  void folderOfAModelIsCountedAsItIs() throws IOException {
    Path realm = TinyFiles.realm(folder.resolve("realm"));
    long built =
        RealmModel.open(realm).parts().values().stream()
            .flatMap(List::stream)
            .mapToLong(p -> (long) p.rows() * p.cols())
            .sum();
    assertEquals(built, figures("--config", realm).integer("parameters"));
    assertEquals(built, figures("--config", realm.resolve("realm.json")).integer("parameters"));
    Ran.realm("estimate", "--config", realm, "--passage-tokens", 600)
        .failedWith("query 96 + passage 600", "512");
  }

  @Test
  void helpNamesEveryKeyAndDevice() throws IOException {
    String help = Ran.realm("estimate", "--help").out().replaceAll("\\s+", " ");
    for (EstimatePlan.Key key : EstimatePlan.Key.values()) {
      assertTrue(help.contains(key.key()), key.key());
    }
    EstimateDevice.names().forEach(name -> assertTrue(help.contains(name), name));
    JsonObject figures = figures();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
    figures.object("kept").fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
  }

  @Test
  void unknownDeviceNamesThoseThereAre() {
    Ran.realm("estimate", "--device", "abacus")
        .wasWrongUse("--device", "abacus", "reference-2-cores", "tpu-v3-core");
  }

  @Test
  void whatCannotBeIsToldWithFileAndKey() throws IOException {
    Ran.realm("estimate", "--config", config("{\"layers\": 3}"))
        .failedWith("c.json: \"layers\": no such key", "num_hidden_layers");
    Ran.realm("estimate", "--config", config("{\"hidden_size\": 0}"))
        .failedWith("c.json: \"hidden_size\": expected a whole number from 1 to 100,000, found 0");
    Ran.realm("estimate", "--config", config("{\"steps\": \"many\"}"))
        .failedWith("c.json: \"steps\": expected an integer, found the string \"many\"");
    Ran.realm("estimate", "--config", config("{\"hidden_size\": 100}"))
        .failedWith("c.json: ", "100 is no multiple of 12 heads");
    Ran.realm("estimate", "--config", config("{\"query_tokens\": 11}"))
        .failedWith("c.json: \"masked_tokens\": expected at most the 9", "found 10");
    Ran.realm("estimate", "--config", folder.resolve("none.json")).failedWith("none.json");
    Ran.realm("estimate", "--config", folder).failedWith("no realm.json");
    Ran.realm("estimate", "--candidates", 0)
        .failedWith("--candidates: expected a whole number from 1 to 1,000, found 0");
    Ran.realm("estimate", "--batch", 4, "--cards", 5)
        .wasWrongUse("--cards", "4 queries of a step", "found 5");
    Ran.realm("estimate", "--share", 0).wasWrongUse("--share", "above 0");
    Ran.realm("estimate", "--share", 1.5).wasWrongUse("from 0 to 1");
  }

  @Test
  void whatDoesNotFitHasNoTime() throws IOException {
    Path huge = config("{\"hidden_size\": 12288, \"intermediate_size\": 49152}");
    Ran ran = Ran.realm("estimate", "--device", "nvidia-t4", "--config", huge).succeeded();
    assertTrue(ran.out().contains("none"), ran.out());
    JsonObject kept = figures("--device", "nvidia-t4", "--config", huge).object("kept");
    assertEquals(0, kept.integer("micro_batch"));
    assertFalse(kept.has("step_seconds"));
  }

  @Test
  void largestSizesDoNotOverflow() throws IOException {
    Path most =
        config(
            "{\"vocab_size\": 10000000, \"hidden_size\": 100000, \"num_hidden_layers\": 1000,"
                + " \"num_attention_heads\": 1000, \"intermediate_size\": 1000000,"
                + " \"max_position_embeddings\": 100000, \"query_tokens\": 1000,"
                + " \"passage_tokens\": 99001, \"passages\": 2147483647, \"candidates\": 1000}");
    Ran ran = Ran.realm("estimate", "--config", most).succeeded();
    assertFalse(ran.out().lines().anyMatch(l -> l.contains(" -") && l.contains("GiB")), ran.out());
    assertTrue(ran.out().contains("one Java array"), ran.out());
    JsonObject kept = figures("--config", most).object("kept");
    // 1,000 candidates, 1,000 layers, about 10^5 tokens: at least ten values of each state
    assertTrue(kept.number("activation_bytes") > 4.0 * 1e3 * 1e3 * 1e5 * 1e6 / 10, kept::toString);
  }
}
