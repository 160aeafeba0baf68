package org.realm4j.bench;

import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the machine allows, measured with loops that do nothing else.
 *
 * @param fma float32 GFLOP/s of fused multiply-adds on registers, two for each
 * @param comparisons float32 comparisons with a choice after them, 10^9 a second, beside
 *     multiply-adds: what they add to a loop of these, since they use the same pipes
 * @param divisions float32 divisions, 10^9 a second; {@code roots} the same of square roots
 * @param read GB/s of memory that is only read
 * @param update GB/s of x = c x, each value read and written
 * @param add GB/s of y = c x + y, two values read and one written
 */
record Limits(
    double fma,
    double comparisons,
    double divisions,
    double roots,
    double read,
    double update,
    double add) {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int L = S.length();

  /** 256 MiB: no cache holds it. */
  private static final int FLOATS = 1 << 26;

  /** Addresses that agree in their low 12 bits hold a load up behind a store. */
  private static final int APART = 512 + 16;

  /** Some milliseconds, so that some repetitions are undisturbed. */
  private static final int STEPS = 1 << 19;

  private static final double GIGA = 1e-9;

  /** GB/s of the faster of the two streams that write. */
  double stream() {
    return Math.max(update, add);
  }

  /**
   * The least time of a kernel for one value, in ns, if memory, multiplications with comparisons,
   * and divisions with roots all overlap perfectly: the slowest of them alone.
   */
  double nanoseconds(
      double bytes, double multiplications, double compared, double quotients, double squareRoots) {
    double memory = bytes / stream();
    double arithmetic = multiplications / (fma / 2) + compared / comparisons;
    return Math.max(memory, Math.max(arithmetic, quotients / divisions + squareRoots / roots));
  }

  /** The larger of both, one by one: what was reached once is possible. */
  Limits or(Limits other) {
    return new Limits(
        Math.max(fma, other.fma),
        Math.max(comparisons, other.comparisons),
        Math.max(divisions, other.divisions),
        Math.max(roots, other.roots),
        Math.max(read, other.read),
        Math.max(update, other.update),
        Math.max(add, other.add));
  }

  static Limits measure(int threads, double seconds) {
    try (Team team = new Team(threads)) {
      double lanes = (double) STEPS * L * threads * GIGA;
      double fused = team.best(seconds, _ -> fused(STEPS));
      double fma = 12 * 2 * lanes / fused;
      double beside = team.best(seconds, _ -> fusedAndCompared(STEPS)) - fused;
      double comparisons = 4 * lanes / Math.max(beside, 1e-3 * fused); // free is as good as a lot
      double divisions = 8 * lanes / team.best(seconds, _ -> quotients(STEPS));
      double roots = 8 * lanes / team.best(seconds, _ -> roots(STEPS));
      float[] x = new float[FLOATS];
      float[] y = new float[FLOATS + APART];
      Arrays.fill(x, 1f);
      Arrays.fill(y, 1f);
      int part = FLOATS / threads / (8 * L) * (8 * L);
      double bytes = 4.0 * part * threads * GIGA;
      double read = bytes / team.best(seconds, t -> sum(x, t * part, (t + 1) * part));
      double update = 2 * bytes / team.best(seconds, t -> scale(x, t * part, (t + 1) * part));
      double add = 3 * bytes / team.best(seconds, t -> add(x, y, t * part, (t + 1) * part));
      return new Limits(fma, comparisons, divisions, roots, read, update, add);
    }
  }

  /** Twelve chains hide the latency: two pipes of four or five cycles need ten. */
  private static double fused(int steps) {
    FloatVector m = FloatVector.broadcast(S, 0.5f);
    FloatVector a = m;
    FloatVector b = m;
    FloatVector c = m;
    FloatVector d = m;
    FloatVector e = m;
    FloatVector f = m;
    FloatVector g = m;
    FloatVector h = m;
    FloatVector i = m;
    FloatVector j = m;
    FloatVector k = m;
    FloatVector l = m;
    for (int s = 0; s < steps; s++) {
      a = a.fma(m, m);
      b = b.fma(m, m);
      c = c.fma(m, m);
      d = d.fma(m, m);
      e = e.fma(m, m);
      f = f.fma(m, m);
      g = g.fma(m, m);
      h = h.fma(m, m);
      i = i.fma(m, m);
      j = j.fma(m, m);
      k = k.fma(m, m);
      l = l.fma(m, m);
    }
    FloatVector sum = a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).add(k);
    return sum.add(l).reduceLanes(VectorOperators.ADD);
  }

  /** As {@link #fused}, with four comparisons. */
  private static double fusedAndCompared(int steps) {
    FloatVector m = FloatVector.broadcast(S, 0.5f);
    FloatVector most = FloatVector.broadcast(S, 3f);
    FloatVector a = m;
    FloatVector b = m;
    FloatVector c = m;
    FloatVector d = m;
    FloatVector e = m;
    FloatVector f = m;
    FloatVector g = m;
    FloatVector h = m;
    FloatVector i = m;
    FloatVector j = m;
    FloatVector k = m;
    FloatVector l = m;
    for (int s = 0; s < steps; s++) {
      a = a.fma(m, m);
      b = b.fma(m, m);
      c = c.fma(m, m);
      d = d.fma(m, m);
      e = e.fma(m, m);
      f = f.fma(m, m);
      g = g.fma(m, m);
      h = h.fma(m, m);
      i = i.fma(m, m);
      j = j.fma(m, m);
      k = k.fma(m, m);
      l = l.fma(m, m);
      a = a.blend(most, a.compare(VectorOperators.GT, most));
      d = d.blend(most, d.compare(VectorOperators.GT, most));
      g = g.blend(most, g.compare(VectorOperators.GT, most));
      j = j.blend(most, j.compare(VectorOperators.GT, most));
    }
    FloatVector sum = a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).add(k);
    return sum.add(l).reduceLanes(VectorOperators.ADD);
  }

  private static double quotients(int steps) {
    FloatVector m = FloatVector.broadcast(S, 1.5f);
    FloatVector a = m;
    FloatVector b = m;
    FloatVector c = m;
    FloatVector d = m;
    FloatVector e = m;
    FloatVector f = m;
    FloatVector g = m;
    FloatVector h = m;
    for (int s = 0; s < steps; s++) {
      a = m.div(a);
      b = m.div(b);
      c = m.div(c);
      d = m.div(d);
      e = m.div(e);
      f = m.div(f);
      g = m.div(g);
      h = m.div(h);
    }
    return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).reduceLanes(VectorOperators.ADD);
  }

  private static double roots(int steps) {
    FloatVector a = FloatVector.broadcast(S, 1.5f);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    FloatVector e = a;
    FloatVector f = a;
    FloatVector g = a;
    FloatVector h = a;
    for (int s = 0; s < steps; s++) {
      a = a.sqrt();
      b = b.sqrt();
      c = c.sqrt();
      d = d.sqrt();
      e = e.sqrt();
      f = f.sqrt();
      g = g.sqrt();
      h = h.sqrt();
    }
    return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).reduceLanes(VectorOperators.ADD);
  }

  private static double sum(float[] x, int from, int to) {
    FloatVector a = FloatVector.zero(S);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    for (int i = from; i < to; i += 4 * L) {
      a = a.add(FloatVector.fromArray(S, x, i));
      b = b.add(FloatVector.fromArray(S, x, i + L));
      c = c.add(FloatVector.fromArray(S, x, i + 2 * L));
      d = d.add(FloatVector.fromArray(S, x, i + 3 * L));
    }
    return a.add(b).add(c).add(d).reduceLanes(VectorOperators.ADD);
  }

  private static double scale(float[] x, int from, int to) {
    FloatVector c = FloatVector.broadcast(S, 1f);
    for (int i = from; i < to; i += L) {
      FloatVector.fromArray(S, x, i).mul(c).intoArray(x, i);
    }
    return x[from];
  }

  private static double add(float[] x, float[] y, int from, int to) {
    FloatVector c = FloatVector.broadcast(S, 1e-9f);
    for (int i = from; i < to; i += 2 * L) {
      FloatVector a = FloatVector.fromArray(S, y, i + APART);
      FloatVector b = FloatVector.fromArray(S, y, i + APART + L);
      FloatVector.fromArray(S, x, i).fma(c, a).intoArray(y, i + APART);
      FloatVector.fromArray(S, x, i + L).fma(c, b).intoArray(y, i + APART + L);
    }
    return y[from];
  }

  /** Threads that do the same at the same time. */
  private static final class Team implements AutoCloseable {
    private final int size;
    private final ExecutorService threads;

    Team(int size) {
      this.size = size;
      this.threads = Executors.newFixedThreadPool(size, Thread.ofPlatform().daemon().factory());
    }

    /** The least seconds that all need together; a limit is what is reached once, undisturbed. */
    double best(double seconds, IntToDoubleFunction task) {
      double best = Double.POSITIVE_INFINITY;
      long until = System.nanoTime() + (long) (seconds * 1e9);
      for (int runs = 0; runs < 5 || System.nanoTime() < until; runs++) {
        long start = System.nanoTime();
        run(task);
        best = Math.min(best, (System.nanoTime() - start) * GIGA);
      }
      return best;
    }

    private void run(IntToDoubleFunction task) {
      try {
        for (Future<Double> f :
            threads.invokeAll(
                IntStream.range(0, size)
                    .<java.util.concurrent.Callable<Double>>mapToObj(
                        t -> () -> task.applyAsDouble(t))
                    .toList())) {
          if (!Double.isFinite(f.get())) {
            throw new IllegalStateException("a loop that measures a limit left the finite numbers");
          }
        }
      } catch (InterruptedException | ExecutionException e) {
        throw new IllegalStateException("measuring the machine's limits", e);
      }
    }

    @Override
    public void close() {
      threads.shutdownNow();
    }
  }
}
