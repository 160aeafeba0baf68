package org.realm4j.reference.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Scans in the Vector API; defined once per vector width, see {@link SimdKernels}. */
final class SimdScans implements ScanKernels {
  private static final VectorSpecies<Float> S = SimdLoader.species(MethodHandles.lookup());
  private static final VectorSpecies<Byte> BYTES = S.withLanes(byte.class);
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final int L = S.length();

  SimdScans() {}

  // Two dimensions a turn keep this method beyond the size (HotSpot's FreqInlineSize, 325 bytes) up
  // to which the compiler would copy it into its callers, where its vectors end on the heap: then
  // a search took five times as long.
  @Override
  public void codeProducts(
      MemorySegment codes, long at, float[] query, int queryAt, int n, float[] products) {
    // One vector of numbers is four of rows: enough that no addition waits for the one before.
    for (int lane = 0; lane < 16; lane += L) {
      FloatVector sum0 = FloatVector.zero(S);
      FloatVector sum1 = FloatVector.zero(S);
      FloatVector sum2 = FloatVector.zero(S);
      FloatVector sum3 = FloatVector.zero(S);
      long first = at + CODES + 4L * lane;
      int i = 0;
      for (; i + 1 < n; i += 2) {
        FloatVector q = FloatVector.broadcast(S, query[queryAt + i]);
        IntVector q4 =
            ByteVector.fromMemorySegment(BYTES, codes, first + ((long) i << 6), LE)
                .reinterpretAsInts();
        sum0 =
            ((FloatVector)
                    q4.lanewise(VectorOperators.LSHL, 24)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0))
                .fma(q, sum0);
        sum1 =
            ((FloatVector)
                    q4.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0))
                .fma(q, sum1);
        sum2 =
            ((FloatVector)
                    q4.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0))
                .fma(q, sum2);
        sum3 =
            ((FloatVector) q4.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0))
                .fma(q, sum3);
        FloatVector p = FloatVector.broadcast(S, query[queryAt + i + 1]);
        IntVector p4 =
            ByteVector.fromMemorySegment(BYTES, codes, first + ((long) (i + 1) << 6), LE)
                .reinterpretAsInts();
        sum0 =
            ((FloatVector)
                    p4.lanewise(VectorOperators.LSHL, 24)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0))
                .fma(p, sum0);
        sum1 =
            ((FloatVector)
                    p4.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0))
                .fma(p, sum1);
        sum2 =
            ((FloatVector)
                    p4.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0))
                .fma(p, sum2);
        sum3 =
            ((FloatVector) p4.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0))
                .fma(p, sum3);
      }
      if (i < n) {
        FloatVector q = FloatVector.broadcast(S, query[queryAt + i]);
        IntVector q4 =
            ByteVector.fromMemorySegment(BYTES, codes, first + ((long) i << 6), LE)
                .reinterpretAsInts();
        sum0 =
            ((FloatVector)
                    q4.lanewise(VectorOperators.LSHL, 24)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0))
                .fma(q, sum0);
        sum1 =
            ((FloatVector)
                    q4.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0))
                .fma(q, sum1);
        sum2 =
            ((FloatVector)
                    q4.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0))
                .fma(q, sum2);
        sum3 =
            ((FloatVector) q4.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0))
                .fma(q, sum3);
      }
      sum0.intoArray(products, lane);
      sum1.intoArray(products, lane + 16);
      sum2.intoArray(products, lane + 32);
      sum3.intoArray(products, lane + 48);
    }
  }

  @Override
  public void decode(MemorySegment codes, long at, int n, float[] panel) {
    for (int i = 0; i < n; i++) {
      for (int lane = 0; lane < 16; lane += L) {
        IntVector four =
            ByteVector.fromMemorySegment(BYTES, codes, at + CODES + 4L * lane + ((long) i << 6), LE)
                .reinterpretAsInts();
        int to = i * BLOCK_ROWS + lane;
        ((FloatVector)
                four.lanewise(VectorOperators.LSHL, 24)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0))
            .intoArray(panel, to);
        ((FloatVector)
                four.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0))
            .intoArray(panel, to + 16);
        ((FloatVector)
                four.lanewise(VectorOperators.LSHL, 8)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0))
            .intoArray(panel, to + 32);
        ((FloatVector) four.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0))
            .intoArray(panel, to + 48);
      }
    }
  }

  @Override
  public int boundsReaching(
      MemorySegment codes,
      long at,
      float[] products,
      int productsAt,
      float length,
      float limit,
      int[] found) {
    int count = 0;
    for (int row = 0; row < BLOCK_ROWS; row += L) {
      FloatVector scale = FloatVector.fromMemorySegment(S, codes, at + 4L * row, LE);
      long rows =
          FloatVector.fromMemorySegment(S, codes, at + ERRORS + 4L * row, LE)
              .fma(
                  FloatVector.broadcast(S, length),
                  FloatVector.fromArray(S, products, productsAt + row).mul(scale))
              .compare(VectorOperators.GE, limit)
              .toLong();
      while (rows != 0) {
        found[count++] = row + Long.numberOfTrailingZeros(rows);
        rows &= rows - 1;
      }
    }
    return count;
  }

  @Override
  public int reaching(float[] scores, int rows, int cols, float[] limits, int[] found) {
    int count = 0;
    for (int r = 0; r < rows; r++) {
      int at = r * cols;
      for (int c = 0; c < cols; c += L) {
        long places =
            FloatVector.fromArray(S, scores, at + c)
                .compare(VectorOperators.GE, FloatVector.fromArray(S, limits, c))
                .toLong();
        while (places != 0) {
          found[count++] = at + c + Long.numberOfTrailingZeros(places);
          places &= places - 1;
        }
      }
    }
    return count;
  }
}
