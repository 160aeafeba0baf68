package org.realm4j.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** Memory and parameters of one session. */
class Nd4jSessionTest {
  private static final AdamStep STEP = new AdamStep(1e-3f, 0.9f, 0.999f, 1e-6f, 0.01f, 1, 1, 1);

  private static Parameter weight(String name, int rows, int cols) {
    float[] values = new float[rows * cols];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(i) / cols;
    }
    return new Parameter(name, Parameter.Kind.WEIGHT, rows, cols, values);
  }

  /** A layer with attention over sequences whose lengths change with every step. */
  private static final class Network {
    private final Parameter table = weight("table", 101, 64);
    private final Parameter up = weight("up", 256, 64);
    private final Parameter down = weight("down", 64, 256);
    private final Parameter norm = Parameter.filled("norm", Parameter.Kind.LAYER_NORM, 1, 64, 1);
    private final Map<Parameter, Parameter[]> moments =
        Map.of(table, zeros(table), up, zeros(up), down, zeros(down), norm, zeros(norm));

    private static Parameter[] zeros(Parameter p) {
      return new Parameter[] {
        Parameter.zeros("first", p.kind(), p.rows(), p.cols()),
        Parameter.zeros("second", p.kind(), p.rows(), p.cols())
      };
    }

    double step(Nd4jSession s, int number) {
      int[] offsets = {0, 0, 0, 0, 0};
      for (int i = 1; i < offsets.length; i++) {
        offsets[i] = offsets[i - 1] + 1 + (number * 13 + i * 29) % 70;
      }
      int tokens = offsets[4];
      int[] ids = new int[tokens];
      Arrays.setAll(ids, i -> (i * 7 + number) % 101);
      double loss;
      try (Tape _ = s.record()) {
        Tensor x = s.embeddingSum(ids, new int[tokens], new int[tokens], table, table, table);
        Tensor a = s.attention(x, x, x, offsets, offsets, 4, null);
        Tensor h = s.linear(a, up, null, Activation.GELU);
        s.release(a);
        Tensor y = s.layerNorm(s.linear(h, down, null, Activation.NONE), x, norm, norm, 1e-6f);
        Tensor gold = s.vocabularyLogLikelihood(y, table, bias, ids);
        float[] weights = new float[tokens];
        Arrays.fill(weights, -1f / tokens);
        Tensor l = s.weightedSum(gold, weights);
        loss = l.scalar();
        s.backward(l);
      }
      s.gradientNorm(moments.keySet());
      moments.forEach((p, m) -> s.adam(p, m[0], m[1], STEP));
      s.clearGradients();
      return loss;
    }

    private final Parameter bias = Parameter.zeros("bias", Parameter.Kind.BIAS, 1, 101);
  }

  /**
   * Memory of the session and of the process over a first thousand steps, and over a second. The
   * process breathes with the collector, so the least of some readings is compared.
   */
  @Test
  void memoryDoesNotGrow() throws IOException {
    Network network = new Network();
    try (Nd4jSession s = new Nd4jSession(Long.MAX_VALUE)) {
      double first = network.step(s, 0);
      double last = 0;
      long held = 0;
      long[] least = {Long.MAX_VALUE, Long.MAX_VALUE};
      for (int i = 1; i <= 2000; i++) {
        last = network.step(s, i);
        if (i % 125 == 0 && i > 250) {
          int half = i <= 1000 ? 0 : 1;
          least[half] = Math.min(least[half], residentKib());
        }
        if (i == 300) {
          held = s.memory();
        }
      }
      assertTrue(last < 0.8 * first, "it learns: " + first + " to " + last);
      assertEquals(held, s.memory(), "bytes of the session's buffers");
      long growth = least[1] - least[0];
      assertTrue(growth < 48 << 10, "the process grew by " + growth + " KiB");
    }
  }

  /** What the process holds in memory, where Linux tells. */
  private static long residentKib() throws IOException {
    System.gc(); // ND4J's own small objects go with it
    Path status = Path.of("/proc/self/status");
    return !Files.exists(status)
        ? 0
        : Files.readAllLines(status).stream()
            .filter(l -> l.startsWith("VmRSS"))
            .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")))
            .findFirst()
            .orElse(0);
  }

  @Test
  void closingGivesTheMemoryBack() {
    Nd4jSession s = new Nd4jSession(Long.MAX_VALUE);
    new Network().step(s, 0);
    assertTrue(s.memory() > 100_000);
    s.close();
    assertEquals(0, s.memory());
  }

  /** Layers ask for the same rows, masks and channels, each with random bits of its own. */
  @Test
  void aLayerMoreBringsOnlyItsDropoutToTheDevice() {
    long one = uploads(1, false);
    assertTrue(one > 4, "attention with padding needs more than " + one);
    assertEquals(one, uploads(6, false));
    assertEquals(uploads(1, true) + 5, uploads(6, true));
  }

  private static long uploads(int layers, boolean dropping) {
    int[] offsets = {0, 3, 10, 18};
    int[] ids = new int[18];
    Arrays.setAll(ids, i -> i);
    Parameter table = weight("table", 18, 8);
    try (Nd4jSession s = new Nd4jSession(Long.MAX_VALUE);
        Tape _ = s.record()) {
      Tensor x = s.embeddingSum(ids, ids, ids, table, table, table);
      for (int layer = 0; layer < layers; layer++) {
        Dropout dropout = dropping ? new Dropout(0.1f, layer, ids) : null;
        x = s.attention(x, x, x, offsets, offsets, 2, dropout);
      }
      s.backward(x, new float[18 * 8]);
      return s.uploads();
    }
  }

  @Test
  void whatWasBroughtToTheDeviceIsNotTheCallersArray() {
    try (Nd4jSession s = new Nd4jSession(Long.MAX_VALUE);
        Tape _ = s.infer()) {
      Tensor x = s.constant(new float[] {10, 11, 12}, 3, 1);
      int[] rows = {0, 1};
      assertArrayEquals(new float[] {10, 11}, s.gather(x, rows).toArray());
      rows[0] = 2;
      assertArrayEquals(new float[] {12, 11}, s.gather(x, rows).toArray());
      assertArrayEquals(new float[] {10, 11}, s.gather(x, new int[] {0, 1}).toArray());
      assertEquals(2, s.uploads());
    }
  }

  /** A run makes a snapshot at every refresh, which is forgotten after it. */
  @Test
  void copiesOfForgottenParametersAreUsedAgain() throws InterruptedException {
    try (Nd4jSession s = new Nd4jSession(Long.MAX_VALUE)) {
      used(s);
      long one = s.memory();
      for (int i = 0; i < 12; i++) {
        WeakReference<Parameter> snapshot = used(s);
        for (int wait = 0; wait < 500 && snapshot.get() != null; wait++) {
          System.gc();
          Thread.sleep(10);
        }
        assertNull(snapshot.get(), "still held");
      }
      long copy = 4L * 300 * 300;
      assertTrue(s.memory() < one + 4 * copy, "grew from " + one + " to " + s.memory() + " bytes");
    }
  }

  private static WeakReference<Parameter> used(Nd4jSession s) {
    Parameter p = weight("snapshot", 300, 300);
    try (Tape _ = s.infer()) {
      s.linear(s.constant(new float[300], 1, 300), p, null, Activation.NONE).toArray();
    }
    return new WeakReference<>(p);
  }

  @Test
  void updatesComeToTheHostWhenAskedForOrAtTheEnd() {
    Network asked = new Network();
    Network closed = new Network();
    try (Nd4jSession s = new Nd4jSession(Long.MAX_VALUE);
        Nd4jSession t = new Nd4jSession(Long.MAX_VALUE)) {
      float[] before = asked.up.values().clone();
      asked.step(s, 0);
      closed.step(t, 0);
      t.close();
      assertArrayEquals(asked.up.values(), closed.up.values());
      assertTrue(!Arrays.equals(before, asked.up.values()));
      // a second step in another session starts from what the first one left
      asked.step(s, 1);
      try (Nd4jSession u = new Nd4jSession(Long.MAX_VALUE)) {
        closed.step(u, 1);
      }
      assertArrayEquals(asked.up.values(), closed.up.values());
    }
  }

  /** An operation that runs out of memory half-way leaves the session as it was. */
  @Test
  void afterRunningOutOfMemoryTheNextSmallerWorks() {
    try (Nd4jSession s = new Nd4jSession(8 << 20)) {
      Parameter w = weight("w", 512, 512);
      for (int round = 0; round < 3; round++) {
        RealmException.OutOfMemory e =
            assertThrows(RealmException.OutOfMemory.class, () -> layers(s, w, 2048));
        assertTrue(e.getMessage().contains("the limit is 8 MiB"), e.getMessage());
        assertEquals(256 * 512, layers(s, w, 256).length);
      }
      assertTrue(s.memory() <= 8 << 20);
    }
  }

  private static float[] layers(Nd4jSession s, Parameter w, int rows) {
    try (Tape _ = s.record()) {
      Tensor x = s.variable(new float[rows * 512], rows, 512);
      return s.linear(s.linear(x, w, null, Activation.GELU), w, null, Activation.GELU).toArray();
    }
  }

  /** Never less than asked for, at most a quarter or 64 more. */
  @ParameterizedTest
  @ValueSource(longs = {1, 63, 64, 65, 1000, 12_345, 11_720_448, 3_000_000_000L})
  void sizesAreFew(long n) {
    long size = Memory.sizeClass(n);
    assertTrue(size >= n && size <= n + Math.max(64, n / 4), n + " gives " + size);
    assertEquals(0, size % 64);
  }
}
