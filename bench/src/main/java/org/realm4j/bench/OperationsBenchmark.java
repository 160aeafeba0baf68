package org.realm4j.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/**
 * Operations of the reference backend at MiniLM's shapes: 32 sequences of 64 tokens, hidden 384, 12
 * heads, 1,536 between. Forward only; milliseconds each.
 *
 * <pre>
 * java --add-modules jdk.incubator.vector -cp CLASSPATH org.openjdk.jmh.Main OperationsBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class OperationsBenchmark {
  private static final int SEQUENCES = 32;
  private static final int LENGTH = 64;
  private static final int HIDDEN = 384;

  @Param({"1", "2"})
  public int threads;

  private Session session;
  private float[] values;
  private int[] offsets;
  private Parameter up;
  private Parameter upBias;
  private Parameter gamma;
  private Parameter beta;

  @Setup(Level.Trial)
  public void open() {
    session = new ReferenceBackend().open(threads);
    values = normal(SEQUENCES * LENGTH * HIDDEN, 1);
    offsets = new int[SEQUENCES + 1];
    for (int s = 0; s <= SEQUENCES; s++) {
      offsets[s] = s * LENGTH;
    }
    int inner = 4 * HIDDEN;
    up = new Parameter("up", Parameter.Kind.WEIGHT, inner, HIDDEN, normal(inner * HIDDEN, 2));
    upBias = Parameter.zeros("up.bias", Parameter.Kind.BIAS, 1, inner);
    gamma = Parameter.filled("gamma", Parameter.Kind.LAYER_NORM, 1, HIDDEN, 1f);
    beta = Parameter.zeros("beta", Parameter.Kind.LAYER_NORM, 1, HIDDEN);
  }

  private static float[] normal(int n, int seed) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = 0.1f * CounterRandom.gaussian(seed, i);
    }
    return values;
  }

  @TearDown(Level.Trial)
  public void close() {
    session.close();
  }

  private Tensor input() {
    return session.constant(values, SEQUENCES * LENGTH, HIDDEN);
  }

  @Benchmark
  public int linearWithGelu() {
    try (Tape tape = session.infer()) {
      return session.linear(input(), up, upBias, Activation.GELU).rows();
    }
  }

  @Benchmark
  public int attention() {
    try (Tape tape = session.infer()) {
      Tensor x = input();
      return session.attention(x, x, x, offsets, offsets, 12, null).rows();
    }
  }

  @Benchmark
  public int layerNorm() {
    try (Tape tape = session.infer()) {
      Tensor x = input();
      return session.layerNorm(x, x, gamma, beta, 1e-12f).rows();
    }
  }
}
