package org.realm4j.reference.mips;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.realm4j.reference.kernels.Workers;
import org.realm4j.retrieval.Vectors;

/** The Euclidean length of the longest row of each block of {@value Scan#BLOCK}, rounded up. */
final class BlockLengths {
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment memory;

  /** Over what {@link #compute} gave. */
  BlockLengths(MemorySegment memory) {
    this.memory = memory;
  }

  static long bytes(int rows) {
    return (long) Math.ceilDiv(rows, Scan.BLOCK) * Float.BYTES;
  }

  /**
   * Reads all vectors.
   *
   * @throws org.realm4j.io.RealmException.BadInput if a value is not finite or a row too long
   */
  static MemorySegment compute(Vectors vectors, Arena arena, Workers workers) {
    int d = vectors.dimension();
    MemorySegment memory = arena.allocate(bytes(vectors.rows()), Float.BYTES);
    float[][] blocks = new float[workers.count()][];
    workers.run(
        Math.ceilDiv(vectors.rows(), Scan.BLOCK),
        (block, worker) -> {
          blocks[worker] = blocks[worker] == null ? new float[Scan.BLOCK * d] : blocks[worker];
          int first = block * Scan.BLOCK;
          int rows = Math.min(Scan.BLOCK, vectors.rows() - first);
          vectors.copy(first, rows, blocks[worker], 0);
          double longest = 0;
          for (double x : Vectors.lengths("vectors", blocks[worker], rows, d, first)) {
            longest = Math.max(longest, x);
          }
          memory.set(FLOAT, (long) block * Float.BYTES, Rounding.up(longest));
        });
    return memory;
  }

  MemorySegment memory() {
    return memory;
  }

  float of(int block) {
    return memory.get(FLOAT, (long) block * Float.BYTES);
  }
}
