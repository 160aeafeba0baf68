package org.realm4j.bench;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ./realm bench compare}. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    description = {
      "Prints what two results have in common, and by how much they differ.",
      "",
      "Both are files of --json, or both of JMH. Above 1 the new one is faster."
    })
final class Compare implements Runnable {
  /**
   * One result.
   *
   * @param smallerIsBetter whether it is a time
   */
  record Figure(double value, String unit, boolean smallerIsBetter) {
    static Figure of(double value, String unit) {
      boolean time = unit.startsWith("ns") || unit.matches("(CPU )?s") || unit.endsWith("/op");
      return new Figure(value, unit, time || unit.equals("MiB"));
    }
  }

  @Parameters(paramLabel = "OLD.json")
  private Path old;

  @Parameters(paramLabel = "NEW.json")
  private Path fresh;

  @Override
  public void run() {
    Map<String, Figure> before = figures(Json.parse(old), old.toString());
    Map<String, Figure> after = figures(Json.parse(fresh), fresh.toString());
    System.out.printf("| %-70s | %10s | %10s | new / old |%n", "", "old", "new");
    System.out.println("|---|---:|---:|---:|");
    before.forEach(
        (name, was) -> {
          Figure is = after.get(name);
          if (is != null) {
            System.out.printf(
                "| %-70s | %10s | %10s | %9.3f |%n",
                name + " (" + was.unit + ")",
                Table.number(was.value),
                Table.number(is.value),
                ratio(was, is));
          }
        });
  }

  /** How many times faster, or smaller, the new one is. */
  static double ratio(Figure before, Figure after) {
    return before.smallerIsBetter ? before.value / after.value : after.value / before.value;
  }

  /** By section, name and threads, or by JMH's benchmark and parameters. */
  static Map<String, Figure> figures(@Nullable Object json, String where) {
    Map<String, Figure> figures = new LinkedHashMap<>();
    if (json instanceof List<?> benchmarks) {
      for (Object o : benchmarks) {
        JsonObject b = JsonObject.of(o, where);
        String name = b.string("benchmark") + (b.has("params") ? b.object("params").fields() : "");
        JsonObject metric = b.object("primaryMetric");
        figures.put(name, Figure.of(metric.number("score"), metric.string("scoreUnit")));
      }
      return figures;
    }
    for (Object o : JsonObject.of(json, where).list("rows")) {
      JsonObject row = JsonObject.of(o, where);
      if (row.has("ours")) {
        String name =
            "%s: %s, threads %d"
                .formatted(row.string("section"), row.string("name"), row.integer("threads"));
        figures.putIfAbsent(name, Figure.of(row.number("ours"), row.string("unit")));
      }
    }
    if (figures.isEmpty()) {
      throw new RealmException.BadInput(where + ": expected rows with results, found none");
    }
    return figures;
  }
}
