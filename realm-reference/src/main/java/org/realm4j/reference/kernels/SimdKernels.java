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
 *
 * <p>The compiler inlines a limited amount of bytecode into one method (HotSpot's
 * DesiredMethodLimit, 8,000 bytes, some 40 calls to the Vector API). Beyond it, only what the JDK
 * marks as forced still is, and a call to a method of ours would make every vector an object on the
 * heap, a hundred times slower. So vectors are never passed to methods of ours: loops consist of
 * calls to the Vector API alone, however long that makes them.
 */
final class SimdKernels implements Kernels {
  private static final VectorSpecies<Float> S = species();
  private static final VectorSpecies<Integer> I = S.withLanes(int.class);
  private static final int L = S.length();
  private static final int LANES = 16;
  private static final int TILE_COLS = 3 * L;

  /** Makes the exponent field of 2^n of n + ROUND. */
  private static final int EXPONENT = 127 - Float.floatToRawIntBits(Elementary.ROUND);

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
      c00 = FloatVector.fromArray(S, c, at0);
      c01 = FloatVector.fromArray(S, c, at0 + L);
      c02 = FloatVector.fromArray(S, c, at0 + 2 * L);
      c10 = FloatVector.fromArray(S, c, at1);
      c11 = FloatVector.fromArray(S, c, at1 + L);
      c12 = FloatVector.fromArray(S, c, at1 + 2 * L);
      c20 = FloatVector.fromArray(S, c, at2);
      c21 = FloatVector.fromArray(S, c, at2 + L);
      c22 = FloatVector.fromArray(S, c, at2 + 2 * L);
      c30 = FloatVector.fromArray(S, c, at3);
      c31 = FloatVector.fromArray(S, c, at3 + L);
      c32 = FloatVector.fromArray(S, c, at3 + 2 * L);
      c40 = FloatVector.fromArray(S, c, at4);
      c41 = FloatVector.fromArray(S, c, at4 + L);
      c42 = FloatVector.fromArray(S, c, at4 + 2 * L);
      c50 = FloatVector.fromArray(S, c, at5);
      c51 = FloatVector.fromArray(S, c, at5 + L);
      c52 = FloatVector.fromArray(S, c, at5 + 2 * L);
      c60 = FloatVector.fromArray(S, c, at6);
      c61 = FloatVector.fromArray(S, c, at6 + L);
      c62 = FloatVector.fromArray(S, c, at6 + 2 * L);
      c70 = FloatVector.fromArray(S, c, at7);
      c71 = FloatVector.fromArray(S, c, at7 + L);
      c72 = FloatVector.fromArray(S, c, at7 + 2 * L);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = FloatVector.fromArray(S, b, bi);
      FloatVector b1 = FloatVector.fromArray(S, b, bi + L);
      FloatVector b2 = FloatVector.fromArray(S, b, bi + 2 * L);
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
      c00 = FloatVector.fromArray(S, c, at0);
      c01 = FloatVector.fromArray(S, c, at0 + L);
      c10 = FloatVector.fromArray(S, c, at1);
      c11 = FloatVector.fromArray(S, c, at1 + L);
      c20 = FloatVector.fromArray(S, c, at2);
      c21 = FloatVector.fromArray(S, c, at2 + L);
      c30 = FloatVector.fromArray(S, c, at3);
      c31 = FloatVector.fromArray(S, c, at3 + L);
      c40 = FloatVector.fromArray(S, c, at4);
      c41 = FloatVector.fromArray(S, c, at4 + L);
      c50 = FloatVector.fromArray(S, c, at5);
      c51 = FloatVector.fromArray(S, c, at5 + L);
      c60 = FloatVector.fromArray(S, c, at6);
      c61 = FloatVector.fromArray(S, c, at6 + L);
      c70 = FloatVector.fromArray(S, c, at7);
      c71 = FloatVector.fromArray(S, c, at7 + L);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = FloatVector.fromArray(S, b, bi);
      FloatVector b1 = FloatVector.fromArray(S, b, bi + L);
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
      c00 = FloatVector.fromArray(S, c, at0);
      c10 = FloatVector.fromArray(S, c, at1);
      c20 = FloatVector.fromArray(S, c, at2);
      c30 = FloatVector.fromArray(S, c, at3);
      c40 = FloatVector.fromArray(S, c, at4);
      c50 = FloatVector.fromArray(S, c, at5);
      c60 = FloatVector.fromArray(S, c, at6);
      c70 = FloatVector.fromArray(S, c, at7);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = FloatVector.fromArray(S, b, bi);
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
      c00 = FloatVector.fromArray(S, c, at0);
      c01 = FloatVector.fromArray(S, c, at0 + L);
      c02 = FloatVector.fromArray(S, c, at0 + 2 * L);
      c10 = FloatVector.fromArray(S, c, at1);
      c11 = FloatVector.fromArray(S, c, at1 + L);
      c12 = FloatVector.fromArray(S, c, at1 + 2 * L);
      c20 = FloatVector.fromArray(S, c, at2);
      c21 = FloatVector.fromArray(S, c, at2 + L);
      c22 = FloatVector.fromArray(S, c, at2 + 2 * L);
      c30 = FloatVector.fromArray(S, c, at3);
      c31 = FloatVector.fromArray(S, c, at3 + L);
      c32 = FloatVector.fromArray(S, c, at3 + 2 * L);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = FloatVector.fromArray(S, b, bi);
      FloatVector b1 = FloatVector.fromArray(S, b, bi + L);
      FloatVector b2 = FloatVector.fromArray(S, b, bi + 2 * L);
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
      c00 = FloatVector.fromArray(S, c, at0);
      c01 = FloatVector.fromArray(S, c, at0 + L);
      c10 = FloatVector.fromArray(S, c, at1);
      c11 = FloatVector.fromArray(S, c, at1 + L);
      c20 = FloatVector.fromArray(S, c, at2);
      c21 = FloatVector.fromArray(S, c, at2 + L);
      c30 = FloatVector.fromArray(S, c, at3);
      c31 = FloatVector.fromArray(S, c, at3 + L);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = FloatVector.fromArray(S, b, bi);
      FloatVector b1 = FloatVector.fromArray(S, b, bi + L);
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
      c00 = FloatVector.fromArray(S, c, at0);
      c10 = FloatVector.fromArray(S, c, at1);
      c20 = FloatVector.fromArray(S, c, at2);
      c30 = FloatVector.fromArray(S, c, at3);
    }
    for (int i = 0; i < k; i++) {
      int ai = aAt + i * aStep;
      int bi = bAt + i * bStep;
      FloatVector b0 = FloatVector.fromArray(S, b, bi);
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
    FloatVector a1 = FloatVector.fromArray(S8, from, fromAt + Math.min(1, rows - 1) * fromStride);
    FloatVector a2 = FloatVector.fromArray(S8, from, fromAt + Math.min(2, rows - 1) * fromStride);
    FloatVector a3 = FloatVector.fromArray(S8, from, fromAt + Math.min(3, rows - 1) * fromStride);
    FloatVector a4 = FloatVector.fromArray(S8, from, fromAt + Math.min(4, rows - 1) * fromStride);
    FloatVector a5 = FloatVector.fromArray(S8, from, fromAt + Math.min(5, rows - 1) * fromStride);
    FloatVector a6 = FloatVector.fromArray(S8, from, fromAt + Math.min(6, rows - 1) * fromStride);
    FloatVector a7 = FloatVector.fromArray(S8, from, fromAt + Math.min(7, rows - 1) * fromStride);
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
          FloatVector.fromArray(S, from, f).intoArray(to, t);
          FloatVector.fromArray(S, from, f + L).intoArray(to, t + L);
          FloatVector.fromArray(S, from, f + 2 * L).intoArray(to, t + 2 * L);
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

  // ---- sums along a row

  @Override
  public float dot(float[] a, int aAt, float[] b, int bAt, int n) {
    FloatVector low = FloatVector.zero(S);
    FloatVector high = FloatVector.zero(S);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      low = FloatVector.fromArray(S, a, aAt + i).fma(FloatVector.fromArray(S, b, bAt + i), low);
      if (L < LANES) {
        high =
            FloatVector.fromArray(S, a, aAt + i + L)
                .fma(FloatVector.fromArray(S, b, bAt + i + L), high);
      }
    }
    if (i < n) {
      VectorMask<Float> mask = S.indexInRange(i, n);
      low =
          FloatVector.fromArray(S, a, aAt + i, mask)
              .fma(FloatVector.fromArray(S, b, bAt + i, mask), low);
      if (i + L < n) {
        mask = S.indexInRange(i + L, n);
        high =
            FloatVector.fromArray(S, a, aAt + i + L, mask)
                .fma(FloatVector.fromArray(S, b, bAt + i + L, mask), high);
      }
    }
    FloatVector s = L == LANES ? low.add(low.rearrange(ROTATE_8)) : low.add(high);
    s = s.add(s.rearrange(ROTATE_4));
    s = s.add(s.rearrange(ROTATE_2));
    return s.add(s.rearrange(ROTATE_1)).lane(0);
  }

  @Override
  public float sum(float[] x, int at, int n) {
    FloatVector low = FloatVector.zero(S);
    FloatVector high = FloatVector.zero(S);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      low = low.add(FloatVector.fromArray(S, x, at + i));
      if (L < LANES) {
        high = high.add(FloatVector.fromArray(S, x, at + i + L));
      }
    }
    if (i < n) {
      low = low.add(FloatVector.fromArray(S, x, at + i, S.indexInRange(i, n)));
      if (i + L < n) {
        high = high.add(FloatVector.fromArray(S, x, at + i + L, S.indexInRange(i + L, n)));
      }
    }
    FloatVector s = L == LANES ? low.add(low.rearrange(ROTATE_8)) : low.add(high);
    s = s.add(s.rearrange(ROTATE_4));
    s = s.add(s.rearrange(ROTATE_2));
    return s.add(s.rearrange(ROTATE_1)).lane(0);
  }

  @Override
  public float max(float[] x, int at, int n) {
    FloatVector max = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i + L <= n; i += L) {
      max = max.max(FloatVector.fromArray(S, x, at + i));
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
    float[] lanes = new float[4 * LANES];
    int r = 0;
    for (; r + 4 <= rowCount; r += 4) {
      for (int q = 0; q < queryCount; q++) {
        dots4(rows, rowsAt + r * n, queries, q * n, n, lanes);
        trees4(lanes, out, q * rowCount + r);
      }
    }
    for (; r < rowCount; r++) {
      for (int q = 0; q < queryCount; q++) {
        out[q * rowCount + r] = dot(rows, rowsAt + r * n, queries, q * n, n);
      }
    }
  }

  /** Four rows with one query, so that the additions of one row do not wait for each other. */
  private static void dots4(float[] rows, int at, float[] queries, int qAt, int n, float[] lanes) {
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
      FloatVector q = FloatVector.fromArray(S, queries, qAt + i);
      low0 = FloatVector.fromArray(S, rows, at + i).fma(q, low0);
      low1 = FloatVector.fromArray(S, rows, at1 + i).fma(q, low1);
      low2 = FloatVector.fromArray(S, rows, at2 + i).fma(q, low2);
      low3 = FloatVector.fromArray(S, rows, at3 + i).fma(q, low3);
      if (L < LANES) {
        q = FloatVector.fromArray(S, queries, qAt + i + L);
        high0 = FloatVector.fromArray(S, rows, at + i + L).fma(q, high0);
        high1 = FloatVector.fromArray(S, rows, at1 + i + L).fma(q, high1);
        high2 = FloatVector.fromArray(S, rows, at2 + i + L).fma(q, high2);
        high3 = FloatVector.fromArray(S, rows, at3 + i + L).fma(q, high3);
      }
    }
    if (i < n) {
      VectorMask<Float> mask = S.indexInRange(i, n);
      FloatVector q = FloatVector.fromArray(S, queries, qAt + i, mask);
      low0 = FloatVector.fromArray(S, rows, at + i, mask).fma(q, low0);
      low1 = FloatVector.fromArray(S, rows, at1 + i, mask).fma(q, low1);
      low2 = FloatVector.fromArray(S, rows, at2 + i, mask).fma(q, low2);
      low3 = FloatVector.fromArray(S, rows, at3 + i, mask).fma(q, low3);
      if (i + L < n) {
        mask = S.indexInRange(i + L, n);
        q = FloatVector.fromArray(S, queries, qAt + i + L, mask);
        high0 = FloatVector.fromArray(S, rows, at + i + L, mask).fma(q, high0);
        high1 = FloatVector.fromArray(S, rows, at1 + i + L, mask).fma(q, high1);
        high2 = FloatVector.fromArray(S, rows, at2 + i + L, mask).fma(q, high2);
        high3 = FloatVector.fromArray(S, rows, at3 + i + L, mask).fma(q, high3);
      }
    }
    low0.intoArray(lanes, 0);
    low1.intoArray(lanes, LANES);
    low2.intoArray(lanes, 2 * LANES);
    low3.intoArray(lanes, 3 * LANES);
    if (L < LANES) {
      high0.intoArray(lanes, L);
      high1.intoArray(lanes, LANES + L);
      high2.intoArray(lanes, 2 * LANES + L);
      high3.intoArray(lanes, 3 * LANES + L);
    }
  }

  /** The trees over four times 16 lanes. */
  private static void trees4(float[] lanes, float[] out, int outAt) {
    for (int i = 0; i < 4; i++) {
      FloatVector s = FloatVector.fromArray(S, lanes, i * LANES);
      s =
          s.add(
              L == LANES
                  ? s.rearrange(ROTATE_8)
                  : FloatVector.fromArray(S, lanes, i * LANES + LANES - L));
      s = s.add(s.rearrange(ROTATE_4));
      s = s.add(s.rearrange(ROTATE_2));
      out[outAt + i] = s.add(s.rearrange(ROTATE_1)).lane(0);
    }
  }

  // ---- along a row, element by element

  @Override
  public void add(float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, y, yAt + i)
          .add(FloatVector.fromArray(S, x, xAt + i))
          .intoArray(y, yAt + i);
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
      FloatVector.fromArray(S, x, xAt + i)
          .fma(s, FloatVector.fromArray(S, y, yAt + i))
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.fma(x[xAt + i], scale, y[yAt + i]);
    }
  }

  @Override
  public void addProduct(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, a, aAt + i)
          .fma(FloatVector.fromArray(S, b, bAt + i), FloatVector.fromArray(S, y, yAt + i))
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.fma(a[aAt + i], b[bAt + i], y[yAt + i]);
    }
  }

  @Override
  public void addRelu(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, a, aAt + i)
          .add(FloatVector.fromArray(S, b, bAt + i))
          .max(0f)
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.max(a[aAt + i] + b[bAt + i], 0f);
    }
  }

  @Override
  public void scale(float[] x, int at, int n, float factor) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, x, at + i).mul(factor).intoArray(x, at + i);
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
      // CounterRandom.mix
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 16));
      draws = draws.mul(0x7feb352d);
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 15));
      draws = draws.mul(0x846ca68b);
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 16));
      VectorMask<Float> kept =
          draws.lanewise(VectorOperators.LSHR, 8).compare(VectorOperators.GE, threshold).cast(S);
      FloatVector.zero(S)
          .blend(FloatVector.fromArray(S, x, xAt + i).mul(scale), kept)
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      boolean kept = CounterRandom.draw(rowBase, firstChannel + i) >>> 8 >= threshold;
      y[yAt + i] = kept ? x[xAt + i] * scale : 0f;
    }
  }

  // ---- exp, tanh, erf: Elementary, operation by operation

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
      FloatVector.fromArray(S, x, xAt + i).max(0f).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.max(x[xAt + i], 0f);
    }
  }

  private static void tanh(float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i);
      FloatVector a = v.abs();
      FloatVector a2 = a.mul(-2f);
      FloatVector et =
          a2.fma(
              FloatVector.broadcast(S, Elementary.LOG2_E),
              FloatVector.broadcast(S, Elementary.ROUND));
      FloatVector en = et.sub(Elementary.ROUND);
      FloatVector er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_HIGH), a2);
      er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_LOW), er);
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E4), FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E0));
      e = e.fma(er.mul(er), er).add(1f);
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      e = e.blend(0f, a2.compare(VectorOperators.LT, Elementary.EXP_LOW));
      FloatVector large =
          FloatVector.broadcast(S, 1f).sub(e).div(FloatVector.broadcast(S, 1f).add(e));
      large = large.blend(large.neg(), v.compare(VectorOperators.LT, 0f));
      FloatVector s = v.mul(v);
      FloatVector p =
          FloatVector.broadcast(S, Elementary.T4).fma(s, FloatVector.broadcast(S, Elementary.T3));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.T2));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.T1));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.T0));
      FloatVector small = p.mul(s).fma(v, v);
      large
          .blend(small, a.compare(VectorOperators.LT, Elementary.TANH_SMALL))
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Elementary.tanh(x[xAt + i]);
    }
  }

  private static void gelu(float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i);
      FloatVector z = v.mul(Elementary.SQRT_HALF);
      FloatVector a = z.abs();
      FloatVector q =
          FloatVector.broadcast(S, Elementary.G7).fma(a, FloatVector.broadcast(S, Elementary.G6));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G5));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G4));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G3));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G2));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G1));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G0));
      FloatVector et =
          q.fma(
              FloatVector.broadcast(S, Elementary.LOG2_E),
              FloatVector.broadcast(S, Elementary.ROUND));
      FloatVector en = et.sub(Elementary.ROUND);
      FloatVector er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_HIGH), q);
      er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_LOW), er);
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E4), FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E0));
      e = e.fma(er.mul(er), er).add(1f);
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      FloatVector large = FloatVector.broadcast(S, 1f).sub(e);
      large = large.blend(1f, a.compare(VectorOperators.GT, Elementary.ERF_ONE));
      large = large.blend(large.neg(), z.compare(VectorOperators.LT, 0f));
      FloatVector s = z.mul(z);
      FloatVector p =
          FloatVector.broadcast(S, Elementary.F6).fma(s, FloatVector.broadcast(S, Elementary.F5));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F4));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F3));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F2));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F1));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F0));
      FloatVector erf = large.blend(p.mul(z), a.compare(VectorOperators.LT, 1f));
      v.mul(0.5f).mul(erf.add(1f)).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Elementary.gelu(x[xAt + i]);
    }
  }

  private static void geluTanh(float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i);
      FloatVector a =
          v.mul(v)
              .fma(
                  FloatVector.broadcast(S, Elementary.GELU_CUBIC),
                  FloatVector.broadcast(S, Elementary.GELU_LINEAR))
              .mul(v);
      a = a.blend(Elementary.GELU_HIGH, a.compare(VectorOperators.GT, Elementary.GELU_HIGH));
      FloatVector et =
          a.fma(
              FloatVector.broadcast(S, Elementary.LOG2_E),
              FloatVector.broadcast(S, Elementary.ROUND));
      FloatVector en = et.sub(Elementary.ROUND);
      FloatVector er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_HIGH), a);
      er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_LOW), er);
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E4), FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E0));
      e = e.fma(er.mul(er), er).add(1f);
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      e = e.blend(0f, a.compare(VectorOperators.LT, Elementary.EXP_LOW));
      v.div(e.add(1f)).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
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
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i);
      FloatVector z = v.mul(Elementary.SQRT_HALF);
      FloatVector a = z.abs();
      FloatVector q =
          FloatVector.broadcast(S, Elementary.G7).fma(a, FloatVector.broadcast(S, Elementary.G6));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G5));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G4));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G3));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G2));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G1));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G0));
      FloatVector et =
          q.fma(
              FloatVector.broadcast(S, Elementary.LOG2_E),
              FloatVector.broadcast(S, Elementary.ROUND));
      FloatVector en = et.sub(Elementary.ROUND);
      FloatVector er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_HIGH), q);
      er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_LOW), er);
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E4), FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E0));
      e = e.fma(er.mul(er), er).add(1f);
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      FloatVector large = FloatVector.broadcast(S, 1f).sub(e);
      large = large.blend(1f, a.compare(VectorOperators.GT, Elementary.ERF_ONE));
      large = large.blend(large.neg(), z.compare(VectorOperators.LT, 0f));
      FloatVector s = z.mul(z);
      FloatVector p =
          FloatVector.broadcast(S, Elementary.F6).fma(s, FloatVector.broadcast(S, Elementary.F5));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F4));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F3));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F2));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F1));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F0));
      FloatVector erf = large.blend(p.mul(z), a.compare(VectorOperators.LT, 1f));
      FloatVector half = v.mul(v).mul(-0.5f);
      FloatVector dt =
          half.fma(
              FloatVector.broadcast(S, Elementary.LOG2_E),
              FloatVector.broadcast(S, Elementary.ROUND));
      FloatVector dn = dt.sub(Elementary.ROUND);
      FloatVector dr = dn.fma(FloatVector.broadcast(S, -Elementary.LN2_HIGH), half);
      dr = dn.fma(FloatVector.broadcast(S, -Elementary.LN2_LOW), dr);
      FloatVector d =
          dr.fma(FloatVector.broadcast(S, Elementary.E4), FloatVector.broadcast(S, Elementary.E3));
      d = d.fma(dr, FloatVector.broadcast(S, Elementary.E2));
      d = d.fma(dr, FloatVector.broadcast(S, Elementary.E1));
      d = d.fma(dr, FloatVector.broadcast(S, Elementary.E0));
      d = d.fma(dr.mul(dr), dr).add(1f);
      d =
          d.mul(
              dt.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      d = d.blend(0f, half.compare(VectorOperators.LT, Elementary.EXP_LOW));
      FloatVector cumulative =
          erf.fma(FloatVector.broadcast(S, 0.5f), FloatVector.broadcast(S, 0.5f));
      FloatVector slope = v.fma(d.mul(Elementary.INV_SQRT_2PI), cumulative);
      FloatVector.fromArray(S, g, gAt + i).mul(slope).intoArray(g, gAt + i);
    }
    for (; i < n; i++) {
      g[gAt + i] *= Elementary.geluDerivative(x[xAt + i]);
    }
  }

  private static void geluTanhGradient(float[] x, int xAt, float[] g, int gAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i);
      FloatVector v2 = v.mul(v);
      FloatVector a =
          v2.fma(
                  FloatVector.broadcast(S, Elementary.GELU_CUBIC),
                  FloatVector.broadcast(S, Elementary.GELU_LINEAR))
              .mul(v);
      a = a.blend(Elementary.GELU_HIGH, a.compare(VectorOperators.GT, Elementary.GELU_HIGH));
      FloatVector et =
          a.fma(
              FloatVector.broadcast(S, Elementary.LOG2_E),
              FloatVector.broadcast(S, Elementary.ROUND));
      FloatVector en = et.sub(Elementary.ROUND);
      FloatVector er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_HIGH), a);
      er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_LOW), er);
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E4), FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E0));
      e = e.fma(er.mul(er), er).add(1f);
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      e = e.blend(0f, a.compare(VectorOperators.LT, Elementary.EXP_LOW));
      FloatVector s = FloatVector.broadcast(S, 1f).div(e.add(1f));
      FloatVector slope =
          v2.fma(
              FloatVector.broadcast(S, Elementary.GELU_SLOPE_CUBIC),
              FloatVector.broadcast(S, Elementary.GELU_SLOPE));
      FloatVector slopes = v.mul(s).mul(FloatVector.broadcast(S, 1f).sub(s)).fma(slope, s);
      FloatVector.fromArray(S, g, gAt + i).mul(slopes).intoArray(g, gAt + i);
    }
    for (; i < n; i++) {
      g[gAt + i] *= Elementary.geluTanhDerivative(x[xAt + i]);
    }
  }

  // ---- whole rows

  @Override
  public float expSum(float[] x, int at, int n, float scale, float max) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, at + i).mul(scale).sub(max);
      FloatVector et =
          v.fma(
              FloatVector.broadcast(S, Elementary.LOG2_E),
              FloatVector.broadcast(S, Elementary.ROUND));
      FloatVector en = et.sub(Elementary.ROUND);
      FloatVector er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_HIGH), v);
      er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_LOW), er);
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E4), FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E0));
      e = e.fma(er.mul(er), er).add(1f);
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      e = e.blend(0f, v.compare(VectorOperators.LT, Elementary.EXP_LOW));
      e.intoArray(x, at + i);
    }
    for (; i < n; i++) {
      x[at + i] = Elementary.exp(x[at + i] * scale - max);
    }
    return sum(x, at, n);
  }

  @Override
  public float sumExp(float[] x, int at, int n, float max) {
    FloatVector low = FloatVector.zero(S);
    FloatVector high = FloatVector.zero(S);
    int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, at + i).sub(max);
      FloatVector et =
          v.fma(
              FloatVector.broadcast(S, Elementary.LOG2_E),
              FloatVector.broadcast(S, Elementary.ROUND));
      FloatVector en = et.sub(Elementary.ROUND);
      FloatVector er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_HIGH), v);
      er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_LOW), er);
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E4), FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E0));
      e = e.fma(er.mul(er), er).add(1f);
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      e = e.blend(0f, v.compare(VectorOperators.LT, Elementary.EXP_LOW));
      // with vectors of 8, the two halves of 16 lanes change places
      FloatVector sum = low.add(e);
      low = L == LANES ? sum : high;
      high = L == LANES ? high : sum;
    }
    float[] lanes = new float[LANES];
    low.intoArray(lanes, 0);
    if (L < LANES) {
      high.intoArray(lanes, L);
    }
    for (int i = whole; i < n; i++) {
      lanes[i - whole] += Elementary.exp(x[at + i] - max);
    }
    return ScalarKernels.tree(lanes);
  }

  // ---- down columns

  @Override
  public void maxColumns(
      float[] x, int at, int rows, int cols, int stride, float scale, float[] max) {
    for (int j = 0; j < cols; j += L) {
      FloatVector m = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
      for (int i = 0; i < rows; i++) {
        FloatVector v = FloatVector.fromArray(S, x, at + i * stride + j);
        m = m.blend(v, v.compare(VectorOperators.GT, m));
      }
      m.mul(scale).intoArray(max, j);
    }
  }

  @Override
  public void expColumns(
      float[] x,
      int at,
      int rows,
      int cols,
      int stride,
      float scale,
      float[] max,
      float[] sum,
      int sumAt) {
    for (int j = 0; j < cols; j += L) {
      FloatVector m = FloatVector.fromArray(S, max, j);
      FloatVector total = FloatVector.zero(S);
      for (int i = 0; i < rows; i++) {
        int xi = at + i * stride + j;
        FloatVector v = FloatVector.fromArray(S, x, xi).mul(scale).sub(m);
        FloatVector et =
            v.fma(
                FloatVector.broadcast(S, Elementary.LOG2_E),
                FloatVector.broadcast(S, Elementary.ROUND));
        FloatVector en = et.sub(Elementary.ROUND);
        FloatVector er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_HIGH), v);
        er = en.fma(FloatVector.broadcast(S, -Elementary.LN2_LOW), er);
        FloatVector e =
            er.fma(
                FloatVector.broadcast(S, Elementary.E4), FloatVector.broadcast(S, Elementary.E3));
        e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
        e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
        e = e.fma(er, FloatVector.broadcast(S, Elementary.E0));
        e = e.fma(er.mul(er), er).add(1f);
        e =
            e.mul(
                et.reinterpretAsInts()
                    .add(EXPONENT)
                    .lanewise(VectorOperators.LSHL, 23)
                    .reinterpretAsFloats());
        e = e.blend(0f, v.compare(VectorOperators.LT, Elementary.EXP_LOW));
        e.intoArray(x, xi);
        total = total.add(e);
      }
      total.intoArray(sum, sumAt + j);
    }
  }

  @Override
  public void softmaxGradientColumns(
      float[] e,
      float[] dp,
      int start,
      int rows,
      int cols,
      int stride,
      float[] factor,
      float scale) {
    for (int j = 0; j < cols; j += L) {
      FloatVector d = FloatVector.zero(S);
      for (int i = 0; i < rows; i++) {
        int at = start + i * stride + j;
        d = FloatVector.fromArray(S, e, at).fma(FloatVector.fromArray(S, dp, at), d);
      }
      d = d.mul(FloatVector.fromArray(S, factor, j));
      FloatVector f = FloatVector.fromArray(S, factor, j).mul(scale);
      for (int i = 0; i < rows; i++) {
        int at = start + i * stride + j;
        FloatVector.fromArray(S, e, at)
            .mul(f)
            .mul(FloatVector.fromArray(S, dp, at).sub(d))
            .intoArray(dp, at);
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
      // CounterRandom.mix
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 16));
      draws = draws.mul(0x7feb352d);
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 15));
      draws = draws.mul(0x846ca68b);
      draws = draws.lanewise(VectorOperators.XOR, draws.lanewise(VectorOperators.LSHR, 16));
      VectorMask<Float> kept =
          draws.lanewise(VectorOperators.LSHR, 8).compare(VectorOperators.GE, threshold).cast(S);
      FloatVector.zero(S)
          .blend(FloatVector.fromArray(S, x, xAt + i).mul(scale), kept)
          .intoArray(y, yAt + i);
    }
  }

  @Override
  public float layerNorm(
      float[] x, int xAt, int n, float[] gamma, float[] beta, float epsilon, float[] y, int yAt) {
    float mean = sum(x, xAt, n) / n;
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, x, xAt + i).sub(mean).intoArray(x, xAt + i);
    }
    for (; i < n; i++) {
      x[xAt + i] -= mean;
    }
    float variance = dot(x, xAt, x, xAt, n) / n;
    float factor = (float) (1 / Math.sqrt(variance + epsilon));
    for (i = 0; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i).mul(factor);
      v.intoArray(x, xAt + i);
      v.fma(FloatVector.fromArray(S, gamma, i), FloatVector.fromArray(S, beta, i))
          .intoArray(y, yAt + i);
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
      FloatVector.fromArray(S, g, gAt + i)
          .mul(FloatVector.fromArray(S, gamma, i))
          .intoArray(g, gAt + i);
    }
    for (; i < n; i++) {
      g[gAt + i] *= gamma[i];
    }
    float mean = sum(g, gAt, n) / n;
    float slope = dot(g, gAt, normalised, nAt, n) / n;
    FloatVector down = FloatVector.broadcast(S, -slope);
    for (i = 0; i + L <= n; i += L) {
      FloatVector.fromArray(S, normalised, nAt + i)
          .fma(down, FloatVector.fromArray(S, g, gAt + i).sub(mean))
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
      FloatVector d = FloatVector.fromArray(S, g, i).mul(step.gradientScale());
      FloatVector first =
          FloatVector.fromArray(S, m, i).fma(FloatVector.broadcast(S, step.beta1()), d.mul(keep1));
      FloatVector second =
          FloatVector.fromArray(S, v, i)
              .fma(FloatVector.broadcast(S, step.beta2()), d.mul(d).mul(keep2));
      first.intoArray(m, i);
      second.intoArray(v, i);
      FloatVector root = second.div(step.correction2()).sqrt().add(step.epsilon());
      FloatVector old = FloatVector.fromArray(S, w, i);
      FloatVector update =
          old.fma(
              FloatVector.broadcast(S, step.weightDecay()),
              first.div(step.correction1()).div(root));
      update.fma(FloatVector.broadcast(S, -step.learningRate()), old).intoArray(w, i);
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
