package org.realm4j.tensor;

/**
 * Counter-based randomness: every draw is a pure function of what it is for, so that a run can be
 * resumed exactly and every backend draws the same bits. No state, thread-safe.
 *
 * <p>The mixing function is the 32-bit finaliser {@code lowbias32} (two multiplications, three
 * xor-shifts), cheap enough to be computed in vector lanes.
 */
public final class CounterRandom {
  /** 2^32 divided by the golden ratio; spreads consecutive channels over the whole range. */
  public static final int GOLDEN = 0x9E3779B9;

  private CounterRandom() {}

  /** A bijection of 32 bits in which every input bit changes about half of the output bits. */
  public static int mix(int x) {
    x ^= x >>> 16;
    x *= 0x7feb352d;
    x ^= x >>> 15;
    x *= 0x846ca68b;
    x ^= x >>> 16;
    return x;
  }

  /** A key from a seed and any number of counters, such as (stream, step, layer). */
  public static int key(long seed, long... counters) {
    int h = mix((int) seed) ^ mix((int) (seed >>> 32) + GOLDEN);
    for (long c : counters) {
      h = mix(h ^ mix((int) c + GOLDEN)) + mix((int) (c >>> 32));
    }
    return h;
  }

  /** What all draws of one row start from; {@code row} is never a packed row number. */
  public static int rowBase(int key, int row) {
    return mix(key ^ mix(row));
  }

  /** The draw of one channel of a row. */
  public static int draw(int rowBase, int channel) {
    return mix(rowBase + channel * GOLDEN);
  }

  /** Uniform in [0, 1), 24 bits. */
  public static float uniform(int key, int index) {
    return (draw(rowBase(key, 0), index) >>> 8) * 0x1p-24f;
  }

  /** Uniform in [0, bound), unbiased to within 2^-32 of each value's share. */
  public static int below(int bound, int key, int index) {
    return (int) ((Integer.toUnsignedLong(draw(rowBase(key, 1), index)) * bound) >>> 32);
  }

  /**
   * Standard normal, by Box and Muller. StrictMath, since the bits must be the same on any machine.
   */
  public static float gaussian(int key, int index) {
    int base = rowBase(key, 2);
    double u = ((draw(base, 2 * index) >>> 8) + 1) * 0x1p-24;
    double v = (draw(base, 2 * index + 1) >>> 8) * 0x1p-24;
    return (float) (StrictMath.sqrt(-2 * StrictMath.log(u)) * StrictMath.cos(2 * Math.PI * v));
  }

  /** A permutation of 0 to n - 1 (Fisher and Yates). */
  public static int[] permutation(int n, int key) {
    int[] p = new int[n];
    for (int i = 0; i < n; i++) {
      int j = below(i + 1, key, i);
      p[i] = p[j];
      p[j] = i;
    }
    return p;
  }
}
