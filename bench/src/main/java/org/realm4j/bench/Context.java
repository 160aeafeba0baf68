package org.realm4j.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.realm4j.reference.KernelChoice;

/** What all sections share: how to measure, where results go, and the machine's limits. */
final class Context {
  private final List<Integer> threads;
  private final int rounds;
  private final boolean quick;
  private final KernelChoice kernels;
  private final Table table;
  private final Map<Integer, Limits> limits = new HashMap<>();
  private final Set<String> missing = new HashSet<>();
  private final List<String> failures = new ArrayList<>();

  Context(List<Integer> threads, int rounds, boolean quick, KernelChoice kernels, Table table) {
    this.threads = threads;
    this.rounds = rounds;
    this.quick = quick;
    this.kernels = kernels;
    this.table = table;
  }

  List<Integer> threads() {
    return threads;
  }

  /** Turns of each side, or the section's own number of them; fewer for a quick look. */
  int rounds(int usual) {
    return rounds > 0 ? rounds : quick ? Math.max(3, usual / 4) : usual;
  }

  boolean quick() {
    return quick;
  }

  /** One value for a quick look, another one for a measurement. */
  <T> T either(T whenQuick, T otherwise) {
    return quick ? whenQuick : otherwise;
  }

  KernelChoice kernels() {
    return kernels;
  }

  Table table() {
    return table;
  }

  void add(Row row) {
    table.add(row);
  }

  void progress(String line) {
    System.err.println("bench: " + line);
  }

  /** Something that must not be, such as results that differ: the run goes on and fails at last. */
  void fail(String line) {
    System.err.println("bench: FAILED: " + line);
    failures.add(line);
  }

  List<String> failures() {
    return failures;
  }

  /** Before a section: a measurement that other work disturbed is not the limit. */
  void measureLimitsAgain() {
    limits.replaceAll((t, known) -> known.or(Limits.measure(t, either(0.2, 0.5))));
  }

  /** Measured when the first section asks. */
  Limits limits(int threadCount) {
    Limits known = limits.get(threadCount);
    if (known == null) {
      progress("limits of the machine, threads " + threadCount);
      known = Limits.measure(threadCount, either(0.3, 1.0));
      limits.put(threadCount, known);
    }
    return known;
  }

  /** A peer, or null with one line about what is missing. */
  <T> @Nullable T peer(Supplier<T> open) {
    try {
      return open.get();
    } catch (Peer.Missing e) {
      String line = e.getMessage() + "; its column stays empty. Install with: bench/peers/install";
      if (missing.add(line)) { // once is enough
        progress(line);
      }
      return null;
    }
  }
}
