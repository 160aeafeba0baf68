package org.realm4j.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs several sides by turns, A B C A B C, so that whatever else the machine does meets all of
 * them. Before each turn it rests: threads of the side before may still spin, waiting for work.
 */
final class Alternately {
  /** OpenBLAS's threads wait awake for up to 2^26 cycles. */
  private static final long REST_MILLIS = 40;

  /** One of those that are compared. */
  interface Side {
    Sample run();
  }

  /**
   * One turn.
   *
   * @param seconds of the work that is compared
   * @param cpuSeconds of all threads of the side meanwhile; less than threads times seconds where
   *     others had the cores
   */
  record Sample(double seconds, double cpuSeconds) {}

  private Alternately() {}

  /** The samples of each side in turn, {@code [sides][rounds]}. */
  static List<List<Sample>> run(int rounds, List<? extends Side> sides) {
    List<List<Sample>> samples = new ArrayList<>();
    sides.forEach(_ -> samples.add(new ArrayList<>()));
    for (int r = 0; r < rounds; r++) {
      for (int s = 0; s < sides.size(); s++) {
        rest();
        samples.get(s).add(sides.get(s).run());
      }
    }
    return samples;
  }

  private static void rest() {
    try {
      Thread.sleep(REST_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring", e);
    }
  }

  /**
   * Work in this process, repeated until a turn takes so long; each turn begins with a call that is
   * not timed and wakes the threads.
   */
  static Side here(Runnable work, double turnSeconds) {
    work.run();
    long begun = System.nanoTime();
    work.run();
    double once = (System.nanoTime() - begun) * 1e-9;
    int calls = Math.clamp((long) (turnSeconds / once), 1, 10_000);
    return () -> {
      work.run();
      long cpu = processCpu();
      long start = System.nanoTime();
      for (int i = 0; i < calls; i++) {
        work.run();
      }
      double seconds = (System.nanoTime() - start) * 1e-9 / calls;
      return new Sample(seconds, (processCpu() - cpu) * 1e-9 / calls);
    };
  }

  /** Runs it for so long, until the compiler is done. */
  static void warm(Runnable work, double seconds) {
    long until = System.nanoTime() + (long) (seconds * 1e9);
    do {
      work.run();
    } while (System.nanoTime() < until);
  }

  /** Nanoseconds of all threads of this process. */
  static long processCpu() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
