package org.realm4j.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of the table. Numbers that do not apply are NaN.
 *
 * @param ours this library's figure, in {@code unit}
 * @param peerName whom it is compared with, empty if nobody
 * @param ratio ours to the peer's speed; above 1 this library is faster
 * @param low first quartile of the ratio over the rounds, {@code high} the third
 * @param targets what it shall reach; most rows have none
 * @param limit what the machine allows, in {@code unit}
 * @param more figures for the JSON file only
 */
record Row(
    String section,
    String name,
    int threads,
    double ours,
    String unit,
    String peerName,
    double peer,
    double ratio,
    double low,
    double high,
    List<Target> targets,
    double limit,
    Map<String, Object> more) {
  private static final double LEAST_CORES = 0.85;

  static Row of(String section, String name, int threads, double ours, String unit) {
    double no = Double.NaN;
    return new Row(
        section,
        name,
        threads,
        ours,
        unit,
        "",
        no,
        no,
        no,
        no,
        List.of(),
        no,
        new LinkedHashMap<>());
  }

  /** Beside a peer. */
  static Row of(
      String section, String name, int threads, String unit, String peerName, Comparison c) {
    Row row =
        new Row(
            section,
            name,
            threads,
            c.ours(),
            unit,
            peerName,
            c.peer(),
            c.ratio(),
            c.low(),
            c.high(),
            List.of(),
            Double.NaN,
            new LinkedHashMap<>());
    return row.with("our_cores", c.ourCores()).with("peer_cores", c.peerCores());
  }

  Row limitedBy(double most) {
    return new Row(
        section, name, threads, ours, unit, peerName, peer, ratio, low, high, targets, most, more);
  }

  Row toward(List<Target> goals) {
    return new Row(
        section, name, threads, ours, unit, peerName, peer, ratio, low, high, goals, limit, more);
  }

  Row toward(Target... goals) {
    return toward(List.of(goals));
  }

  Row with(String key, Object value) {
    more.put(key, value);
    return this;
  }

  /** Whether a side had clearly fewer cores than threads: something else ran meanwhile. */
  boolean disturbed() {
    return cores("our_cores") < LEAST_CORES * threads
        || cores("peer_cores") < LEAST_CORES * threads;
  }

  private double cores(String key) {
    return more.get(key) instanceof Double d ? d : Double.POSITIVE_INFINITY;
  }

  /** The share of the limit: for times the limit is the smaller figure. */
  double share() {
    return unit.startsWith("ns") || unit.equals("s") ? limit / ours : ours / limit;
  }

  Map<String, @Nullable Object> toJson() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("section", section);
    json.put("name", name);
    json.put("threads", threads);
    put(json, "ours", ours);
    json.put("unit", unit);
    json.put("peer_name", peerName);
    put(json, "peer", peer);
    put(json, "ratio", ratio);
    put(json, "ratio_low", low);
    put(json, "ratio_high", high);
    put(json, "limit", limit);
    if (!targets.isEmpty()) {
      json.put("targets", targets.stream().map(t -> t.toJson(this)).toList());
    }
    more.forEach((k, v) -> json.put(k, v instanceof Double d && !Double.isFinite(d) ? null : v));
    return json;
  }

  private static void put(Map<String, @Nullable Object> json, String key, double value) {
    if (Double.isFinite(value)) {
      json.put(key, value);
    }
  }
}
