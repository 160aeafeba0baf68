package org.realm4j.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;

/** The same bits for any threads, kernels and packing, and with recomputation. */
class SameBitsTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, GELU, 1",
    "3, 7, 1, RELU, 3",
    "8, 13, 2, TANH, 7",
    "12, 17, 3, GELU_TANH, 8",
    "48, 31, 4, GELU, 49",
    "64, 193, 2, GELU_TANH, 100",
    "96, 400, 3, GELU, 193",
    "26, 50, 2, NONE, 31"
  })
  void trainingGivesTheSameBits(
      int hidden, int inner, int heads, Activation activation, int length) {
    int[][] sequences = Network.sequences(length, 1, length / 2 + 1, 13, length);
    List<float[]> expected = null;
    for (KernelChoice choice : KernelsHere.choices()) {
      for (int threads : new int[] {1, 2, 4}) {
        for (boolean recompute : new boolean[] {false, true}) {
          Network network = new Network(hidden, inner, heads, recompute);
          try (Session s = new ReferenceBackend(choice).open(threads)) {
            List<float[]> trace = network.train(s, sequences, activation, 2);
            if (expected == null) {
              expected = trace;
            }
            String what = choice + ", " + threads + " threads, recompute " + recompute;
            assertSame(expected, trace, what, network);
          }
        }
      }
    }
  }

  private static void assertSame(
      List<float[]> expected, List<float[]> found, String what, Network network) {
    assertEquals(expected.size(), found.size(), what);
    int each = network.parameters().size() + 2;
    for (int i = 0; i < expected.size(); i++) {
      int kind = i % each - 2;
      String name =
          kind == -2 ? "loss" : kind == -1 ? "norm" : network.parameters().get(kind).name();
      assertArrayEquals(expected.get(i), found.get(i), what + ": entry " + i + ", " + name);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "24, 50, 3", "64, 192, 2"})
  void sequenceIsTheSameWhateverItIsPackedWith(int hidden, int inner, int heads) {
    Network network = new Network(hidden, inner, heads, false);
    int[][] all = Network.sequences(1, 3, 7, 8, 13, 17, 31, 48, 49, 64, 100, 193);
    for (KernelChoice choice : KernelsHere.choices()) {
      try (Session s = new ReferenceBackend(choice).open(2)) {
        float[] packed = states(s, network, all);
        int at = 0;
        for (int[] sequence : all) {
          int n = sequence.length * hidden;
          float[] alone = states(s, network, new int[][] {sequence});
          assertArrayEquals(
              Arrays.copyOfRange(packed, at, at + n), alone, choice + ", " + sequence.length);
          at += n;
        }
      }
    }
  }

  private static float[] states(Session s, Network network, int[][] sequences) {
    try (Tape _ = s.infer()) {
      return network.encode(s, sequences, Activation.GELU, 0).toArray();
    }
  }
}
