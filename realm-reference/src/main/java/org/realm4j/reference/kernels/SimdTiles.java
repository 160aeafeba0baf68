package org.realm4j.reference.kernels;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Tiles and packing in the Vector API; defined once per vector width, see {@link SimdKernels}. */
final class SimdTiles implements TileKernels {
  private static final VectorSpecies<Float> S = SimdLoader.species(MethodHandles.lookup());
  private static final int L = S.length();
  private static final int TILE_COLS = 3 * L;

  /** 24 accumulators need the 32 registers of AVX-512, in which case 512 bit are preferred. */
  private static final int TILE_ROWS = FloatVector.SPECIES_PREFERRED.length() >= 16 ? 8 : 4;

  private static final VectorSpecies<Float> S8 = FloatVector.SPECIES_256;

  // which lanes of two vectors of 8, for the three rounds of an 8 x 8 transposition
  private static final FloatVector PAIRS_LOW = indices(0, 8, 2, 10, 4, 12, 6, 14);
  private static final FloatVector PAIRS_HIGH = indices(1, 9, 3, 11, 5, 13, 7, 15);
  private static final FloatVector QUADS_LOW = indices(0, 1, 8, 9, 4, 5, 12, 13);
  private static final FloatVector QUADS_HIGH = indices(2, 3, 10, 11, 6, 7, 14, 15);
  private static final FloatVector HALVES_LOW = indices(0, 1, 2, 3, 8, 9, 10, 11);
  private static final FloatVector HALVES_HIGH = indices(4, 5, 6, 7, 12, 13, 14, 15);

  SimdTiles() {}

  private static FloatVector indices(float... lanes) {
    return FloatVector.fromArray(S8, lanes, 0);
  }

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
}
