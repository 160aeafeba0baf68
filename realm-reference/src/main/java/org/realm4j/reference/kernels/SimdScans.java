package org.realm4j.reference.kernels;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Scans in the Vector API; defined once per vector width, see {@link SimdKernels}. */
final class SimdScans implements ScanKernels {
  private static final VectorSpecies<Float> S = SimdLoader.species(MethodHandles.lookup());
  private static final int L = S.length();

  /** As many bytes as a vector has floats. */
  private static final VectorSpecies<Byte> CODE =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(8 * L));

  /** As many bytes as a vector has. */
  private static final VectorSpecies<Byte> BYTES = S.withLanes(byte.class);

  SimdScans() {}

  @Override
  public int codesReaching(
      byte[] block,
      float[] query,
      int queryAt,
      int n,
      float length,
      float limit,
      float[] sums,
      int[] found) {
    int count = 0;
    // Four vectors of rows: enough that no addition waits for the one before.
    for (int row = 0; row < BLOCK_ROWS; row += 4 * L) {
      FloatVector sum0 = FloatVector.zero(S);
      FloatVector sum1 = FloatVector.zero(S);
      FloatVector sum2 = FloatVector.zero(S);
      FloatVector sum3 = FloatVector.zero(S);
      int at = CODES + row;
      for (int i = 0; i < n; i++) {
        FloatVector q = FloatVector.broadcast(S, query[queryAt + i]);
        sum0 =
            ((FloatVector)
                    ByteVector.fromArray(CODE, block, at).convertShape(VectorOperators.B2F, S, 0))
                .fma(q, sum0);
        sum1 =
            ((FloatVector)
                    ByteVector.fromArray(CODE, block, at + L)
                        .convertShape(VectorOperators.B2F, S, 0))
                .fma(q, sum1);
        sum2 =
            ((FloatVector)
                    ByteVector.fromArray(CODE, block, at + 2 * L)
                        .convertShape(VectorOperators.B2F, S, 0))
                .fma(q, sum2);
        sum3 =
            ((FloatVector)
                    ByteVector.fromArray(CODE, block, at + 3 * L)
                        .convertShape(VectorOperators.B2F, S, 0))
                .fma(q, sum3);
        at += BLOCK_ROWS;
      }
      sum0.intoArray(sums, row);
      sum1.intoArray(sums, row + L);
      sum2.intoArray(sums, row + 2 * L);
      sum3.intoArray(sums, row + 3 * L);
    }
    for (int row = 0; row < BLOCK_ROWS; row += L) {
      FloatVector scale =
          ByteVector.fromArray(BYTES, block, row * Float.BYTES).reinterpretAsFloats();
      long rows =
          ByteVector.fromArray(BYTES, block, ERRORS + row * Float.BYTES)
              .reinterpretAsFloats()
              .fma(FloatVector.broadcast(S, length), FloatVector.fromArray(S, sums, row).mul(scale))
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
