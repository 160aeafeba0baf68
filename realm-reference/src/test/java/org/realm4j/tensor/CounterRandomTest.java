package org.realm4j.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;
import org.realm4j.train.RandomStream;

/** The draws are the same for ever: resumed runs and other backends rely on it. */
class CounterRandomTest {
  private static final long LOW = 0xFFFFFFFFL;

  /** The same mixing in 64-bit arithmetic. */
  private static long mix(long x) {
    x = (x ^ (x >> 16)) * 0x7feb352dL & LOW;
    x = (x ^ (x >> 15)) * 0x846ca68bL & LOW;
    return x ^ (x >> 16);
  }

  private static long key(long seed, long... counters) {
    long h = mix(seed & LOW) ^ mix((seed >>> 32) + 0x9E3779B9L & LOW);
    for (long c : counters) {
      h = mix(h ^ mix((c & LOW) + 0x9E3779B9L & LOW)) + mix(c >>> 32) & LOW;
    }
    return h;
  }

  private static long draw(long key, long row, long channel) {
    return mix(mix(key ^ mix(row)) + channel * 0x9E3779B9L & LOW);
  }

  /** Fixed numbers: a change of them breaks every checkpoint. */
  @Test
  void vectors() {
    assertEquals(0, CounterRandom.mix(0));
    assertEquals(1753845952, CounterRandom.mix(1));
    assertEquals(2141378653, CounterRandom.key(42, 1, 2, 3));
    assertEquals(
        -1041360166,
        CounterRandom.draw(CounterRandom.rowBase(CounterRandom.key(42, 1, 2, 3), 5), 7));
    assertEquals(0.7089772f, CounterRandom.uniform(CounterRandom.key(42), 9));
    assertEquals(0.19233654f, CounterRandom.gaussian(CounterRandom.key(42), 9));
    assertArrayEquals(
        new int[] {4, 0, 1, 3, 7, 5, 6, 2}, CounterRandom.permutation(8, CounterRandom.key(42)));
    assertEquals(-261560684, RandomStream.MASK.key(42, 1000));
  }

  @Property(seed = "32", tries = 500)
  void drawsAreThoseOfAPlainImplementation(
      @ForAll long seed, @ForAll long counter, @ForAll int row, @ForAll @IntRange int channel) {
    int key = CounterRandom.key(seed, counter, 3);
    assertEquals(key(seed, counter, 3), key & LOW);
    assertEquals(
        draw(key & LOW, row & LOW, channel),
        CounterRandom.draw(CounterRandom.rowBase(key, row), channel) & LOW);
    assertEquals(
        (draw(key & LOW, 0, channel) >> 8) / 16777216f, CounterRandom.uniform(key, channel));
    assertEquals(draw(key & LOW, 1, channel) * 97 >> 32, CounterRandom.below(97, key, channel));
  }

  @Test
  void drawsAreUniform() {
    int n = 100_000;
    int[] buckets = new int[16];
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < n; i++) {
      buckets[CounterRandom.below(16, 99, i)]++;
      double g = CounterRandom.gaussian(99, i);
      sum += g;
      squares += g * g;
    }
    double chi = Arrays.stream(buckets).mapToDouble(c -> (c - n / 16.0) * (c - n / 16.0)).sum();
    assertTrue(chi / (n / 16.0) < 37.7, "chi-squared, 15 degrees: " + chi / (n / 16.0));
    assertEquals(0, sum / n, 0.02);
    assertEquals(1, squares / n, 0.03);
  }

  @Property(seed = "33", tries = 100)
  void aPermutationHoldsEachNumberOnce(@ForAll @IntRange(max = 300) int n, @ForAll int key) {
    int[] p = CounterRandom.permutation(n, key);
    Arrays.sort(p);
    assertArrayEquals(IntStream.range(0, n).toArray(), p);
  }

  @Test
  void everyOrderOfThreeIsAboutAsLikely() {
    int[] counts = new int[64];
    for (int key = 0; key < 6000; key++) {
      int[] p = CounterRandom.permutation(3, CounterRandom.key(5, key));
      counts[p[0] * 16 + p[1] * 4 + p[2]]++;
    }
    assertEquals(6, Arrays.stream(counts).filter(c -> c > 850 && c < 1150).count());
  }

  @Test
  void streamsAndStepsDrawApart() {
    Set<Integer> keys = new HashSet<>();
    for (RandomStream stream : RandomStream.values()) {
      for (int step = 0; step < 1000; step++) {
        keys.add(stream.key(1, step));
      }
    }
    assertEquals(RandomStream.values().length * 1000, keys.size());
    assertNotEquals(RandomStream.MASK.key(1, 0), RandomStream.MASK.key(1L << 32 | 1, 0));
  }

  @Test
  void dropoutKeepsItsShareAndScalesIt() {
    for (float rate : new float[] {0f, 0.1f, 0.5f, 0.9f}) {
      Dropout d = new Dropout(rate, 17, IntStream.range(0, 200).toArray());
      int kept = 0;
      for (int r = 0; r < 200; r++) {
        for (int c = 0; c < 500; c++) {
          kept += d.keeps(r, c) ? 1 : 0;
        }
      }
      assertEquals(1 - rate, kept / 100_000.0, 0.005);
      assertEquals(1 / (1 - rate), d.scale(), 1e-6);
    }
    for (float rate : new float[] {-0.1f, 1f, Float.NaN}) {
      assertThrows(RealmException.BadInput.class, () -> new Dropout(rate, 1, new int[0]));
    }
  }
}
