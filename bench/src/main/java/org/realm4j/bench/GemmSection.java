package org.realm4j.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.bench.Alternately.Side;
import org.realm4j.reference.GemmProbe;
import org.realm4j.reference.GemmProbe.Form;
import org.realm4j.tensor.CounterRandom;

/**
 * {@code gemm}: matrix products of an encoder's shapes. All sides run in this JVM, by turns, and
 * each packs B anew every time.
 */
final class GemmSection {
  private static final String NAME = "gemm";

  /** m, k, n. */
  private record Shape(int m, int k, int n) {
    double gflop() {
      return 2e-9 * m * k * n;
    }
  }

  /** The logits of few tokens: most of the time goes into reading B. */
  private static final Shape VOCABULARY = new Shape(256, 256, 30522);

  private static final List<Shape> SHAPES =
      List.of(
          new Shape(1024, 384, 384),
          new Shape(1024, 384, 1536),
          new Shape(1024, 1536, 384),
          new Shape(2048, 768, 3072),
          new Shape(2048, 768, 768),
          VOCABULARY,
          new Shape(1024, 1024, 1024),
          new Shape(2048, 2048, 2048));

  /** Sums of a few thousand products of numbers up to 1, each in another order. */
  private static final double TOLERANCE = 1e-5;

  /** Of the multiply-adds that the machine allows. */
  private static final double LEAST_SHARE = 0.85;

  /** Of each turn, in seconds; before it some that are not timed. */
  private static final double TURN = 0.08;

  private final Context context;
  private final List<NativeGemm> peers = new ArrayList<>();

  /** Ratios of a form, a thread count and a peer over all shapes. */
  private final Map<String, List<Double>> ratios = new LinkedHashMap<>();

  private GemmSection(Context context) {
    this.context = context;
    for (Supplier<NativeGemm> open : List.<Supplier<NativeGemm>>of(OpenBlas::new, OneDnn::new)) {
      NativeGemm peer = context.peer(open);
      if (peer != null) {
        peers.add(peer);
      }
    }
  }

  static void run(Context context) {
    new GemmSection(context).run();
  }

  private void run() {
    for (int threads : context.threads()) {
      peers.forEach(p -> p.setThreads(threads));
      try (GemmProbe probe = new GemmProbe(context.kernels(), threads)) {
        for (Form form : List.of(Form.NN, Form.NT, Form.TN)) {
          for (Shape shape : SHAPES) {
            compare(probe, form, shape, threads);
          }
          means(form, threads);
        }
      }
    }
  }

  private void compare(GemmProbe probe, Form form, Shape s, int threads) {
    String name = "%s (%d, %d, %d)".formatted(form, s.m, s.k, s.n);
    float[] a = random(s.m * s.k, 1);
    float[] b = random(s.k * s.n, 2);
    float[] c = new float[s.m * s.n];
    Runnable ours = probe.product(form, s.m, s.k, s.n, a, b, c);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment nativeA = NativeGemm.copy(arena, a);
      MemorySegment nativeB = NativeGemm.copy(arena, b);
      List<MemorySegment> results = new ArrayList<>();
      List<Side> sides = new ArrayList<>();
      Alternately.warm(ours, context.either(0.1, 0.5));
      sides.add(Alternately.here(ours, TURN));
      for (NativeGemm peer : peers) {
        MemorySegment nativeC = NativeGemm.copy(arena, new float[s.m * s.n]);
        results.add(nativeC);
        sides.add(
            Alternately.here(
                () ->
                    peer.multiply(
                        form == Form.TN, form == Form.NT, s.m, s.n, s.k, nativeA, nativeB, nativeC),
                TURN));
      }
      List<List<Sample>> samples = Alternately.run(context.rounds(7), sides);
      for (int p = 0; p < peers.size(); p++) {
        NativeGemm peer = peers.get(p);
        Comparison comparison = Comparison.of(s.gflop(), samples.getFirst(), samples.get(1 + p));
        double difference = difference(c, results.get(p));
        if (!(difference <= TOLERANCE)) {
          context.fail(
              "%s: results differ from %s's: largest difference expected at most %.0e of the"
                      .formatted(name, peer.name(), TOLERANCE)
                  + " largest element, found %.1e".formatted(difference));
        }
        ratios
            .computeIfAbsent(key(form, threads, peer), _ -> new ArrayList<>())
            .add(comparison.ratio());
        context.add(
            Row.of(NAME, name, threads, "GFLOP/s", peer.name(), comparison)
                .limitedBy(context.limits(threads).fma())
                .with("difference", difference)
                .toward(targets(s, p == 0, peer)));
      }
      if (peers.isEmpty()) {
        double speed = Comparison.speed(s.gflop(), samples.getFirst());
        context.add(
            Row.of(NAME, name, threads, speed, "GFLOP/s")
                .limitedBy(context.limits(threads).fma())
                .toward(targets(s, true, null)));
      }
    }
  }

  /** That of the limit once, beside the first peer. */
  private static List<Target> targets(Shape s, boolean first, @Nullable NativeGemm peer) {
    List<Target> targets = new ArrayList<>();
    if (peer != null && peer.least() > 0) {
      targets.add(Target.ratio(peer.least()));
    }
    if (first && !s.equals(VOCABULARY)) {
      targets.add(Target.share(LEAST_SHARE));
    }
    return targets;
  }

  private static String key(Form form, int threads, NativeGemm peer) {
    return form + " " + threads + " " + peer.name();
  }

  private void means(Form form, int threads) {
    for (NativeGemm peer : peers) {
      double[] all =
          ratios.getOrDefault(key(form, threads, peer), List.of()).stream()
              .mapToDouble(x -> x)
              .toArray();
      double mean = Statistics.geometricMean(all);
      double least = Statistics.quantile(0, all);
      double most = Statistics.quantile(1, all);
      double no = Double.NaN;
      context.add(
          new Row(
              NAME,
              form + " geometric mean (least–most)",
              threads,
              no,
              "",
              peer.name(),
              no,
              mean,
              least,
              most,
              List.of(Target.ratio(peer.leastMean())),
              no,
              new LinkedHashMap<>()));
    }
  }

  private static float[] random(int n, int seed) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = 2 * CounterRandom.uniform(seed, i) - 1;
    }
    return x;
  }

  /** The largest difference, by the largest element. */
  static double difference(float[] ours, MemorySegment theirs) {
    double most = 0;
    double largest = 0;
    for (int i = 0; i < ours.length; i++) {
      float other = theirs.getAtIndex(NativeGemm.FLOAT, i);
      double d = Math.abs((double) ours[i] - other);
      most = d <= most ? most : d; // a NaN stays
      largest = Math.max(largest, Math.abs(other));
    }
    return most / largest;
  }
}
