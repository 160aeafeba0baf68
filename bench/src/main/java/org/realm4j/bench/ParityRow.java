package org.realm4j.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.bench.MiniLmOperations.Work;

/**
 * Rows of {@link BackendsSection}: seconds of the reference, beside ND4J's, with the rates that
 * follow and how exact both are.
 */
final class ParityRow {
  static final Columns COLUMNS =
      new Columns(
          List.of(
              "",
              "threads",
              "µs: reference",
              "nd4j",
              "ratio",
              "quartiles",
              "GFLOP/s: reference",
              "nd4j",
              "GB/s: reference",
              "nd4j",
              "nd4j of peak",
              "deviation: reference",
              "nd4j",
              "allowed"));

  private ParityRow() {}

  /** Of one call, from the samples of the reference and, where it is there, of ND4J. */
  static Row timed(String name, int threads, List<List<Sample>> samples) {
    if (samples.size() < 2) {
      return untimed(name, threads, 1 / Comparison.speed(1, samples.getFirst()));
    }
    Comparison c = Comparison.of(1, samples.get(0), samples.get(1));
    return new Row(
        BackendsSection.NAME,
        name,
        threads,
        1 / c.ours(),
        "s",
        MeasuredBackend.ND4J,
        1 / c.peer(),
        c.ratio(),
        c.low(),
        c.high(),
        List.of(),
        Double.NaN,
        new LinkedHashMap<>());
  }

  /** Of what is only compared. */
  static Row untimed(String name, int threads) {
    return untimed(name, threads, Double.NaN);
  }

  private static Row untimed(String name, int threads, double seconds) {
    return Row.of(BackendsSection.NAME, name, threads, seconds, "s");
  }

  /** Adds the rates at which it did what it cannot do without, and the deviations. */
  static Row complete(Row row, Work work, Deviations deviations, double peakGflops) {
    double flop = work.flop() == 0 ? Double.NaN : work.gigaflop();
    double bytes = work.floats() == 0 ? Double.NaN : work.gigabytes();
    return row.with("gflop", flop)
        .with("gigabytes", bytes)
        .with("gflops", flop / row.ours())
        .with("peer_gflops", flop / row.peer())
        .with("gbps", bytes / row.ours())
        .with("peer_gbps", bytes / row.peer())
        .with("peer_peak_share", flop / row.peer() / peakGflops)
        .with("deviation", deviations.reference())
        .with("peer_deviation", deviations.nd4j())
        .with("allowed", deviations.allowed());
  }

  static List<String> cells(Row row) {
    double share = figure(row, "peer_peak_share");
    return List.of(
        row.name() + (row.disturbed() ? " *" : ""),
        Integer.toString(row.threads()),
        number(1e6 * row.ours()),
        number(1e6 * row.peer()),
        Table.fixed(row.ratio()),
        Double.isNaN(row.low()) ? "" : Table.fixed(row.low()) + "–" + Table.fixed(row.high()),
        number(figure(row, "gflops")),
        number(figure(row, "peer_gflops")),
        number(figure(row, "gbps")),
        number(figure(row, "peer_gbps")),
        Double.isNaN(share) ? "" : number(100 * share) + " %",
        small(figure(row, "deviation")),
        small(figure(row, "peer_deviation")),
        small(figure(row, "allowed")));
  }

  static double figure(Row row, String key) {
    return row.more().get(key) instanceof Double d ? d : Double.NaN;
  }

  private static String number(double x) {
    return Double.isNaN(x) ? "" : x < 1e-3 ? small(x) : Table.number(x);
  }

  /** Two digits, as in 4.7e-8. */
  static String small(double x) {
    if (Double.isNaN(x)) {
      return "";
    }
    return x == 0 ? "0" : String.format(Locale.ROOT, "%.1e", x).replace("e-0", "e-");
  }
}
