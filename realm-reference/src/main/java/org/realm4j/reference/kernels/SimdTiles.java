package org.realm4j.reference.kernels;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Tiles and packing in the Vector API; defined once per vector width, see {@link SimdKernels}. */
final class SimdTiles implements TileKernels {
  private static final VectorSpecies<Float> S = SimdLoader.species(MethodHandles.lookup());
  private static final int L = S.length();
  private static final int TILE_COLS = 2 * L;

  /**
   * 24 accumulators need the 32 registers of AVX-512, in which case 512 bit are preferred. With the
   * 16 of AVX2, 8 rows are two tiles of 4: the compiler loads all that a step of k takes before it
   * multiplies, and keeps accumulators in memory if that and they are more than 14 registers.
   */
  private static final int TILE_ROWS = FloatVector.SPECIES_PREFERRED.length() >= 16 ? 12 : 8;

  private static final int ROW_STEP = TILE_ROWS == 12 ? 16 : 8;

  /** B moves so much faster than A: with one variable for both, the loop has no more to add up. */
  private static final int RATIO = TILE_COLS / ROW_STEP;

  private static final VectorSpecies<Float> S8 = FloatVector.SPECIES_256;

  // Which lanes of two vectors of 8, for the three rounds of an 8 x 8 transposition. The bits of
  // floats are moved as those of integers: else every index would be converted from a float first.
  private static final VectorSpecies<Integer> I8 = IntVector.SPECIES_256;
  private static final IntVector PAIRS_LOW = indices(0, 8, 2, 10, 4, 12, 6, 14);
  private static final IntVector PAIRS_HIGH = indices(1, 9, 3, 11, 5, 13, 7, 15);
  private static final IntVector QUADS_LOW = indices(0, 1, 8, 9, 4, 5, 12, 13);
  private static final IntVector QUADS_HIGH = indices(2, 3, 10, 11, 6, 7, 14, 15);
  private static final IntVector HALVES_LOW = indices(0, 1, 2, 3, 8, 9, 10, 11);
  private static final IntVector HALVES_HIGH = indices(4, 5, 6, 7, 12, 13, 14, 15);

  // The same for two rounds of a 4 x 4 transposition.
  private static final VectorSpecies<Float> S4 = FloatVector.SPECIES_128;
  private static final VectorShuffle<Float> NEIGHBOURS = VectorShuffle.fromValues(S4, 1, 0, 3, 2);
  private static final VectorShuffle<Float> HALVES = VectorShuffle.fromValues(S4, 2, 3, 0, 1);
  private static final VectorMask<Float> ODD = VectorMask.fromLong(S4, 0b1010);
  private static final VectorMask<Float> UPPER = VectorMask.fromLong(S4, 0b1100);

  SimdTiles() {}

  private static IntVector indices(int... lanes) {
    return IntVector.fromArray(I8, lanes, 0);
  }

  @Override
  public int tileRows() {
    return TILE_ROWS;
  }

  @Override
  public int rowStep() {
    return ROW_STEP;
  }

  @Override
  public int vector() {
    return L;
  }

  @Override
  public void tile(
      int k,
      int rows,
      int vectors,
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    if (rows > 8) {
      if (vectors == 1) {
        tile12x1(k, rows, a, aAt, b, bAt, c, cAt, cRow, accumulate);
      } else {
        tile12x2(k, rows, a, aAt, b, bAt, c, cAt, cRow, accumulate);
      }
      return;
    }
    for (int r = 0; r < rows; r += 4) {
      int some = Math.min(4, rows - r);
      if (vectors == 1) {
        tile4x1(k, some, a, aAt + r, b, bAt, c, cAt + r * cRow, cRow, accumulate);
      } else {
        tile4x2(k, some, a, aAt + r, b, bAt, c, cAt + r * cRow, cRow, accumulate);
      }
    }
  }

  // In all four, rows that are missing have the place of the last one, and are stored before it.

  private static void tile12x2(
      int k,
      int rows,
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    int at0 = cAt;
    int at1 = cAt + Math.min(1, rows - 1) * cRow;
    int at2 = cAt + Math.min(2, rows - 1) * cRow;
    int at3 = cAt + Math.min(3, rows - 1) * cRow;
    int at4 = cAt + Math.min(4, rows - 1) * cRow;
    int at5 = cAt + Math.min(5, rows - 1) * cRow;
    int at6 = cAt + Math.min(6, rows - 1) * cRow;
    int at7 = cAt + Math.min(7, rows - 1) * cRow;
    int at8 = cAt + Math.min(8, rows - 1) * cRow;
    int at9 = cAt + Math.min(9, rows - 1) * cRow;
    int at10 = cAt + Math.min(10, rows - 1) * cRow;
    int at11 = cAt + Math.min(11, rows - 1) * cRow;
    FloatVector c0a = FloatVector.zero(S);
    FloatVector c0b = FloatVector.zero(S);
    FloatVector c1a = FloatVector.zero(S);
    FloatVector c1b = FloatVector.zero(S);
    FloatVector c2a = FloatVector.zero(S);
    FloatVector c2b = FloatVector.zero(S);
    FloatVector c3a = FloatVector.zero(S);
    FloatVector c3b = FloatVector.zero(S);
    FloatVector c4a = FloatVector.zero(S);
    FloatVector c4b = FloatVector.zero(S);
    FloatVector c5a = FloatVector.zero(S);
    FloatVector c5b = FloatVector.zero(S);
    FloatVector c6a = FloatVector.zero(S);
    FloatVector c6b = FloatVector.zero(S);
    FloatVector c7a = FloatVector.zero(S);
    FloatVector c7b = FloatVector.zero(S);
    FloatVector c8a = FloatVector.zero(S);
    FloatVector c8b = FloatVector.zero(S);
    FloatVector c9a = FloatVector.zero(S);
    FloatVector c9b = FloatVector.zero(S);
    FloatVector c10a = FloatVector.zero(S);
    FloatVector c10b = FloatVector.zero(S);
    FloatVector c11a = FloatVector.zero(S);
    FloatVector c11b = FloatVector.zero(S);
    if (accumulate) {
      c0a = FloatVector.fromArray(S, c, at0);
      c0b = FloatVector.fromArray(S, c, at0 + L);
      c1a = FloatVector.fromArray(S, c, at1);
      c1b = FloatVector.fromArray(S, c, at1 + L);
      c2a = FloatVector.fromArray(S, c, at2);
      c2b = FloatVector.fromArray(S, c, at2 + L);
      c3a = FloatVector.fromArray(S, c, at3);
      c3b = FloatVector.fromArray(S, c, at3 + L);
      c4a = FloatVector.fromArray(S, c, at4);
      c4b = FloatVector.fromArray(S, c, at4 + L);
      c5a = FloatVector.fromArray(S, c, at5);
      c5b = FloatVector.fromArray(S, c, at5 + L);
      c6a = FloatVector.fromArray(S, c, at6);
      c6b = FloatVector.fromArray(S, c, at6 + L);
      c7a = FloatVector.fromArray(S, c, at7);
      c7b = FloatVector.fromArray(S, c, at7 + L);
      c8a = FloatVector.fromArray(S, c, at8);
      c8b = FloatVector.fromArray(S, c, at8 + L);
      c9a = FloatVector.fromArray(S, c, at9);
      c9b = FloatVector.fromArray(S, c, at9 + L);
      c10a = FloatVector.fromArray(S, c, at10);
      c10b = FloatVector.fromArray(S, c, at10 + L);
      c11a = FloatVector.fromArray(S, c, at11);
      c11b = FloatVector.fromArray(S, c, at11 + L);
    }
    int from = bAt - aAt * RATIO;
    int end = aAt + k * ROW_STEP;
    for (int ai = aAt; ai < end; ai += ROW_STEP) {
      int bi = from + ai * RATIO;
      FloatVector ba = FloatVector.fromArray(S, b, bi);
      FloatVector bb = FloatVector.fromArray(S, b, bi + L);
      FloatVector x = FloatVector.broadcast(S, a[ai]);
      c0a = x.fma(ba, c0a);
      c0b = x.fma(bb, c0b);
      x = FloatVector.broadcast(S, a[ai + 1]);
      c1a = x.fma(ba, c1a);
      c1b = x.fma(bb, c1b);
      x = FloatVector.broadcast(S, a[ai + 2]);
      c2a = x.fma(ba, c2a);
      c2b = x.fma(bb, c2b);
      x = FloatVector.broadcast(S, a[ai + 3]);
      c3a = x.fma(ba, c3a);
      c3b = x.fma(bb, c3b);
      x = FloatVector.broadcast(S, a[ai + 4]);
      c4a = x.fma(ba, c4a);
      c4b = x.fma(bb, c4b);
      x = FloatVector.broadcast(S, a[ai + 5]);
      c5a = x.fma(ba, c5a);
      c5b = x.fma(bb, c5b);
      x = FloatVector.broadcast(S, a[ai + 6]);
      c6a = x.fma(ba, c6a);
      c6b = x.fma(bb, c6b);
      x = FloatVector.broadcast(S, a[ai + 7]);
      c7a = x.fma(ba, c7a);
      c7b = x.fma(bb, c7b);
      x = FloatVector.broadcast(S, a[ai + 8]);
      c8a = x.fma(ba, c8a);
      c8b = x.fma(bb, c8b);
      x = FloatVector.broadcast(S, a[ai + 9]);
      c9a = x.fma(ba, c9a);
      c9b = x.fma(bb, c9b);
      x = FloatVector.broadcast(S, a[ai + 10]);
      c10a = x.fma(ba, c10a);
      c10b = x.fma(bb, c10b);
      x = FloatVector.broadcast(S, a[ai + 11]);
      c11a = x.fma(ba, c11a);
      c11b = x.fma(bb, c11b);
    }
    c11a.intoArray(c, at11);
    c11b.intoArray(c, at11 + L);
    c10a.intoArray(c, at10);
    c10b.intoArray(c, at10 + L);
    c9a.intoArray(c, at9);
    c9b.intoArray(c, at9 + L);
    c8a.intoArray(c, at8);
    c8b.intoArray(c, at8 + L);
    c7a.intoArray(c, at7);
    c7b.intoArray(c, at7 + L);
    c6a.intoArray(c, at6);
    c6b.intoArray(c, at6 + L);
    c5a.intoArray(c, at5);
    c5b.intoArray(c, at5 + L);
    c4a.intoArray(c, at4);
    c4b.intoArray(c, at4 + L);
    c3a.intoArray(c, at3);
    c3b.intoArray(c, at3 + L);
    c2a.intoArray(c, at2);
    c2b.intoArray(c, at2 + L);
    c1a.intoArray(c, at1);
    c1b.intoArray(c, at1 + L);
    c0a.intoArray(c, at0);
    c0b.intoArray(c, at0 + L);
  }

  private static void tile12x1(
      int k,
      int rows,
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    int at0 = cAt;
    int at1 = cAt + Math.min(1, rows - 1) * cRow;
    int at2 = cAt + Math.min(2, rows - 1) * cRow;
    int at3 = cAt + Math.min(3, rows - 1) * cRow;
    int at4 = cAt + Math.min(4, rows - 1) * cRow;
    int at5 = cAt + Math.min(5, rows - 1) * cRow;
    int at6 = cAt + Math.min(6, rows - 1) * cRow;
    int at7 = cAt + Math.min(7, rows - 1) * cRow;
    int at8 = cAt + Math.min(8, rows - 1) * cRow;
    int at9 = cAt + Math.min(9, rows - 1) * cRow;
    int at10 = cAt + Math.min(10, rows - 1) * cRow;
    int at11 = cAt + Math.min(11, rows - 1) * cRow;
    FloatVector c0a = FloatVector.zero(S);
    FloatVector c1a = FloatVector.zero(S);
    FloatVector c2a = FloatVector.zero(S);
    FloatVector c3a = FloatVector.zero(S);
    FloatVector c4a = FloatVector.zero(S);
    FloatVector c5a = FloatVector.zero(S);
    FloatVector c6a = FloatVector.zero(S);
    FloatVector c7a = FloatVector.zero(S);
    FloatVector c8a = FloatVector.zero(S);
    FloatVector c9a = FloatVector.zero(S);
    FloatVector c10a = FloatVector.zero(S);
    FloatVector c11a = FloatVector.zero(S);
    if (accumulate) {
      c0a = FloatVector.fromArray(S, c, at0);
      c1a = FloatVector.fromArray(S, c, at1);
      c2a = FloatVector.fromArray(S, c, at2);
      c3a = FloatVector.fromArray(S, c, at3);
      c4a = FloatVector.fromArray(S, c, at4);
      c5a = FloatVector.fromArray(S, c, at5);
      c6a = FloatVector.fromArray(S, c, at6);
      c7a = FloatVector.fromArray(S, c, at7);
      c8a = FloatVector.fromArray(S, c, at8);
      c9a = FloatVector.fromArray(S, c, at9);
      c10a = FloatVector.fromArray(S, c, at10);
      c11a = FloatVector.fromArray(S, c, at11);
    }
    int from = bAt - aAt * RATIO;
    int end = aAt + k * ROW_STEP;
    for (int ai = aAt; ai < end; ai += ROW_STEP) {
      int bi = from + ai * RATIO;
      FloatVector ba = FloatVector.fromArray(S, b, bi);
      FloatVector x = FloatVector.broadcast(S, a[ai]);
      c0a = x.fma(ba, c0a);
      x = FloatVector.broadcast(S, a[ai + 1]);
      c1a = x.fma(ba, c1a);
      x = FloatVector.broadcast(S, a[ai + 2]);
      c2a = x.fma(ba, c2a);
      x = FloatVector.broadcast(S, a[ai + 3]);
      c3a = x.fma(ba, c3a);
      x = FloatVector.broadcast(S, a[ai + 4]);
      c4a = x.fma(ba, c4a);
      x = FloatVector.broadcast(S, a[ai + 5]);
      c5a = x.fma(ba, c5a);
      x = FloatVector.broadcast(S, a[ai + 6]);
      c6a = x.fma(ba, c6a);
      x = FloatVector.broadcast(S, a[ai + 7]);
      c7a = x.fma(ba, c7a);
      x = FloatVector.broadcast(S, a[ai + 8]);
      c8a = x.fma(ba, c8a);
      x = FloatVector.broadcast(S, a[ai + 9]);
      c9a = x.fma(ba, c9a);
      x = FloatVector.broadcast(S, a[ai + 10]);
      c10a = x.fma(ba, c10a);
      x = FloatVector.broadcast(S, a[ai + 11]);
      c11a = x.fma(ba, c11a);
    }
    c11a.intoArray(c, at11);
    c10a.intoArray(c, at10);
    c9a.intoArray(c, at9);
    c8a.intoArray(c, at8);
    c7a.intoArray(c, at7);
    c6a.intoArray(c, at6);
    c5a.intoArray(c, at5);
    c4a.intoArray(c, at4);
    c3a.intoArray(c, at3);
    c2a.intoArray(c, at2);
    c1a.intoArray(c, at1);
    c0a.intoArray(c, at0);
  }

  private static void tile4x2(
      int k,
      int rows,
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    int at0 = cAt;
    int at1 = cAt + Math.min(1, rows - 1) * cRow;
    int at2 = cAt + Math.min(2, rows - 1) * cRow;
    int at3 = cAt + Math.min(3, rows - 1) * cRow;
    FloatVector c0a = FloatVector.zero(S);
    FloatVector c0b = FloatVector.zero(S);
    FloatVector c1a = FloatVector.zero(S);
    FloatVector c1b = FloatVector.zero(S);
    FloatVector c2a = FloatVector.zero(S);
    FloatVector c2b = FloatVector.zero(S);
    FloatVector c3a = FloatVector.zero(S);
    FloatVector c3b = FloatVector.zero(S);
    if (accumulate) {
      c0a = FloatVector.fromArray(S, c, at0);
      c0b = FloatVector.fromArray(S, c, at0 + L);
      c1a = FloatVector.fromArray(S, c, at1);
      c1b = FloatVector.fromArray(S, c, at1 + L);
      c2a = FloatVector.fromArray(S, c, at2);
      c2b = FloatVector.fromArray(S, c, at2 + L);
      c3a = FloatVector.fromArray(S, c, at3);
      c3b = FloatVector.fromArray(S, c, at3 + L);
    }
    int from = bAt - aAt * RATIO;
    int end = aAt + k * ROW_STEP;
    for (int ai = aAt; ai < end; ai += ROW_STEP) {
      int bi = from + ai * RATIO;
      FloatVector ba = FloatVector.fromArray(S, b, bi);
      FloatVector bb = FloatVector.fromArray(S, b, bi + L);
      FloatVector x = FloatVector.broadcast(S, a[ai]);
      c0a = x.fma(ba, c0a);
      c0b = x.fma(bb, c0b);
      x = FloatVector.broadcast(S, a[ai + 1]);
      c1a = x.fma(ba, c1a);
      c1b = x.fma(bb, c1b);
      x = FloatVector.broadcast(S, a[ai + 2]);
      c2a = x.fma(ba, c2a);
      c2b = x.fma(bb, c2b);
      x = FloatVector.broadcast(S, a[ai + 3]);
      c3a = x.fma(ba, c3a);
      c3b = x.fma(bb, c3b);
    }
    c3a.intoArray(c, at3);
    c3b.intoArray(c, at3 + L);
    c2a.intoArray(c, at2);
    c2b.intoArray(c, at2 + L);
    c1a.intoArray(c, at1);
    c1b.intoArray(c, at1 + L);
    c0a.intoArray(c, at0);
    c0b.intoArray(c, at0 + L);
  }

  private static void tile4x1(
      int k,
      int rows,
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    int at0 = cAt;
    int at1 = cAt + Math.min(1, rows - 1) * cRow;
    int at2 = cAt + Math.min(2, rows - 1) * cRow;
    int at3 = cAt + Math.min(3, rows - 1) * cRow;
    FloatVector c0a = FloatVector.zero(S);
    FloatVector c1a = FloatVector.zero(S);
    FloatVector c2a = FloatVector.zero(S);
    FloatVector c3a = FloatVector.zero(S);
    if (accumulate) {
      c0a = FloatVector.fromArray(S, c, at0);
      c1a = FloatVector.fromArray(S, c, at1);
      c2a = FloatVector.fromArray(S, c, at2);
      c3a = FloatVector.fromArray(S, c, at3);
    }
    int from = bAt - aAt * RATIO;
    int end = aAt + k * ROW_STEP;
    for (int ai = aAt; ai < end; ai += ROW_STEP) {
      int bi = from + ai * RATIO;
      FloatVector ba = FloatVector.fromArray(S, b, bi);
      FloatVector x = FloatVector.broadcast(S, a[ai]);
      c0a = x.fma(ba, c0a);
      x = FloatVector.broadcast(S, a[ai + 1]);
      c1a = x.fma(ba, c1a);
      x = FloatVector.broadcast(S, a[ai + 2]);
      c2a = x.fma(ba, c2a);
      x = FloatVector.broadcast(S, a[ai + 3]);
      c3a = x.fma(ba, c3a);
    }
    c3a.intoArray(c, at3);
    c2a.intoArray(c, at2);
    c1a.intoArray(c, at1);
    c0a.intoArray(c, at0);
  }

  @Override
  public void transpose(
      float[] from,
      int fromAt,
      int fromStride,
      int rows,
      int cols,
      float[] to,
      int toAt,
      int toStride) {
    int cols8 = cols & -8;
    for (int i = 0; i < rows; i += 8) {
      int some = Math.min(8, rows - i);
      int source = fromAt + i * fromStride;
      if (TILE_ROWS == 12) {
        transpose8(from, source, fromStride, some, cols8, to, toAt + i, toStride);
      } else {
        int second = source + Math.min(4, some - 1) * fromStride;
        int rest = Math.max(1, some - 4);
        transpose4(from, source, fromStride, some, cols8, to, toAt + i, toStride);
        transpose4(from, second, fromStride, rest, cols8, to, toAt + i + 4, toStride);
      }
      for (int j = cols8; j < cols; j++) {
        for (int r = 0; r < 8; r++) {
          to[toAt + j * toStride + i + r] = from[source + Math.min(r, some - 1) * fromStride + j];
        }
      }
    }
  }

  /**
   * Up to 4 rows, a whole number of times 4 columns. AVX2 has no instruction that chooses lanes of
   * two vectors, but moves lanes of one vector of 128 bit at once.
   */
  private static void transpose4(
      float[] from,
      int fromAt,
      int fromStride,
      int rows,
      int cols,
      float[] to,
      int toAt,
      int toStride) {
    int at1 = fromAt + Math.min(1, rows - 1) * fromStride;
    int at2 = fromAt + Math.min(2, rows - 1) * fromStride;
    int at3 = fromAt + Math.min(3, rows - 1) * fromStride;
    for (int j = 0; j < cols; j += 4) {
      FloatVector a0 = FloatVector.fromArray(S4, from, fromAt + j);
      FloatVector a1 = FloatVector.fromArray(S4, from, at1 + j);
      FloatVector a2 = FloatVector.fromArray(S4, from, at2 + j);
      FloatVector a3 = FloatVector.fromArray(S4, from, at3 + j);
      FloatVector b0 = a0.blend(a1.rearrange(NEIGHBOURS), ODD);
      FloatVector b1 = a0.rearrange(NEIGHBOURS).blend(a1, ODD);
      FloatVector b2 = a2.blend(a3.rearrange(NEIGHBOURS), ODD);
      FloatVector b3 = a2.rearrange(NEIGHBOURS).blend(a3, ODD);
      int t = toAt + j * toStride;
      b0.blend(b2.rearrange(HALVES), UPPER).intoArray(to, t);
      b1.blend(b3.rearrange(HALVES), UPPER).intoArray(to, t + toStride);
      b0.rearrange(HALVES).blend(b2, UPPER).intoArray(to, t + 2 * toStride);
      b1.rearrange(HALVES).blend(b3, UPPER).intoArray(to, t + 3 * toStride);
    }
  }

  /** Up to 8 rows, a whole number of times 8 columns. */
  private static void transpose8(
      float[] from,
      int fromAt,
      int fromStride,
      int rows,
      int cols,
      float[] to,
      int toAt,
      int toStride) {
    int at1 = fromAt + Math.min(1, rows - 1) * fromStride;
    int at2 = fromAt + Math.min(2, rows - 1) * fromStride;
    int at3 = fromAt + Math.min(3, rows - 1) * fromStride;
    int at4 = fromAt + Math.min(4, rows - 1) * fromStride;
    int at5 = fromAt + Math.min(5, rows - 1) * fromStride;
    int at6 = fromAt + Math.min(6, rows - 1) * fromStride;
    int at7 = fromAt + Math.min(7, rows - 1) * fromStride;
    for (int j = 0; j < cols; j += 8) {
      IntVector a0 = FloatVector.fromArray(S8, from, fromAt + j).reinterpretAsInts();
      IntVector a1 = FloatVector.fromArray(S8, from, at1 + j).reinterpretAsInts();
      IntVector a2 = FloatVector.fromArray(S8, from, at2 + j).reinterpretAsInts();
      IntVector a3 = FloatVector.fromArray(S8, from, at3 + j).reinterpretAsInts();
      IntVector a4 = FloatVector.fromArray(S8, from, at4 + j).reinterpretAsInts();
      IntVector a5 = FloatVector.fromArray(S8, from, at5 + j).reinterpretAsInts();
      IntVector a6 = FloatVector.fromArray(S8, from, at6 + j).reinterpretAsInts();
      IntVector a7 = FloatVector.fromArray(S8, from, at7 + j).reinterpretAsInts();
      IntVector b0 = PAIRS_LOW.selectFrom(a0, a1);
      IntVector b1 = PAIRS_HIGH.selectFrom(a0, a1);
      IntVector b2 = PAIRS_LOW.selectFrom(a2, a3);
      IntVector b3 = PAIRS_HIGH.selectFrom(a2, a3);
      IntVector b4 = PAIRS_LOW.selectFrom(a4, a5);
      IntVector b5 = PAIRS_HIGH.selectFrom(a4, a5);
      IntVector b6 = PAIRS_LOW.selectFrom(a6, a7);
      IntVector b7 = PAIRS_HIGH.selectFrom(a6, a7);
      IntVector c0 = QUADS_LOW.selectFrom(b0, b2);
      IntVector c1 = QUADS_LOW.selectFrom(b1, b3);
      IntVector c2 = QUADS_HIGH.selectFrom(b0, b2);
      IntVector c3 = QUADS_HIGH.selectFrom(b1, b3);
      IntVector c4 = QUADS_LOW.selectFrom(b4, b6);
      IntVector c5 = QUADS_LOW.selectFrom(b5, b7);
      IntVector c6 = QUADS_HIGH.selectFrom(b4, b6);
      IntVector c7 = QUADS_HIGH.selectFrom(b5, b7);
      int t = toAt + j * toStride;
      HALVES_LOW.selectFrom(c0, c4).reinterpretAsFloats().intoArray(to, t);
      HALVES_LOW.selectFrom(c1, c5).reinterpretAsFloats().intoArray(to, t + toStride);
      HALVES_LOW.selectFrom(c2, c6).reinterpretAsFloats().intoArray(to, t + 2 * toStride);
      HALVES_LOW.selectFrom(c3, c7).reinterpretAsFloats().intoArray(to, t + 3 * toStride);
      HALVES_HIGH.selectFrom(c0, c4).reinterpretAsFloats().intoArray(to, t + 4 * toStride);
      HALVES_HIGH.selectFrom(c1, c5).reinterpretAsFloats().intoArray(to, t + 5 * toStride);
      HALVES_HIGH.selectFrom(c2, c6).reinterpretAsFloats().intoArray(to, t + 6 * toStride);
      HALVES_HIGH.selectFrom(c3, c7).reinterpretAsFloats().intoArray(to, t + 7 * toStride);
    }
  }

  @Override
  public void panels(
      float[] from,
      int fromAt,
      int fromStride,
      int k,
      int width,
      int panels,
      float[] to,
      int toAt,
      int toStep) {
    for (int i = 0; i < k; i++) {
      for (int p = 0; p < panels; p++) {
        int f = fromAt + i * fromStride + p * width;
        int t = toAt + (p * k + i) * toStep;
        if (f + toStep > from.length) {
          System.arraycopy(from, f, to, t, from.length - f);
        } else {
          FloatVector.fromArray(S, from, f).intoArray(to, t);
          if (toStep > L) {
            FloatVector.fromArray(S, from, f + L).intoArray(to, t + L);
          }
        }
      }
    }
  }
}
