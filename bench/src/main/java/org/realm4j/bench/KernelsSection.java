package org.realm4j.bench;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.reference.KernelProbe;
import org.realm4j.reference.KernelProbe.Kind;

/**
 * {@code kernels}: what is not a matrix product, over ten million values, beside the least time
 * that the machine allows.
 */
final class KernelsSection {
  private static final String NAME = "kernels";
  private static final int VALUES = 10_000_000;

  /**
   * What a kernel cannot do without, for each value.
   *
   * @param cols of a row, or columns and rows of a block
   * @param bytes moved: 4 to read a value, 8 to change one; also 8 to write one that was not read,
   *     since the processor fetches a line before it writes into it, and the JVM has no store that
   *     goes past the caches
   * @param multiplications and fused multiply-adds of the formula, as in the backend's {@code
   *     Elementary}; additions and bit operations run beside them
   * @param comparisons with a choice after them
   */
  private record Work(
      Kind kind,
      String name,
      int cols,
      double bytes,
      int multiplications,
      int comparisons,
      int divisions,
      int roots) {}

  // 2^y: 5 for the polynomial, 1 for the power of two; too small a y
  private static final int EXP = 6;
  // erf: x * x, 6 for one polynomial and 1 to finish it, 6 for the other, exp; which of the two,
  // and
  // too large an x
  private static final int ERF = 14 + EXP;
  // x / (1 + exp(a)), GELU's tanh form: x * x, one fused, and the product with x are its argument;
  // too large an a
  private static final int SIGMOID = 3 + EXP;

  private static final List<Work> ALL =
      List.of(
          // c x, exp; the maximum; in place, and 1 / sum goes into attention's result
          new Work(Kind.SOFTMAX, "softmax, blocks of 128 x 128", 128, 8, 1 + EXP, 2, 0, 0),
          // e . dp, e * (c / sum), * (dp - ...); e is read, dp changed
          new Work(
              Kind.SOFTMAX_GRADIENT, "softmax gradient, blocks of 128 x 128", 128, 12, 3, 0, 0, 0),
          // the squares' sum, the factor, gamma x + beta; x changed, y written
          new Work(Kind.LAYER_NORM, "layer norm, rows of 384", 384, 16, 3, 0, 0, 0),
          // g * gamma, g . x, x * slope + g, * factor; x read, g changed
          new Work(
              Kind.LAYER_NORM_GRADIENT, "layer norm gradient, rows of 384", 384, 12, 4, 0, 0, 0),
          // x * sqrt(1/2), erf, x / 2, the product; x read, y written
          new Work(Kind.GELU, "GELU (erf)", 1, 12, 3 + ERF, 2, 0, 0),
          // x * x, * -1/2, exp, the density's factor; as above and 1/2 + erf / 2; x * d + c, g *
          // ...
          new Work(
              Kind.GELU_GRADIENT, "GELU (erf) gradient", 1, 12, 3 + EXP + 2 + ERF + 2, 3, 0, 0),
          // x read, y written
          new Work(Kind.GELU_TANH, "GELU (tanh)", 1, 12, SIGMOID, 2, 1, 0),
          // x * s, * (1 - s), its argument's slope, that and s joined, g * ...
          new Work(Kind.GELU_TANH_GRADIENT, "GELU (tanh) gradient", 1, 12, SIGMOID + 5, 2, 1, 0),
          // g scaled, 2 for the first moment, 3 for the second, decay, update; the moments by their
          // corrections and by each other; w, m and v changed, g read
          new Work(Kind.ADAM, "AdamW", 1, 28, 8, 0, 3, 1));

  /** Those that have a target. */
  private static final Set<Kind> FORWARD =
      EnumSet.of(Kind.SOFTMAX, Kind.LAYER_NORM, Kind.GELU, Kind.GELU_TANH, Kind.ADAM);

  private static final Target LEAST = Target.share(0.8);

  private KernelsSection() {}

  static void run(Context context) {
    for (int threads : context.threads()) {
      Limits limits = context.limits(threads);
      try (KernelProbe probe = new KernelProbe(context.kernels(), threads)) {
        for (Work work : ALL) {
          KernelProbe.Kernel kernel = probe.kernel(work.kind, VALUES, work.cols);
          Alternately.warm(
              () -> {
                kernel.refill().run();
                kernel.run().run();
              },
              context.either(0.3, 1.5));
          List<Sample> samples = samples(kernel, context.rounds(21));
          double nanos = 1e9 / Comparison.speed(VALUES, samples);
          context.add(
              Row.of(NAME, work.name, threads, nanos, "ns/value")
                  .limitedBy(
                      limits.nanoseconds(
                          work.bytes,
                          work.multiplications,
                          work.comparisons,
                          work.divisions,
                          work.roots))
                  .toward(FORWARD.contains(work.kind) ? List.of(LEAST) : List.of())
                  .with("our_cores", Comparison.cores(samples))
                  .with("bytes", work.bytes)
                  .with("multiplications", work.multiplications)
                  .with("comparisons", work.comparisons)
                  .with("divisions", work.divisions)
                  .with("roots", work.roots));
        }
      }
    }
  }

  private static List<Sample> samples(KernelProbe.Kernel kernel, int rounds) {
    List<Sample> samples = new ArrayList<>();
    for (int r = 0; r < rounds; r++) {
      kernel.refill().run();
      long cpu = Alternately.processCpu();
      long start = System.nanoTime();
      kernel.run().run();
      double seconds = (System.nanoTime() - start) * 1e-9;
      samples.add(new Sample(seconds, (Alternately.processCpu() - cpu) * 1e-9));
    }
    return samples;
  }
}
