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
  private static final VectorSpecies<Byte> BYTES = S.withLanes(byte.class);

  /** As many bytes as a vector has floats. */
  private static final VectorSpecies<Byte> CODE =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(8 * S.length()));

  private static final int L = S.length();

  SimdScans() {}

  @Override
  public void codeProducts(
      byte[] block,
      int at,
      float[] query,
      int queryAt,
      int n,
      float[] products,
      int productsAt,
      boolean accumulate) {
    // Four vectors of rows: enough that no addition waits for the one before.
    for (int row = 0; row < BLOCK_ROWS; row += 4 * L) {
      int to = productsAt + row;
      FloatVector sum0 = FloatVector.zero(S);
      FloatVector sum1 = FloatVector.zero(S);
      FloatVector sum2 = FloatVector.zero(S);
      FloatVector sum3 = FloatVector.zero(S);
      if (accumulate) {
        sum0 = FloatVector.fromArray(S, products, to);
        sum1 = FloatVector.fromArray(S, products, to + L);
        sum2 = FloatVector.fromArray(S, products, to + 2 * L);
        sum3 = FloatVector.fromArray(S, products, to + 3 * L);
      }
      for (int i = 0; i < n; i++) {
        int from = at + row + (i << 6);
        FloatVector q = FloatVector.broadcast(S, query[queryAt + i]);
        sum0 = ((FloatVector) ByteVector.fromArray(CODE, block, from).castShape(S, 0)).fma(q, sum0);
        sum1 =
            ((FloatVector) ByteVector.fromArray(CODE, block, from + L).castShape(S, 0))
                .fma(q, sum1);
        sum2 =
            ((FloatVector) ByteVector.fromArray(CODE, block, from + 2 * L).castShape(S, 0))
                .fma(q, sum2);
        sum3 =
            ((FloatVector) ByteVector.fromArray(CODE, block, from + 3 * L).castShape(S, 0))
                .fma(q, sum3);
      }
      sum0.intoArray(products, to);
      sum1.intoArray(products, to + L);
      sum2.intoArray(products, to + 2 * L);
      sum3.intoArray(products, to + 3 * L);
    }
  }

  @Override
  public void decode(byte[] block, int n, int width, float[] panels) {
    for (int i = 0; i < n; i++) {
      int at = CODES + BLOCK_ROWS * i;
      for (int r = 0; r < BLOCK_ROWS; r += L) {
        ((FloatVector) ByteVector.fromArray(CODE, block, at + r).castShape(S, 0))
            .intoArray(panels, (r / width * n + i) * width + r % width);
      }
    }
  }

  @Override
  public int boundsReaching(
      byte[] block, float[] products, int productsAt, float length, float limit, int[] found) {
    int count = 0;
    for (int row = 0; row < BLOCK_ROWS; row += L) {
      FloatVector scale =
          ByteVector.fromArray(BYTES, block, Float.BYTES * row).reinterpretAsFloats();
      long rows =
          ByteVector.fromArray(BYTES, block, ERRORS + Float.BYTES * row)
              .reinterpretAsFloats()
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
