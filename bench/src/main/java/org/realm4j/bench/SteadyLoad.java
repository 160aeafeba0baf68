package org.realm4j.bench;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.realm4j.io.JsonObject;
import org.realm4j.nn.Bert;
import org.realm4j.nn.TokenBatch;
import org.realm4j.nn.Weights;
import org.realm4j.reference.GemmProbe;
import org.realm4j.reference.GemmProbe.Form;
import org.realm4j.reference.KernelChoice;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;

/**
 * A product, an embedding and searches, repeated for some seconds: the speed after the compiler is
 * done, of the last third.
 */
final class SteadyLoad implements Worker.Load {
  private static final int LENGTH = 128;
  private static final int SEQUENCES = 4;
  private static final int ROWS = 50_000;
  private static final int DIMENSION = 128;
  private static final int QUERIES = 16;

  private final GemmProbe probe;
  private final Session session;
  private final Runnable product;
  private final Bert bert;
  private final TokenBatch batch;
  private final float[] queries = normal(QUERIES, 2);
  private final MipsIndex exact;
  private final MipsIndex int8;

  SteadyLoad(JsonObject job, KernelChoice kernels) {
    int threads = job.int32("threads");
    probe = new GemmProbe(kernels, threads);
    product = probe.product(Form.NT, 1024, 384, 1536);
    bert = new Bert(Networks.miniLm(Activation.GELU), "", Weights.random(1));
    int[] lengths = new int[SEQUENCES];
    Arrays.fill(lengths, LENGTH);
    batch = Networks.random(lengths, 1);
    session = new ReferenceBackend(kernels).open(threads);
    float[] rows = normal(ROWS, 1);
    exact = MipsIndexProvider.named("exact").build(rows, DIMENSION, threads);
    int8 = MipsIndexProvider.named("int8").build(rows, DIMENSION, threads);
  }

  private static float[] normal(int rows, long seed) {
    Random random = new Random(seed);
    float[] values = new float[rows * DIMENSION];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private void embed() {
    try (Tape tape = session.infer()) {
      bert.forward(session, batch, null);
    }
  }

  /** Through each kernel of search once, so that one that is stuck shows. */
  private void search() {
    float[] one = Arrays.copyOf(queries, DIMENSION);
    exact.search(one, 1, 8);
    int8.search(one, 1, 8);
    int8.search(queries, QUERIES, 8);
  }

  /** Request: for_seconds. */
  @Override
  public Map<String, Object> run(JsonObject request) {
    double third = request.number("for_seconds") / 3;
    return Map.of(
        "gflops", 2e-9 * 1024 * 384 * 1536 / steady(product, third),
        "tokens_per_second", SEQUENCES * LENGTH / steady(this::embed, third),
        "searches_per_second", 3 / steady(this::search, third));
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
    exact.close();
    int8.close();
    session.close();
    probe.close();
  }
}
