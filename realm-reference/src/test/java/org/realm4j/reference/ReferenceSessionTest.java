package org.realm4j.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

class ReferenceSessionTest {
  @Test
  void memoryStaysWithinItsFirstSteps() {
    Network network = new Network(24, 50, 2, true);
    try (ReferenceSession s = (ReferenceSession) new ReferenceBackend().open(2)) {
      long after = 0;
      for (int step = 1; step <= 200; step++) {
        // lengths vary as they do in training, within the sizes of the first twenty steps
        int[][] sequences = Network.sequences(5 + step % 20, 17, 40 - step % 20);
        s.clearGradients();
        try (Tape _ = s.record()) {
          s.backward(network.loss(s, sequences, Activation.GELU, step));
        }
        if (step == 20) {
          after = s.pooledFloats();
        }
      }
      assertEquals(after, s.pooledFloats());
    }
  }

  @Test
  void releasedMemoryIsUsedAgainUnlessBackwardReadsIt() {
    Parameter w = Parameter.filled("w", Parameter.Kind.WEIGHT, 64, 64, 0.25f);
    Parameter gamma = Parameter.filled("gamma", Parameter.Kind.LAYER_NORM, 1, 64, 1f);
    Parameter beta = Parameter.zeros("beta", Parameter.Kind.LAYER_NORM, 1, 64);
    float[] values = new float[32 * 64];
    for (int i = 0; i < values.length; i++) {
      values[i] = CounterRandom.gaussian(1, i);
    }
    float[][] gradients = new float[2][];
    for (int round = 0; round < 2; round++) {
      try (ReferenceSession s = (ReferenceSession) new ReferenceBackend().open(1);
          Tape _ = s.record()) {
        Tensor x = s.variable(values, 32, 64);
        Tensor y = s.linear(x, w, null, Activation.NONE);
        Tensor z = s.layerNorm(y, null, gamma, beta, 1e-6f);
        if (round == 1) {
          long before = s.pooledFloats();
          s.release(y); // layer norm keeps the normalised rows, not its input
          assertThrows(IllegalStateException.class, y::toArray);
          Tensor other = s.constant(values, 32, 64);
          assertEquals(before, s.pooledFloats(), "the array is used again");
          s.release(x); // the weight's gradient needs it
          assertArrayEquals(values, x.toArray());
          s.release(other);
        }
        s.backward(z, values);
        gradients[round] = s.gradient(w);
      }
    }
    assertArrayEquals(gradients[0], gradients[1]);
  }

  @Test
  void whatBackwardHasPassedServesForTheGradients() {
    int layers = 8;
    int n = 64;
    List<Parameter> weights = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      weights.add(Parameter.filled("w" + i, Parameter.Kind.WEIGHT, n, n, 0.01f * (i + 1)));
    }
    try (ReferenceSession s = (ReferenceSession) new ReferenceBackend().open(1);
        Tape _ = s.record()) {
      Tensor x = s.constant(new float[n * n], n, n);
      for (Parameter w : weights) {
        Tensor y = s.linear(x, w, null, Activation.GELU);
        s.release(x);
        x = y;
      }
      long forward = s.pooledFloats();
      s.backward(x, new float[n * n]);
      for (Parameter w : weights) {
        assertNotNull(s.gradient(w));
      }
      long more = (s.pooledFloats() - forward) / ((long) n * n);
      // each layer takes one for its weight's gradient and gives back two; a few are under way
      assertTrue(more <= 6, "expected at most 6 further arrays, found " + more);
      assertEquals(n * n, x.toArray().length, "what was not released can still be read");
    }
  }

  @Test
  void moreThanTheHeapIsSaidInBytes() {
    try (Session s = new ReferenceBackend().open(1);
        Tape _ = s.infer()) {
      Tensor x = s.constant(new float[1 << 16], 1 << 16, 1);
      int[] rows = new int[1 << 16];
      var e =
          assertThrows(
              RealmException.OutOfMemory.class,
              () -> {
                Tensor wide = x;
                for (int i = 0; i < 16; i++) {
                  wide = s.concat(wide, wide);
                }
              });
      assertTrue(e.getMessage().contains("bytes"), e.getMessage());
      assertEquals(1 << 16, s.gather(x, rows).rows()); // the session goes on
    }
  }

  @Test
  void providersAreFound() {
    assertEquals("reference", BackendProvider.backend("reference").name());
    assertTrue(BackendProvider.backend("reference").describe().startsWith("reference: "));
  }

  @Test
  void forcedWidthIsHadOrRefused() {
    for (KernelChoice c : KernelChoice.values()) {
      if (c.unavailableBecause().isPresent()) {
        var e = assertThrows(RealmException.BadInput.class, () -> new ReferenceBackend(c));
        assertTrue(e.getMessage().contains(c.unavailableBecause().get()));
      } else {
        new ReferenceBackend(c);
      }
    }
  }
}
