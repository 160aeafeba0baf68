package org.realm4j.bench;

import java.util.Arrays;
import java.util.Map;
import org.realm4j.io.JsonObject;
import org.realm4j.nn.Bert;
import org.realm4j.nn.TokenBatch;
import org.realm4j.nn.Weights;
import org.realm4j.reference.GemmProbe;
import org.realm4j.reference.GemmProbe.Form;
import org.realm4j.reference.KernelChoice;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;

/**
 * A product and an embedding, repeated for some seconds: the speed after the compiler is done, of
 * the last third.
 */
final class SteadyLoad implements Worker.Load {
  private static final int LENGTH = 128;
  private static final int SEQUENCES = 4;

  private final GemmProbe probe;
  private final Session session;
  private final Runnable product;
  private final Bert bert;
  private final TokenBatch batch;

  SteadyLoad(JsonObject job, KernelChoice kernels) {
    int threads = job.int32("threads");
    probe = new GemmProbe(kernels, threads);
    product = probe.product(Form.NT, 1024, 384, 1536);
    bert = new Bert(Networks.miniLm(Activation.GELU), "", Weights.random(1));
    int[] lengths = new int[SEQUENCES];
    Arrays.fill(lengths, LENGTH);
    batch = Networks.random(lengths, 1);
    session = new ReferenceBackend(kernels).open(threads);
  }

  private void embed() {
    try (Tape tape = session.infer()) {
      bert.forward(session, batch, null);
    }
  }

  /** Request: for_seconds. */
  @Override
  public Map<String, Object> run(JsonObject request) {
    double half = request.number("for_seconds") / 2;
    return Map.of(
        "gflops", 2e-9 * 1024 * 384 * 1536 / steady(product, half),
        "tokens_per_second", SEQUENCES * LENGTH / steady(this::embed, half));
  }

  /** Seconds of a call, the median of the last third. */
  private static double steady(Runnable work, double seconds) {
    long begun = System.nanoTime();
    long settled = begun + (long) (seconds * 2e9 / 3);
    long end = begun + (long) (seconds * 1e9);
    double[] times = new double[1000];
    int n = 0;
    while (n == 0 || (System.nanoTime() < end && n < times.length)) {
      long start = System.nanoTime();
      work.run();
      if (System.nanoTime() >= settled) {
        times[n++] = (System.nanoTime() - start) * 1e-9;
      }
    }
    return Statistics.median(Arrays.copyOf(times, n));
  }

  @Override
  public long parameters() {
    return bert.parameters().stream().mapToLong(org.realm4j.tensor.Parameter::size).sum();
  }

  @Override
  public void close() {
    session.close();
    probe.close();
  }
}
