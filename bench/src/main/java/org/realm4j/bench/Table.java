package org.realm4j.bench;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Json;

/** The results, printed as they come, as a table of Markdown. */
final class Table {
  private final PrintStream out;
  private final List<Row> rows = new ArrayList<>();
  private final Map<String, Object> machine = new LinkedHashMap<>();
  private String section = "";
  private boolean disturbed;

  Table(PrintStream out) {
    this.out = out;
  }

  List<Row> rows() {
    return rows;
  }

  /** A line above the table, such as a version. */
  void head(String key, String value) {
    machine.put(key, value);
    out.printf("%-12s %s%n", key, value);
  }

  void add(Row row) {
    if (!row.section().equals(section)) {
      section = row.section();
      out.printf("%n### %s%n", section);
      line("", "threads", "ours", "peer", "ratio", "quartiles", "target", "limit");
      line("---", "---:", "---", "---", "---:", "---", "---", "---:");
    }
    rows.add(row);
    disturbed |= row.disturbed();
    line(
        row.name() + (row.disturbed() ? " *" : ""),
        Integer.toString(row.threads()),
        number(row.ours()) + " " + row.unit(),
        Double.isNaN(row.peer()) ? row.peerName() : row.peerName() + " " + number(row.peer()),
        fixed(row.ratio()),
        Double.isNaN(row.low()) ? "" : fixed(row.low()) + "–" + fixed(row.high()),
        String.join(", ", row.targets().stream().map(t -> t.describe(row)).toList()),
        Double.isNaN(row.limit()) ? "" : String.format(Locale.ROOT, "%.0f %%", 100 * row.share()));
    out.flush();
  }

  /** A row that its section prints by itself, in columns of its own. */
  void add(Row row, String line) {
    rows.add(row);
    disturbed |= row.disturbed();
    out.println(line);
    out.flush();
  }

  /** A sentence below the last row. */
  void say(String format, Object... arguments) {
    out.printf(Locale.ROOT, format + "%n", arguments);
    out.flush();
  }

  private void line(Object... cells) {
    out.printf("| %-44s | %7s | %-18s | %-26s | %5s | %-11s | %-22s | %5s |%n", cells);
  }

  static String fixed(double x) {
    return Double.isNaN(x) ? "" : String.format(Locale.ROOT, "%.2f", x);
  }

  /** Three digits at least, and no more than make sense. */
  static String number(double x) {
    double size = Math.abs(x);
    String format = size >= 1000 ? "%,.0f" : size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.3f";
    return Double.isNaN(x) ? "–" : String.format(Locale.ROOT, format, x);
  }

  /** What has to be known to read the rows. */
  void end() {
    long all = targets(null);
    if (all > 0) {
      say("%n%d of %d targets met.", targets(true), all);
    }
    if (disturbed) {
      say("%n* A side had clearly fewer cores than threads: other work ran, do not trust the row.");
    }
  }

  /** How many targets of all rows are met, or not, or, for null, were measured at all. */
  private long targets(@Nullable Boolean met) {
    return rows.stream()
        .flatMap(r -> r.targets().stream().map(t -> t.met(r)))
        .filter(m -> m != null && (met == null || met.equals(m)))
        .count();
  }

  void write(Path file) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("machine", machine);
    json.put("rows", rows.stream().map(Row::toJson).toList());
    Json.write(file, json);
  }
}
