package org.realm4j.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;
import org.realm4j.reference.GemmProbe;
import org.realm4j.reference.KernelChoice;

/**
 * Matrix products of an encoder's shapes: GFLOP/s, the median after warm-up, by the wall clock and
 * by the CPU time of its threads, which other load on the machine disturbs less (the clock of each
 * thread: that of the whole process moves in steps of 10 ms). What the second one leaves out is any
 * waiting, so only the wall clock says how well threads scale. Arguments: kernels (AUTO), then
 * thread counts (1 2).
 */
public final class GemmBench {
  private static final int[][] SHAPES = {
    {2700, 384, 384}, {2700, 384, 1536}, {2700, 1536, 384}, {256, 384, 30522}
  };

  private GemmBench() {}

  public static void main(String[] args) {
    KernelChoice choice = args.length > 0 ? KernelChoice.valueOf(args[0]) : KernelChoice.AUTO;
    int[] threads = {1, 2};
    if (args.length > 1) {
      threads = Arrays.stream(args).skip(1).mapToInt(Integer::parseInt).toArray();
    }
    System.out.println(choice.kernels().describe());
    for (int t : threads) {
      try (GemmProbe probe = new GemmProbe(choice, t)) {
        for (int[] s : SHAPES) {
          for (GemmProbe.Form form : GemmProbe.Form.values()) {
            report(probe, form, t, s);
          }
        }
      }
    }
  }

  private static void report(GemmProbe probe, GemmProbe.Form form, int threads, int[] shape) {
    double work = 2e-9 * shape[0] * shape[1] * shape[2];
    Runnable product = probe.product(form, shape[0], shape[1], shape[2]);
    long warm = System.nanoTime();
    while (System.nanoTime() - warm < 1_000_000_000L) {
      product.run();
    }
    double[] wall = new double[15];
    double[] own = new double[wall.length];
    for (int i = 0; i < wall.length; i++) {
      long start = System.nanoTime();
      long cpuStart = cpuTime();
      product.run();
      own[i] = (cpuTime() - cpuStart) * 1e-9;
      wall[i] = (System.nanoTime() - start) * 1e-9;
    }
    Arrays.sort(wall);
    Arrays.sort(own);
    System.out.printf(
        Locale.ROOT,
        "%d threads  (%5d, %5d, %5d) %-10s %7.1f GFLOP/s  by CPU time %7.1f%n",
        threads,
        shape[0],
        shape[1],
        shape[2],
        form,
        work / wall[wall.length / 2],
        threads * work / own[own.length / 2]);
  }

  /** Of this thread and the probe's. */
  private static long cpuTime() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long sum = threads.getCurrentThreadCpuTime();
    for (ThreadInfo t : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (t != null && t.getThreadName().startsWith("gemm-probe")) {
        sum += Math.max(threads.getThreadCpuTime(t.getThreadId()), 0);
      }
    }
    return sum;
  }
}
