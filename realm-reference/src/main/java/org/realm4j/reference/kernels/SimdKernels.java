package org.realm4j.reference.kernels;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.CounterRandom;

/**
 * The kernels in the Vector API. Never used as itself: {@link SimdLoader} defines it as a hidden
 * class once per vector width, so that the species is a constant to the compiler in each, and both
 * can run in one JVM. For that reason it has no lambdas and no nested classes.
 *
 * <p>The 16 lanes of sums are one vector of 512 bit or two of 256. Tails are masked.
 */
final class SimdKernels implements Kernels {
  private static final VectorSpecies<Float> S = species();
  private static final VectorSpecies<Integer> I = S.withLanes(int.class);
  private static final int L = S.length();
  private static final int LANES = 16;
  private static final int TILE_COLS = 3 * L;

  /** Elements per pass of the activations; their buffers stay in the first-level cache. */
  private static final int CHUNK = 512;

  /** 24 accumulators need the 32 registers of AVX-512, in which case 512 bit are preferred. */
  private static final int TILE_ROWS = FloatVector.SPECIES_PREFERRED.length() >= LANES ? 8 : 4;

  private static final VectorSpecies<Float> S8 = FloatVector.SPECIES_256;

  private static final VectorShuffle<Float> ROTATE_8 = VectorShuffle.iota(S, 8 % L, 1, true);
  private static final VectorShuffle<Float> ROTATE_4 = VectorShuffle.iota(S, 4, 1, true);
  private static final VectorShuffle<Float> ROTATE_2 = VectorShuffle.iota(S, 2, 1, true);
  private static final VectorShuffle<Float> ROTATE_1 = VectorShuffle.iota(S, 1, 1, true);

  // which lanes of two vectors of 8, for the three rounds of an 8 x 8 transposition
  private static final FloatVector PAIRS_LOW = indices(0, 8, 2, 10, 4, 12, 6, 14);
  private static final FloatVector PAIRS_HIGH = indices(1, 9, 3, 11, 5, 13, 7, 15);
  private static final FloatVector QUADS_LOW = indices(0, 1, 8, 9, 4, 5, 12, 13);
  private static final FloatVector QUADS_HIGH = indices(2, 3, 10, 11, 6, 7, 14, 15);
  private static final FloatVector HALVES_LOW = indices(0, 1, 2, 3, 8, 9, 10, 11);
  private static final FloatVector HALVES_HIGH = indices(4, 5, 6, 7, 12, 13, 14, 15);

  private static final IntVector IOTA = IntVector.zero(I).addIndex(1);

  SimdKernels() {}

  @SuppressWarnings("unchecked")
  private static VectorSpecies<Float> species() {
    try {
      return MethodHandles.classData(MethodHandles.lookup(), "_", VectorSpecies.class);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private static FloatVector indices(float... lanes) {
    return FloatVector.fromArray(S8, lanes, 0);
  }

  @Override
  public String describe() {
    return "SIMD " + S.vectorBitSize() + " bit";
  }

  // ---- matrix products

  @Override
  public int tileRows() {
    return TILE_ROWS;
  }

  @Override
  public int tileCols() {
    return TILE_COLS;
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
      int aRow,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    if (TILE_ROWS == 8) {
      switch (vectors) {
        case 1 -> tile8x1(k, rows, a, aAt, aRow, aStep, b, bAt, bStep, c, cAt, cRow, accumulate);
        case 2 -> tile8x2(k, rows, a, aAt, aRow, aStep, b, bAt, bStep, c, cAt, cRow, accumulate);
        default -> tile8x3(k, rows, a, aAt, aRow, aStep, b, bAt, bStep, c, cAt, cRow, accumulate);
      }
    } else {
      switch (vectors) {
        case 1 -> tile4x1(k, rows, a, aAt, aRow, aStep, b, bAt, bStep, c, cAt, cRow, accumulate);
        case 2 -> tile4x2(k, rows, a, aAt, aRow, aStep, b, bAt, bStep, c, cAt, cRow, accumulate);
        default -> tile4x3(k, rows, a, aAt, aRow, aStep, b, bAt, bStep, c, cAt, cRow, accumulate);
      }
    }
  }

  private static void tile8x3(
      int k,
      int rows,
      float[] a,
      int aAt,
      int aRow,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    int a1 = Math.min(1, rows - 1) * aRow;
    int a2 = Math.min(2, rows - 1) * aRow;
    int a3 = Math.min(3, rows - 1) * aRow;
    int a4 = Math.min(4, rows - 1) * aRow;
    int a5 = Math.min(5, rows - 1) * aRow;
    int a6 = Math.min(6, rows - 1) * aRow;
    int a7 = Math.min(7, rows - 1) * aRow;
    int at0 = cAt;
    int at1 = cAt + Math.min(1, rows - 1) * cRow;
    int at2 = cAt + Math.min(2, rows - 1) * cRow;
    int at3 = cAt + Math.min(3, rows - 1) * cRow;
    int at4 = cAt + Math.min(4, rows - 1) * cRow;
    int at5 = cAt + Math.min(5, rows - 1) * cRow;
    int at6 = cAt + Math.min(6, rows - 1) * cRow;
    int at7 = cAt + Math.min(7, rows - 1) * cRow;
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c02 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    FloatVector c12 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c21 = FloatVector.zero(S);
    FloatVector c22 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c31 = FloatVector.zero(S);
    FloatVector c32 = FloatVector.zero(S);
    FloatVector c40 = FloatVector.zero(S);
    FloatVector c41 = FloatVector.zero(S);
    FloatVector c42 = FloatVector.zero(S);
    FloatVector c50 = FloatVector.zero(S);
    FloatVector c51 = FloatVector.zero(S);
    FloatVector c52 = FloatVector.zero(S);
    FloatVector c60 = FloatVector.zero(S);
    FloatVector c61 = FloatVector.zero(S);
    FloatVector c62 = FloatVector.zero(S);
    FloatVector c70 = FloatVector.zero(S);
    FloatVector c71 = FloatVector.zero(S);
    FloatVector c72 = FloatVector.zero(S);
    if (accumulate) {
      c00 = load(c, at0);
      c01 = load(c, at0 + L);
      c02 = load(c, at0 + 2 * L);
      c10 = load(c, at1);
      c11 = load(c, at1 + L);
      c12 = load(c, at1 + 2 * L);
      c20 = load(c, at2);
      c21 = load(c, at2 + L);
      c22 = load(c, at2 + 2 * L);
      c30 = load(c, at3);
      c31 = load(c, at3 + L);
      c32 = load(c, at3 + 2 * L);
      c40 = load(c, at4);
      c41 = load(c, at4 + L);
      c42 = load(c, at4 + 2 * L);
      c50 = load(c, at5);
      c51 = load(c, at5 + L);
      c52 = load(c, at5 + 2 * L);
      c60 = load(c, at6);
      c61 = load(c, at6 + L);
      c62 = load(c, at6 + 2 * L);
      c70 = load(c, at7);
      c71 = load(c, at7 + L);
      c72 = load(c, at7 + 2 * L);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = load(b, bi);
      FloatVector b1 = load(b, bi + L);
      FloatVector b2 = load(b, bi + 2 * L);
      FloatVector x = FloatVector.broadcast(S, a[ai]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      c02 = x.fma(b2, c02);
      x = FloatVector.broadcast(S, a[ai + a1]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      c12 = x.fma(b2, c12);
      x = FloatVector.broadcast(S, a[ai + a2]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      c22 = x.fma(b2, c22);
      x = FloatVector.broadcast(S, a[ai + a3]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      c32 = x.fma(b2, c32);
      x = FloatVector.broadcast(S, a[ai + a4]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      c42 = x.fma(b2, c42);
      x = FloatVector.broadcast(S, a[ai + a5]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      c52 = x.fma(b2, c52);
      x = FloatVector.broadcast(S, a[ai + a6]);
      c60 = x.fma(b0, c60);
      c61 = x.fma(b1, c61);
      c62 = x.fma(b2, c62);
      x = FloatVector.broadcast(S, a[ai + a7]);
      c70 = x.fma(b0, c70);
      c71 = x.fma(b1, c71);
      c72 = x.fma(b2, c72);
    }
    c00.intoArray(c, at0);
    c01.intoArray(c, at0 + L);
    c02.intoArray(c, at0 + 2 * L);
    c10.intoArray(c, at1);
    c11.intoArray(c, at1 + L);
    c12.intoArray(c, at1 + 2 * L);
    c20.intoArray(c, at2);
    c21.intoArray(c, at2 + L);
    c22.intoArray(c, at2 + 2 * L);
    c30.intoArray(c, at3);
    c31.intoArray(c, at3 + L);
    c32.intoArray(c, at3 + 2 * L);
    c40.intoArray(c, at4);
    c41.intoArray(c, at4 + L);
    c42.intoArray(c, at4 + 2 * L);
    c50.intoArray(c, at5);
    c51.intoArray(c, at5 + L);
    c52.intoArray(c, at5 + 2 * L);
    c60.intoArray(c, at6);
    c61.intoArray(c, at6 + L);
    c62.intoArray(c, at6 + 2 * L);
    c70.intoArray(c, at7);
    c71.intoArray(c, at7 + L);
    c72.intoArray(c, at7 + 2 * L);
  }

  private static void tile8x2(
      int k,
      int rows,
      float[] a,
      int aAt,
      int aRow,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    int a1 = Math.min(1, rows - 1) * aRow;
    int a2 = Math.min(2, rows - 1) * aRow;
    int a3 = Math.min(3, rows - 1) * aRow;
    int a4 = Math.min(4, rows - 1) * aRow;
    int a5 = Math.min(5, rows - 1) * aRow;
    int a6 = Math.min(6, rows - 1) * aRow;
    int a7 = Math.min(7, rows - 1) * aRow;
    int at0 = cAt;
    int at1 = cAt + Math.min(1, rows - 1) * cRow;
    int at2 = cAt + Math.min(2, rows - 1) * cRow;
    int at3 = cAt + Math.min(3, rows - 1) * cRow;
    int at4 = cAt + Math.min(4, rows - 1) * cRow;
    int at5 = cAt + Math.min(5, rows - 1) * cRow;
    int at6 = cAt + Math.min(6, rows - 1) * cRow;
    int at7 = cAt + Math.min(7, rows - 1) * cRow;
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c21 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c31 = FloatVector.zero(S);
    FloatVector c40 = FloatVector.zero(S);
    FloatVector c41 = FloatVector.zero(S);
    FloatVector c50 = FloatVector.zero(S);
    FloatVector c51 = FloatVector.zero(S);
    FloatVector c60 = FloatVector.zero(S);
    FloatVector c61 = FloatVector.zero(S);
    FloatVector c70 = FloatVector.zero(S);
    FloatVector c71 = FloatVector.zero(S);
    if (accumulate) {
      c00 = load(c, at0);
      c01 = load(c, at0 + L);
      c10 = load(c, at1);
      c11 = load(c, at1 + L);
      c20 = load(c, at2);
      c21 = load(c, at2 + L);
      c30 = load(c, at3);
      c31 = load(c, at3 + L);
      c40 = load(c, at4);
      c41 = load(c, at4 + L);
      c50 = load(c, at5);
      c51 = load(c, at5 + L);
      c60 = load(c, at6);
      c61 = load(c, at6 + L);
      c70 = load(c, at7);
      c71 = load(c, at7 + L);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = load(b, bi);
      FloatVector b1 = load(b, bi + L);
      FloatVector x = FloatVector.broadcast(S, a[ai]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(S, a[ai + a1]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(S, a[ai + a2]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(S, a[ai + a3]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(S, a[ai + a4]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(S, a[ai + a5]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      x = FloatVector.broadcast(S, a[ai + a6]);
      c60 = x.fma(b0, c60);
      c61 = x.fma(b1, c61);
      x = FloatVector.broadcast(S, a[ai + a7]);
      c70 = x.fma(b0, c70);
      c71 = x.fma(b1, c71);
    }
    c00.intoArray(c, at0);
    c01.intoArray(c, at0 + L);
    c10.intoArray(c, at1);
    c11.intoArray(c, at1 + L);
    c20.intoArray(c, at2);
    c21.intoArray(c, at2 + L);
    c30.intoArray(c, at3);
    c31.intoArray(c, at3 + L);
    c40.intoArray(c, at4);
    c41.intoArray(c, at4 + L);
    c50.intoArray(c, at5);
    c51.intoArray(c, at5 + L);
    c60.intoArray(c, at6);
    c61.intoArray(c, at6 + L);
    c70.intoArray(c, at7);
    c71.intoArray(c, at7 + L);
  }

  private static void tile8x1(
      int k,
      int rows,
      float[] a,
      int aAt,
      int aRow,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    int a1 = Math.min(1, rows - 1) * aRow;
    int a2 = Math.min(2, rows - 1) * aRow;
    int a3 = Math.min(3, rows - 1) * aRow;
    int a4 = Math.min(4, rows - 1) * aRow;
    int a5 = Math.min(5, rows - 1) * aRow;
    int a6 = Math.min(6, rows - 1) * aRow;
    int a7 = Math.min(7, rows - 1) * aRow;
    int at0 = cAt;
    int at1 = cAt + Math.min(1, rows - 1) * cRow;
    int at2 = cAt + Math.min(2, rows - 1) * cRow;
    int at3 = cAt + Math.min(3, rows - 1) * cRow;
    int at4 = cAt + Math.min(4, rows - 1) * cRow;
    int at5 = cAt + Math.min(5, rows - 1) * cRow;
    int at6 = cAt + Math.min(6, rows - 1) * cRow;
    int at7 = cAt + Math.min(7, rows - 1) * cRow;
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c40 = FloatVector.zero(S);
    FloatVector c50 = FloatVector.zero(S);
    FloatVector c60 = FloatVector.zero(S);
    FloatVector c70 = FloatVector.zero(S);
    if (accumulate) {
      c00 = load(c, at0);
      c10 = load(c, at1);
      c20 = load(c, at2);
      c30 = load(c, at3);
      c40 = load(c, at4);
      c50 = load(c, at5);
      c60 = load(c, at6);
      c70 = load(c, at7);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = load(b, bi);
      FloatVector x = FloatVector.broadcast(S, a[ai]);
      c00 = x.fma(b0, c00);
      x = FloatVector.broadcast(S, a[ai + a1]);
      c10 = x.fma(b0, c10);
      x = FloatVector.broadcast(S, a[ai + a2]);
      c20 = x.fma(b0, c20);
      x = FloatVector.broadcast(S, a[ai + a3]);
      c30 = x.fma(b0, c30);
      x = FloatVector.broadcast(S, a[ai + a4]);
      c40 = x.fma(b0, c40);
      x = FloatVector.broadcast(S, a[ai + a5]);
      c50 = x.fma(b0, c50);
      x = FloatVector.broadcast(S, a[ai + a6]);
      c60 = x.fma(b0, c60);
      x = FloatVector.broadcast(S, a[ai + a7]);
      c70 = x.fma(b0, c70);
    }
    c00.intoArray(c, at0);
    c10.intoArray(c, at1);
    c20.intoArray(c, at2);
    c30.intoArray(c, at3);
    c40.intoArray(c, at4);
    c50.intoArray(c, at5);
    c60.intoArray(c, at6);
    c70.intoArray(c, at7);
  }

  private static void tile4x3(
      int k,
      int rows,
      float[] a,
      int aAt,
      int aRow,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    int a1 = Math.min(1, rows - 1) * aRow;
    int a2 = Math.min(2, rows - 1) * aRow;
    int a3 = Math.min(3, rows - 1) * aRow;
    int at0 = cAt;
    int at1 = cAt + Math.min(1, rows - 1) * cRow;
    int at2 = cAt + Math.min(2, rows - 1) * cRow;
    int at3 = cAt + Math.min(3, rows - 1) * cRow;
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c02 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    FloatVector c12 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c21 = FloatVector.zero(S);
    FloatVector c22 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c31 = FloatVector.zero(S);
    FloatVector c32 = FloatVector.zero(S);
    if (accumulate) {
      c00 = load(c, at0);
      c01 = load(c, at0 + L);
      c02 = load(c, at0 + 2 * L);
      c10 = load(c, at1);
      c11 = load(c, at1 + L);
      c12 = load(c, at1 + 2 * L);
      c20 = load(c, at2);
      c21 = load(c, at2 + L);
      c22 = load(c, at2 + 2 * L);
      c30 = load(c, at3);
      c31 = load(c, at3 + L);
      c32 = load(c, at3 + 2 * L);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = load(b, bi);
      FloatVector b1 = load(b, bi + L);
      FloatVector b2 = load(b, bi + 2 * L);
      FloatVector x = FloatVector.broadcast(S, a[ai]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      c02 = x.fma(b2, c02);
      x = FloatVector.broadcast(S, a[ai + a1]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      c12 = x.fma(b2, c12);
      x = FloatVector.broadcast(S, a[ai + a2]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      c22 = x.fma(b2, c22);
      x = FloatVector.broadcast(S, a[ai + a3]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      c32 = x.fma(b2, c32);
    }
    c00.intoArray(c, at0);
    c01.intoArray(c, at0 + L);
    c02.intoArray(c, at0 + 2 * L);
    c10.intoArray(c, at1);
    c11.intoArray(c, at1 + L);
    c12.intoArray(c, at1 + 2 * L);
    c20.intoArray(c, at2);
    c21.intoArray(c, at2 + L);
    c22.intoArray(c, at2 + 2 * L);
    c30.intoArray(c, at3);
    c31.intoArray(c, at3 + L);
    c32.intoArray(c, at3 + 2 * L);
  }

  private static void tile4x2(
      int k,
      int rows,
      float[] a,
      int aAt,
      int aRow,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    int a1 = Math.min(1, rows - 1) * aRow;
    int a2 = Math.min(2, rows - 1) * aRow;
    int a3 = Math.min(3, rows - 1) * aRow;
    int at0 = cAt;
    int at1 = cAt + Math.min(1, rows - 1) * cRow;
    int at2 = cAt + Math.min(2, rows - 1) * cRow;
    int at3 = cAt + Math.min(3, rows - 1) * cRow;
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c21 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c31 = FloatVector.zero(S);
    if (accumulate) {
      c00 = load(c, at0);
      c01 = load(c, at0 + L);
      c10 = load(c, at1);
      c11 = load(c, at1 + L);
      c20 = load(c, at2);
      c21 = load(c, at2 + L);
      c30 = load(c, at3);
      c31 = load(c, at3 + L);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = load(b, bi);
      FloatVector b1 = load(b, bi + L);
      FloatVector x = FloatVector.broadcast(S, a[ai]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(S, a[ai + a1]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(S, a[ai + a2]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(S, a[ai + a3]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
    }
    c00.intoArray(c, at0);
    c01.intoArray(c, at0 + L);
    c10.intoArray(c, at1);
    c11.intoArray(c, at1 + L);
    c20.intoArray(c, at2);
    c21.intoArray(c, at2 + L);
    c30.intoArray(c, at3);
    c31.intoArray(c, at3 + L);
  }

  private static void tile4x1(
      int k,
      int rows,
      float[] a,
      int aAt,
      int aRow,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      float[] c,
      int cAt,
      int cRow,
      boolean accumulate) {
    int a1 = Math.min(1, rows - 1) * aRow;
    int a2 = Math.min(2, rows - 1) * aRow;
    int a3 = Math.min(3, rows - 1) * aRow;
    int at0 = cAt;
    int at1 = cAt + Math.min(1, rows - 1) * cRow;
    int at2 = cAt + Math.min(2, rows - 1) * cRow;
    int at3 = cAt + Math.min(3, rows - 1) * cRow;
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    if (accumulate) {
      c00 = load(c, at0);
      c10 = load(c, at1);
      c20 = load(c, at2);
      c30 = load(c, at3);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = load(b, bi);
      FloatVector x = FloatVector.broadcast(S, a[ai]);
      c00 = x.fma(b0, c00);
      x = FloatVector.broadcast(S, a[ai + a1]);
      c10 = x.fma(b0, c10);
      x = FloatVector.broadcast(S, a[ai + a2]);
      c20 = x.fma(b0, c20);
      x = FloatVector.broadcast(S, a[ai + a3]);
      c30 = x.fma(b0, c30);
    }
    c00.intoArray(c, at0);
    c10.intoArray(c, at1);
    c20.intoArray(c, at2);
    c30.intoArray(c, at3);
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
      for (int j = 0; j < cols8; j += 8) {
        transpose8(from, source + j, fromStride, some, to, toAt + j * toStride + i, toStride);
      }
      for (int j = cols8; j < cols; j++) {
        for (int r = 0; r < 8; r++) {
          to[toAt + j * toStride + i + r] = from[source + Math.min(r, some - 1) * fromStride + j];
        }
      }
    }
  }

  private static void transpose8(
      float[] from, int fromAt, int fromStride, int rows, float[] to, int toAt, int toStride) {
    FloatVector a0 = FloatVector.fromArray(S8, from, fromAt);
    FloatVector a1 = row8(from, fromAt, fromStride, 1, rows);
    FloatVector a2 = row8(from, fromAt, fromStride, 2, rows);
    FloatVector a3 = row8(from, fromAt, fromStride, 3, rows);
    FloatVector a4 = row8(from, fromAt, fromStride, 4, rows);
    FloatVector a5 = row8(from, fromAt, fromStride, 5, rows);
    FloatVector a6 = row8(from, fromAt, fromStride, 6, rows);
    FloatVector a7 = row8(from, fromAt, fromStride, 7, rows);
    FloatVector b0 = PAIRS_LOW.selectFrom(a0, a1);
    FloatVector b1 = PAIRS_HIGH.selectFrom(a0, a1);
    FloatVector b2 = PAIRS_LOW.selectFrom(a2, a3);
    FloatVector b3 = PAIRS_HIGH.selectFrom(a2, a3);
    FloatVector b4 = PAIRS_LOW.selectFrom(a4, a5);
    FloatVector b5 = PAIRS_HIGH.selectFrom(a4, a5);
    FloatVector b6 = PAIRS_LOW.selectFrom(a6, a7);
    FloatVector b7 = PAIRS_HIGH.selectFrom(a6, a7);
    FloatVector c0 = QUADS_LOW.selectFrom(b0, b2);
    FloatVector c1 = QUADS_LOW.selectFrom(b1, b3);
    FloatVector c2 = QUADS_HIGH.selectFrom(b0, b2);
    FloatVector c3 = QUADS_HIGH.selectFrom(b1, b3);
    FloatVector c4 = QUADS_LOW.selectFrom(b4, b6);
    FloatVector c5 = QUADS_LOW.selectFrom(b5, b7);
    FloatVector c6 = QUADS_HIGH.selectFrom(b4, b6);
    FloatVector c7 = QUADS_HIGH.selectFrom(b5, b7);
    HALVES_LOW.selectFrom(c0, c4).intoArray(to, toAt);
    HALVES_LOW.selectFrom(c1, c5).intoArray(to, toAt + toStride);
    HALVES_LOW.selectFrom(c2, c6).intoArray(to, toAt + 2 * toStride);
    HALVES_LOW.selectFrom(c3, c7).intoArray(to, toAt + 3 * toStride);
    HALVES_HIGH.selectFrom(c0, c4).intoArray(to, toAt + 4 * toStride);
    HALVES_HIGH.selectFrom(c1, c5).intoArray(to, toAt + 5 * toStride);
    HALVES_HIGH.selectFrom(c2, c6).intoArray(to, toAt + 6 * toStride);
    HALVES_HIGH.selectFrom(c3, c7).intoArray(to, toAt + 7 * toStride);
  }

  private static FloatVector row8(float[] from, int fromAt, int fromStride, int row, int rows) {
    return FloatVector.fromArray(S8, from, fromAt + Math.min(row, rows - 1) * fromStride);
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
      int toAt) {
    if (width == TILE_COLS) {
      for (int i = 0; i < k; i++) {
        for (int p = 0; p < panels; p++) {
          int f = fromAt + i * fromStride + p * TILE_COLS;
          int t = toAt + (p * k + i) * TILE_COLS;
          load(from, f).intoArray(to, t);
          load(from, f + L).intoArray(to, t + L);
          load(from, f + 2 * L).intoArray(to, t + 2 * L);
        }
      }
    } else if (width == 8) {
      for (int i = 0; i < k; i++) {
        for (int p = 0; p < panels; p++) {
          FloatVector.fromArray(S8, from, fromAt + i * fromStride + p * 8)
              .intoArray(to, toAt + (p * k + i) * 8);
        }
      }
    } else {
      for (int i = 0; i < k; i++) {
        for (int p = 0; p < panels; p++) {
          int source = fromAt + i * fromStride + p * width;
          System.arraycopy(from, source, to, toAt + (p * k + i) * width, width);
        }
      }
    }
  }

  // ---- loads and stores

  private static FloatVector load(float[] x, int at) {
    return FloatVector.fromArray(S, x, at);
  }

  private static FloatVector load(float[] x, int at, VectorMask<Float> mask) {
    return FloatVector.fromArray(S, x, at, mask);
  }

  private static VectorMask<Float> rest(int i, int n) {
    return S.indexInRange(i, n);
  }

  // ---- sums along a row

  /** The fixed tree over 16 lanes; high is the upper half where vectors have 8. */
  private static float tree(FloatVector low, FloatVector high) {
    FloatVector s = L == LANES ? low.add(low.rearrange(ROTATE_8)) : low.add(high);
    s = s.add(s.rearrange(ROTATE_4));
    s = s.add(s.rearrange(ROTATE_2));
    s = s.add(s.rearrange(ROTATE_1));
    return s.lane(0);
  }

  @Override
  public float dot(float[] a, int aAt, float[] b, int bAt, int n) {
    FloatVector low = FloatVector.zero(S);
    FloatVector high = FloatVector.zero(S);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      low = load(a, aAt + i).fma(load(b, bAt + i), low);
      if (L < LANES) {
        high = load(a, aAt + i + L).fma(load(b, bAt + i + L), high);
      }
    }
    if (i < n) {
      VectorMask<Float> mask = rest(i, n);
      low = load(a, aAt + i, mask).fma(load(b, bAt + i, mask), low);
      if (i + L < n) {
        mask = rest(i + L, n);
        high = load(a, aAt + i + L, mask).fma(load(b, bAt + i + L, mask), high);
      }
    }
    return tree(low, high);
  }

  @Override
  public float sum(float[] x, int at, int n) {
    FloatVector low = FloatVector.zero(S);
    FloatVector high = FloatVector.zero(S);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      low = low.add(load(x, at + i));
      if (L < LANES) {
        high = high.add(load(x, at + i + L));
      }
    }
    if (i < n) {
      low = low.add(load(x, at + i, rest(i, n)));
      if (i + L < n) {
        high = high.add(load(x, at + i + L, rest(i + L, n)));
      }
    }
    return tree(low, high);
  }

  @Override
  public float max(float[] x, int at, int n) {
    FloatVector max = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i + L <= n; i += L) {
      max = max.max(load(x, at + i));
    }
    float result = max.reduceLanes(VectorOperators.MAX); // exact in any order
    for (; i < n; i++) {
      result = Math.max(result, x[at + i]);
    }
    return result;
  }

  @Override
  public void dots(
      float[] rows, int rowsAt, int rowCount, float[] queries, int queryCount, int n, float[] out) {
    int r = 0;
    for (; r + 4 <= rowCount; r += 4) {
      for (int q = 0; q < queryCount; q++) {
        dots4(rows, rowsAt + r * n, queries, q * n, n, out, q * rowCount + r);
      }
    }
    for (; r < rowCount; r++) {
      for (int q = 0; q < queryCount; q++) {
        out[q * rowCount + r] = dot(rows, rowsAt + r * n, queries, q * n, n);
      }
    }
  }

  /** Four rows with one query, so that the additions of one row do not wait for each other. */
  private static void dots4(
      float[] rows, int at, float[] queries, int qAt, int n, float[] out, int outAt) {
    FloatVector low0 = FloatVector.zero(S);
    FloatVector low1 = FloatVector.zero(S);
    FloatVector low2 = FloatVector.zero(S);
    FloatVector low3 = FloatVector.zero(S);
    FloatVector high0 = FloatVector.zero(S);
    FloatVector high1 = FloatVector.zero(S);
    FloatVector high2 = FloatVector.zero(S);
    FloatVector high3 = FloatVector.zero(S);
    int at1 = at + n;
    int at2 = at1 + n;
    int at3 = at2 + n;
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      FloatVector q = load(queries, qAt + i);
      low0 = load(rows, at + i).fma(q, low0);
      low1 = load(rows, at1 + i).fma(q, low1);
      low2 = load(rows, at2 + i).fma(q, low2);
      low3 = load(rows, at3 + i).fma(q, low3);
      if (L < LANES) {
        q = load(queries, qAt + i + L);
        high0 = load(rows, at + i + L).fma(q, high0);
        high1 = load(rows, at1 + i + L).fma(q, high1);
        high2 = load(rows, at2 + i + L).fma(q, high2);
        high3 = load(rows, at3 + i + L).fma(q, high3);
      }
    }
    if (i < n) {
      VectorMask<Float> mask = rest(i, n);
      FloatVector q = load(queries, qAt + i, mask);
      low0 = load(rows, at + i, mask).fma(q, low0);
      low1 = load(rows, at1 + i, mask).fma(q, low1);
      low2 = load(rows, at2 + i, mask).fma(q, low2);
      low3 = load(rows, at3 + i, mask).fma(q, low3);
      if (i + L < n) {
        mask = rest(i + L, n);
        q = load(queries, qAt + i + L, mask);
        high0 = load(rows, at + i + L, mask).fma(q, high0);
        high1 = load(rows, at1 + i + L, mask).fma(q, high1);
        high2 = load(rows, at2 + i + L, mask).fma(q, high2);
        high3 = load(rows, at3 + i + L, mask).fma(q, high3);
      }
    }
    out[outAt] = tree(low0, high0);
    out[outAt + 1] = tree(low1, high1);
    out[outAt + 2] = tree(low2, high2);
    out[outAt + 3] = tree(low3, high3);
  }

  // ---- along a row, element by element

  @Override
  public void add(float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      load(y, yAt + i).add(load(x, xAt + i)).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] += x[xAt + i];
    }
  }

  @Override
  public void addScaled(float scale, float[] x, int xAt, float[] y, int yAt, int n) {
    FloatVector s = FloatVector.broadcast(S, scale);
    int i = 0;
    for (; i + L <= n; i += L) {
      load(x, xAt + i).fma(s, load(y, yAt + i)).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.fma(x[xAt + i], scale, y[yAt + i]);
    }
  }

  @Override
  public void addProduct(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      load(a, aAt + i).fma(load(b, bAt + i), load(y, yAt + i)).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.fma(a[aAt + i], b[bAt + i], y[yAt + i]);
    }
  }

  @Override
  public void addRelu(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      load(a, aAt + i).add(load(b, bAt + i)).max(0f).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.max(a[aAt + i] + b[bAt + i], 0f);
    }
  }

  @Override
  public void scale(float[] x, int at, int n, float factor) {
    int i = 0;
    for (; i + L <= n; i += L) {
      load(x, at + i).mul(factor).intoArray(x, at + i);
    }
    for (; i < n; i++) {
      x[at + i] *= factor;
    }
  }

  @Override
  public void dropout(
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int n,
      int rowBase,
      int firstChannel,
      int threshold,
      float scale) {
    int i = 0;
    for (; i + L <= n; i += L) {
      IntVector draws = IOTA.add(firstChannel + i).mul(CounterRandom.GOLDEN).add(rowBase);
      VectorMask<Float> kept =
          mix(draws)
              .lanewise(VectorOperators.LSHR, 8)
              .compare(VectorOperators.GE, threshold)
              .cast(S);
      FloatVector.zero(S).blend(load(x, xAt + i).mul(scale), kept).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      boolean kept = CounterRandom.draw(rowBase, firstChannel + i) >>> 8 >= threshold;
      y[yAt + i] = kept ? x[xAt + i] * scale : 0f;
    }
  }

  /** {@link CounterRandom#mix} on lanes. */
  private static IntVector mix(IntVector x) {
    x = x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, 16));
    x = x.mul(0x7feb352d);
    x = x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, 15));
    x = x.mul(0x846ca68b);
    return x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, 16));
  }

  // ---- exp, tanh, erf: Elementary, operation by operation

  private static FloatVector exp(FloatVector x) {
    FloatVector t = x.fma(constant(Elementary.LOG2_E), constant(Elementary.ROUND));
    FloatVector n = t.sub(Elementary.ROUND);
    FloatVector r = n.fma(FloatVector.broadcast(S, -Elementary.LN2_HIGH), x);
    r = n.fma(FloatVector.broadcast(S, -Elementary.LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(S, Elementary.E4).fma(r, constant(Elementary.E3));
    p = p.fma(r, constant(Elementary.E2));
    p = p.fma(r, constant(Elementary.E1));
    p = p.fma(r, constant(Elementary.E0));
    p = p.fma(r.mul(r), r).add(1f);
    FloatVector y = p.mul(powerOfTwo(t)).mul(2f);
    y = y.blend(0f, x.compare(VectorOperators.LT, Elementary.EXP_LOW));
    return y.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, Elementary.EXP_HIGH));
  }

  /** 2^(n - 1), from n + ROUND. */
  private static FloatVector powerOfTwo(FloatVector t) {
    return t.reinterpretAsInts()
        .add(126 - Float.floatToRawIntBits(Elementary.ROUND))
        .lanewise(VectorOperators.LSHL, 23)
        .reinterpretAsFloats();
  }

  private static FloatVector constant(float value) {
    return FloatVector.broadcast(S, value);
  }

  /**
   * x = exp(x), two vectors at a time, for whole vectors. The compiler inlines a limited amount
   * into one loop, and beyond it every vector is an object on the heap; this method is large enough
   * not to be inlined, so that what calls it stays within.
   */
  private static void exp(float[] x, int n) {
    int i = 0;
    for (; i + 2 * L <= n; i += 2 * L) {
      FloatVector a = load(x, i);
      FloatVector b = load(x, i + L);
      FloatVector ta = a.fma(constant(Elementary.LOG2_E), constant(Elementary.ROUND));
      FloatVector tb = b.fma(constant(Elementary.LOG2_E), constant(Elementary.ROUND));
      FloatVector na = ta.sub(Elementary.ROUND);
      FloatVector nb = tb.sub(Elementary.ROUND);
      FloatVector ra = na.fma(constant(-Elementary.LN2_HIGH), a);
      FloatVector rb = nb.fma(constant(-Elementary.LN2_HIGH), b);
      ra = na.fma(constant(-Elementary.LN2_LOW), ra);
      rb = nb.fma(constant(-Elementary.LN2_LOW), rb);
      FloatVector pa = ra.fma(constant(Elementary.E4), constant(Elementary.E3));
      FloatVector pb = rb.fma(constant(Elementary.E4), constant(Elementary.E3));
      pa = pa.fma(ra, constant(Elementary.E2));
      pb = pb.fma(rb, constant(Elementary.E2));
      pa = pa.fma(ra, constant(Elementary.E1));
      pb = pb.fma(rb, constant(Elementary.E1));
      pa = pa.fma(ra, constant(Elementary.E0));
      pb = pb.fma(rb, constant(Elementary.E0));
      pa = pa.fma(ra.mul(ra), ra).add(1f);
      pb = pb.fma(rb.mul(rb), rb).add(1f);
      pa = pa.mul(powerOfTwo(ta)).mul(2f);
      pb = pb.mul(powerOfTwo(tb)).mul(2f);
      pa = pa.blend(0f, a.compare(VectorOperators.LT, Elementary.EXP_LOW));
      pb = pb.blend(0f, b.compare(VectorOperators.LT, Elementary.EXP_LOW));
      pa = pa.blend(Float.POSITIVE_INFINITY, a.compare(VectorOperators.GT, Elementary.EXP_HIGH));
      pb = pb.blend(Float.POSITIVE_INFINITY, b.compare(VectorOperators.GT, Elementary.EXP_HIGH));
      pa.intoArray(x, i);
      pb.intoArray(x, i + L);
    }
    for (; i < n; i += L) {
      exp(load(x, i)).intoArray(x, i);
    }
  }

  /** tanh x, from t = exp(-2 |x|). */
  private static FloatVector tanh(FloatVector x, FloatVector t) {
    FloatVector s = x.mul(x);
    FloatVector p = constant(Elementary.T4).fma(s, constant(Elementary.T3));
    p = p.fma(s, constant(Elementary.T2));
    p = p.fma(s, constant(Elementary.T1));
    p = p.fma(s, constant(Elementary.T0));
    FloatVector small = p.mul(s).fma(x, x);
    FloatVector large = constant(1f).sub(t).div(constant(1f).add(t));
    large = large.blend(large.neg(), x.compare(VectorOperators.LT, 0f));
    return large.blend(small, x.abs().compare(VectorOperators.LT, Elementary.TANH_SMALL));
  }

  /** ln(1 - erf a), for a from 1. */
  private static FloatVector erfExponent(FloatVector a) {
    FloatVector q = constant(Elementary.G7).fma(a, constant(Elementary.G6));
    q = q.fma(a, constant(Elementary.G5));
    q = q.fma(a, constant(Elementary.G4));
    q = q.fma(a, constant(Elementary.G3));
    q = q.fma(a, constant(Elementary.G2));
    q = q.fma(a, constant(Elementary.G1));
    return q.fma(a, constant(Elementary.G0));
  }

  /** erf x, from e = exp(erfExponent(|x|)). */
  private static FloatVector erf(FloatVector x, FloatVector e) {
    FloatVector a = x.abs();
    FloatVector s = x.mul(x);
    FloatVector p = constant(Elementary.F6).fma(s, constant(Elementary.F5));
    p = p.fma(s, constant(Elementary.F4));
    p = p.fma(s, constant(Elementary.F3));
    p = p.fma(s, constant(Elementary.F2));
    p = p.fma(s, constant(Elementary.F1));
    p = p.fma(s, constant(Elementary.F0));
    FloatVector large = constant(1f).sub(e);
    large = large.blend(1f, a.compare(VectorOperators.GT, Elementary.ERF_ONE));
    large = large.blend(large.neg(), x.compare(VectorOperators.LT, 0f));
    return large.blend(p.mul(x), a.compare(VectorOperators.LT, 1f));
  }

  /** What GELU_TANH takes the tanh of. */
  private static FloatVector geluArgument(FloatVector x) {
    FloatVector s = x.mul(x);
    return x.mul(Elementary.SQRT_2_OVER_PI)
        .mul(s.fma(constant(Elementary.GELU_CUBIC), constant(1f)));
  }

  private static void expOfTanh(float[] x, int at, float[] e, int n) {
    for (int i = 0; i < n; i += L) {
      load(x, at + i).abs().mul(-2f).intoArray(e, i);
    }
    exp(e, n);
  }

  private static void expOfGeluTanh(float[] x, int at, float[] e, int n) {
    for (int i = 0; i < n; i += L) {
      geluArgument(load(x, at + i)).abs().mul(-2f).intoArray(e, i);
    }
    exp(e, n);
  }

  private static void expOfErf(float[] x, int at, float[] e, int n) {
    for (int i = 0; i < n; i += L) {
      erfExponent(load(x, at + i).mul(Elementary.SQRT_HALF).abs()).intoArray(e, i);
    }
    exp(e, n);
  }

  /** exp(-x^2 / 2): the normal density but for its factor. */
  private static void density(float[] x, int at, float[] d, int n) {
    for (int i = 0; i < n; i += L) {
      FloatVector v = load(x, at + i);
      v.mul(v).mul(-0.5f).intoArray(d, i);
    }
    exp(d, n);
  }

  @Override
  public void activate(Activation activation, float[] x, int xAt, float[] y, int yAt, int n) {
    switch (activation) {
      case NONE -> System.arraycopy(x, xAt, y, yAt, n);
      case RELU -> relu(x, xAt, y, yAt, n);
      case TANH -> tanh(x, xAt, y, yAt, n);
      case GELU -> gelu(x, xAt, y, yAt, n);
      case GELU_TANH -> geluTanh(x, xAt, y, yAt, n);
    }
  }

  private static void relu(float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      load(x, xAt + i).max(0f).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.max(x[xAt + i], 0f);
    }
  }

  private static void tanh(float[] x, int xAt, float[] y, int yAt, int n) {
    float[] e = new float[CHUNK];
    int whole = n - n % L;
    for (int from = 0; from < whole; from += CHUNK) {
      int count = Math.min(CHUNK, whole - from);
      expOfTanh(x, xAt + from, e, count);
      for (int i = 0; i < count; i += L) {
        tanh(load(x, xAt + from + i), load(e, i)).intoArray(y, yAt + from + i);
      }
    }
    for (int i = whole; i < n; i++) {
      y[yAt + i] = Elementary.tanh(x[xAt + i]);
    }
  }

  private static void gelu(float[] x, int xAt, float[] y, int yAt, int n) {
    float[] e = new float[CHUNK];
    int whole = n - n % L;
    for (int from = 0; from < whole; from += CHUNK) {
      int count = Math.min(CHUNK, whole - from);
      expOfErf(x, xAt + from, e, count);
      for (int i = 0; i < count; i += L) {
        FloatVector v = load(x, xAt + from + i);
        FloatVector erf = erf(v.mul(Elementary.SQRT_HALF), load(e, i));
        v.mul(0.5f).mul(erf.add(1f)).intoArray(y, yAt + from + i);
      }
    }
    for (int i = whole; i < n; i++) {
      y[yAt + i] = Elementary.gelu(x[xAt + i]);
    }
  }

  private static void geluTanh(float[] x, int xAt, float[] y, int yAt, int n) {
    float[] e = new float[CHUNK];
    int whole = n - n % L;
    for (int from = 0; from < whole; from += CHUNK) {
      int count = Math.min(CHUNK, whole - from);
      expOfGeluTanh(x, xAt + from, e, count);
      for (int i = 0; i < count; i += L) {
        FloatVector v = load(x, xAt + from + i);
        FloatVector t = tanh(geluArgument(v), load(e, i));
        v.mul(0.5f).mul(t.add(1f)).intoArray(y, yAt + from + i);
      }
    }
    for (int i = whole; i < n; i++) {
      y[yAt + i] = Elementary.geluTanh(x[xAt + i]);
    }
  }

  @Override
  public void activationGradient(
      Activation activation, float[] saved, int sAt, float[] g, int gAt, int n) {
    switch (activation) {
      case NONE -> {}
      case RELU -> reluGradient(saved, sAt, g, gAt, n);
      case TANH -> tanhGradient(saved, sAt, g, gAt, n);
      case GELU -> geluGradient(saved, sAt, g, gAt, n);
      case GELU_TANH -> geluTanhGradient(saved, sAt, g, gAt, n);
    }
  }

  private static void reluGradient(float[] saved, int sAt, float[] g, int gAt, int n) {
    for (int i = 0; i < n; i++) {
      g[gAt + i] *= saved[sAt + i] > 0f ? 1f : 0f;
    }
  }

  private static void tanhGradient(float[] saved, int sAt, float[] g, int gAt, int n) {
    for (int i = 0; i < n; i++) {
      float v = saved[sAt + i];
      g[gAt + i] *= Math.fma(-v, v, 1f);
    }
  }

  private static void geluGradient(float[] x, int xAt, float[] g, int gAt, int n) {
    float[] e = new float[CHUNK];
    float[] d = new float[CHUNK];
    int whole = n - n % L;
    for (int from = 0; from < whole; from += CHUNK) {
      int count = Math.min(CHUNK, whole - from);
      expOfErf(x, xAt + from, e, count);
      density(x, xAt + from, d, count);
      for (int i = 0; i < count; i += L) {
        FloatVector v = load(x, xAt + from + i);
        FloatVector erf = erf(v.mul(Elementary.SQRT_HALF), load(e, i));
        FloatVector cumulative = erf.fma(constant(0.5f), constant(0.5f));
        FloatVector slope = v.fma(load(d, i).mul(Elementary.INV_SQRT_2PI), cumulative);
        load(g, gAt + from + i).mul(slope).intoArray(g, gAt + from + i);
      }
    }
    for (int i = whole; i < n; i++) {
      g[gAt + i] *= Elementary.geluDerivative(x[xAt + i]);
    }
  }

  private static void geluTanhGradient(float[] x, int xAt, float[] g, int gAt, int n) {
    float[] e = new float[CHUNK];
    int whole = n - n % L;
    for (int from = 0; from < whole; from += CHUNK) {
      int count = Math.min(CHUNK, whole - from);
      expOfGeluTanh(x, xAt + from, e, count);
      for (int i = 0; i < count; i += L) {
        FloatVector v = load(x, xAt + from + i);
        FloatVector slope = geluTanhSlope(v, tanh(geluArgument(v), load(e, i)));
        load(g, gAt + from + i).mul(slope).intoArray(g, gAt + from + i);
      }
    }
    for (int i = whole; i < n; i++) {
      g[gAt + i] *= Elementary.geluTanhDerivative(x[xAt + i]);
    }
  }

  private static FloatVector geluTanhSlope(FloatVector x, FloatVector t) {
    FloatVector du =
        x.mul(x)
            .fma(constant(3f * Elementary.GELU_CUBIC), constant(1f))
            .mul(Elementary.SQRT_2_OVER_PI);
    FloatVector slope = x.mul(0.5f).mul(t.neg().fma(t, constant(1f))).mul(du);
    return t.fma(constant(0.5f), constant(0.5f)).add(slope);
  }

  // ---- whole rows

  @Override
  public float expSum(float[] x, int at, int n, float scale, float max) {
    int i = 0;
    for (; i + L <= n; i += L) {
      exp(load(x, at + i).mul(scale).sub(max)).intoArray(x, at + i);
    }
    if (i < n) {
      VectorMask<Float> mask = rest(i, n);
      exp(load(x, at + i, mask).mul(scale).sub(max)).intoArray(x, at + i, mask);
    }
    return sum(x, at, n);
  }

  @Override
  public float sumExp(float[] x, int at, int n, float max) {
    FloatVector low = FloatVector.zero(S);
    FloatVector high = FloatVector.zero(S);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      low = low.add(exp(load(x, at + i).sub(max)));
      if (L < LANES) {
        high = high.add(exp(load(x, at + i + L).sub(max)));
      }
    }
    if (i < n) {
      VectorMask<Float> mask = rest(i, n);
      low = low.add(exp(load(x, at + i, mask).sub(max)), mask);
      if (i + L < n) {
        mask = rest(i + L, n);
        high = high.add(exp(load(x, at + i + L, mask).sub(max)), mask);
      }
    }
    return tree(low, high);
  }

  @Override
  public void maxColumns(float[] x, int rows, int cols, int stride, float scale, float[] max) {
    for (int j = 0; j < cols; j += L) {
      FloatVector m = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
      for (int i = 0; i < rows; i++) {
        m = m.max(load(x, i * stride + j));
      }
      m.mul(scale).intoArray(max, j);
    }
  }

  @Override
  public void expColumns(
      float[] x, int rows, int cols, int stride, float scale, float[] max, float[] sum, int sumAt) {
    int j = 0;
    for (; j + 2 * L <= cols; j += 2 * L) {
      expColumns2(x, j, rows, stride, scale, max, j, sum, sumAt + j);
    }
    for (; j < cols; j += L) {
      expColumn(x, j, rows, stride, scale, load(max, j)).intoArray(sum, sumAt + j);
    }
  }

  private static FloatVector expColumn(
      float[] x, int at, int rows, int stride, float scale, FloatVector max) {
    FloatVector sum = FloatVector.zero(S);
    for (int i = 0; i < rows; i++) {
      FloatVector e = exp(load(x, at + i * stride).mul(scale).sub(max));
      e.intoArray(x, at + i * stride);
      sum = sum.add(e);
    }
    return sum;
  }

  /** Two vectors of columns; exp by hand for the reason that {@link #exp(float[], int)} gives. */
  private static void expColumns2(
      float[] x,
      int at,
      int rows,
      int stride,
      float scale,
      float[] max,
      int maxAt,
      float[] sum,
      int sumAt) {
    FloatVector maxA = load(max, maxAt);
    FloatVector maxB = load(max, maxAt + L);
    FloatVector sumA = FloatVector.zero(S);
    FloatVector sumB = FloatVector.zero(S);
    for (int i = 0; i < rows; i++) {
      int xi = at + i * stride;
      FloatVector a = load(x, xi).mul(scale).sub(maxA);
      FloatVector b = load(x, xi + L).mul(scale).sub(maxB);
      FloatVector ta = a.fma(constant(Elementary.LOG2_E), constant(Elementary.ROUND));
      FloatVector tb = b.fma(constant(Elementary.LOG2_E), constant(Elementary.ROUND));
      FloatVector na = ta.sub(Elementary.ROUND);
      FloatVector nb = tb.sub(Elementary.ROUND);
      FloatVector ra = na.fma(constant(-Elementary.LN2_HIGH), a);
      FloatVector rb = nb.fma(constant(-Elementary.LN2_HIGH), b);
      ra = na.fma(constant(-Elementary.LN2_LOW), ra);
      rb = nb.fma(constant(-Elementary.LN2_LOW), rb);
      FloatVector pa = ra.fma(constant(Elementary.E4), constant(Elementary.E3));
      FloatVector pb = rb.fma(constant(Elementary.E4), constant(Elementary.E3));
      pa = pa.fma(ra, constant(Elementary.E2));
      pb = pb.fma(rb, constant(Elementary.E2));
      pa = pa.fma(ra, constant(Elementary.E1));
      pb = pb.fma(rb, constant(Elementary.E1));
      pa = pa.fma(ra, constant(Elementary.E0));
      pb = pb.fma(rb, constant(Elementary.E0));
      pa = pa.fma(ra.mul(ra), ra).add(1f);
      pb = pb.fma(rb.mul(rb), rb).add(1f);
      pa = pa.mul(powerOfTwo(ta)).mul(2f);
      pb = pb.mul(powerOfTwo(tb)).mul(2f);
      pa = pa.blend(0f, a.compare(VectorOperators.LT, Elementary.EXP_LOW));
      pb = pb.blend(0f, b.compare(VectorOperators.LT, Elementary.EXP_LOW));
      pa = pa.blend(Float.POSITIVE_INFINITY, a.compare(VectorOperators.GT, Elementary.EXP_HIGH));
      pb = pb.blend(Float.POSITIVE_INFINITY, b.compare(VectorOperators.GT, Elementary.EXP_HIGH));
      pa.intoArray(x, xi);
      pb.intoArray(x, xi + L);
      sumA = sumA.add(pa);
      sumB = sumB.add(pb);
    }
    sumA.intoArray(sum, sumAt);
    sumB.intoArray(sum, sumAt + L);
  }

  @Override
  public void softmaxGradientColumns(
      float[] e, float[] dp, int rows, int cols, int stride, float[] factor, float scale) {
    for (int j = 0; j < cols; j += L) {
      FloatVector d = FloatVector.zero(S);
      for (int i = 0; i < rows; i++) {
        d = load(e, i * stride + j).fma(load(dp, i * stride + j), d);
      }
      d = d.mul(load(factor, j));
      FloatVector f = load(factor, j).mul(scale);
      for (int i = 0; i < rows; i++) {
        int at = i * stride + j;
        load(e, at).mul(f).mul(load(dp, at).sub(d)).intoArray(dp, at);
      }
    }
  }

  @Override
  public void dropoutColumns(
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int n,
      int[] rowBases,
      int channel,
      int threshold,
      float scale) {
    for (int i = 0; i < n; i += L) {
      IntVector draws = IntVector.fromArray(I, rowBases, i).add(channel * CounterRandom.GOLDEN);
      VectorMask<Float> kept =
          mix(draws)
              .lanewise(VectorOperators.LSHR, 8)
              .compare(VectorOperators.GE, threshold)
              .cast(S);
      FloatVector.zero(S).blend(load(x, xAt + i).mul(scale), kept).intoArray(y, yAt + i);
    }
  }

  @Override
  public float layerNorm(
      float[] x, int xAt, int n, float[] gamma, float[] beta, float epsilon, float[] y, int yAt) {
    float mean = sum(x, xAt, n) / n;
    int i = 0;
    for (; i + L <= n; i += L) {
      load(x, xAt + i).sub(mean).intoArray(x, xAt + i);
    }
    for (; i < n; i++) {
      x[xAt + i] -= mean;
    }
    float variance = dot(x, xAt, x, xAt, n) / n;
    float factor = (float) (1 / Math.sqrt(variance + epsilon));
    for (i = 0; i + L <= n; i += L) {
      FloatVector v = load(x, xAt + i).mul(factor);
      v.intoArray(x, xAt + i);
      v.fma(load(gamma, i), load(beta, i)).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      x[xAt + i] *= factor;
      y[yAt + i] = Math.fma(x[xAt + i], gamma[i], beta[i]);
    }
    return factor;
  }

  @Override
  public void layerNormGradient(
      float[] g, int gAt, float[] normalised, int nAt, float factor, int n, float[] gamma) {
    int i = 0;
    for (; i + L <= n; i += L) {
      load(g, gAt + i).mul(load(gamma, i)).intoArray(g, gAt + i);
    }
    for (; i < n; i++) {
      g[gAt + i] *= gamma[i];
    }
    float mean = sum(g, gAt, n) / n;
    float slope = dot(g, gAt, normalised, nAt, n) / n;
    FloatVector down = constant(-slope);
    for (i = 0; i + L <= n; i += L) {
      load(normalised, nAt + i)
          .fma(down, load(g, gAt + i).sub(mean))
          .mul(factor)
          .intoArray(g, gAt + i);
    }
    for (; i < n; i++) {
      g[gAt + i] = Math.fma(normalised[nAt + i], -slope, g[gAt + i] - mean) * factor;
    }
  }

  @Override
  public void adam(float[] w, float[] g, float[] m, float[] v, int from, int to, AdamStep step) {
    float keep1 = 1f - step.beta1();
    float keep2 = 1f - step.beta2();
    int i = from;
    for (; i + L <= to; i += L) {
      FloatVector d = load(g, i).mul(step.gradientScale());
      FloatVector first = load(m, i).fma(constant(step.beta1()), d.mul(keep1));
      FloatVector second = load(v, i).fma(constant(step.beta2()), d.mul(d).mul(keep2));
      first.intoArray(m, i);
      second.intoArray(v, i);
      FloatVector root = second.div(step.correction2()).sqrt().add(step.epsilon());
      FloatVector old = load(w, i);
      FloatVector update =
          old.fma(constant(step.weightDecay()), first.div(step.correction1()).div(root));
      update.fma(constant(-step.learningRate()), old).intoArray(w, i);
    }
    for (; i < to; i++) {
      float d = g[i] * step.gradientScale();
      m[i] = Math.fma(m[i], step.beta1(), d * keep1);
      v[i] = Math.fma(v[i], step.beta2(), d * d * keep2);
      float root = (float) Math.sqrt(v[i] / step.correction2()) + step.epsilon();
      float update = Math.fma(w[i], step.weightDecay(), m[i] / step.correction1() / root);
      w[i] = Math.fma(update, -step.learningRate(), w[i]);
    }
  }
}
