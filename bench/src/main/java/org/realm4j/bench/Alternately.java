package org.realm4j.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Runs several sides by turns, A B C A B C, so that whatever else the machine does meets all of
 * them. Before each turn it rests: threads of the side before may still spin, waiting for work.
 */
final class Alternately {
  /** OpenBLAS's threads wait awake for up to 2^26 cycles. */
  private static final long REST_MILLIS = 40;

  private static final double WAKING_SECONDS = 0.06;

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
   * Work in this process, repeated until a turn takes so long. What a turn begins with is not
   * timed: after the rest a thread that wakes may sit on its caller's processor for many
   * milliseconds, above all in a virtual machine.
   */
  static Side here(Runnable work, double turnSeconds) {
    return here(work, turnSeconds, System::nanoTime);
  }

  static Side here(Runnable work, double turnSeconds, LongSupplier clock) {
    return () -> {
      repeat(work, WAKING_SECONDS, clock);
      long cpu = processCpu();
      long start = clock.getAsLong();
      int calls = repeat(work, turnSeconds, clock);
      double seconds = (clock.getAsLong() - start) * 1e-9 / calls;
      return new Sample(seconds, (processCpu() - cpu) * 1e-9 / calls);
    };
  }

  /** How often it ran, until so long had passed. */
  private static int repeat(Runnable work, double seconds, LongSupplier clock) {
    long until = clock.getAsLong() + (long) (seconds * 1e9);
    int calls = 0;
    do {
      work.run();
      calls++;
    } while (clock.getAsLong() < until);
    return calls;
  }

  /** Runs it for so long, until the compiler is done. */
  static void warm(Runnable work, double seconds) {
    repeat(work, seconds, System::nanoTime);
  }

  /** Nanoseconds of all threads of this process. */
  static long processCpu() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
