package org.realm4j.bench;

import java.util.Arrays;
import java.util.Locale;
import org.realm4j.reference.GemmProbe;
import org.realm4j.reference.kernels.KernelChoice;

/**
 * Matrix products of an encoder's shapes: GFLOP/s, the median after warm-up. Arguments: kernels
 * (AUTO), then thread counts (1 2).
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
            double seconds = median(probe, form, s[0], s[1], s[2]);
            double gflops = 2e-9 * s[0] * s[1] * s[2] / seconds;
            System.out.printf(
                Locale.ROOT,
                "%d threads  (%5d, %5d, %5d) %-14s %7.1f GFLOP/s%n",
                t, s[0], s[1], s[2], form, gflops);
          }
        }
      }
    }
  }

  private static double median(GemmProbe probe, GemmProbe.Form form, int m, int k, int n) {
    Runnable product = probe.product(form, m, k, n);
    long warm = System.nanoTime();
    while (System.nanoTime() - warm < 1_000_000_000L) {
      product.run();
    }
    double[] times = new double[15];
    for (int i = 0; i < times.length; i++) {
      long start = System.nanoTime();
      product.run();
      times[i] = (System.nanoTime() - start) * 1e-9;
    }
    Arrays.sort(times);
    return times[times.length / 2];
  }
}
