package org.realm4j.reference.mips;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import org.realm4j.io.RealmException;
import org.realm4j.reference.kernels.Workers;
import org.realm4j.retrieval.Vectors;

/**
 * Rows sorted into lists by the nearest centroid, each list in whole blocks of {@link Int8Codes}.
 * In memory outside the heap, as parts:
 *
 * <pre>
 * about      lists, probes, queries of the sample, k, found, possible (4 bytes each)
 * centroids  [lists, dimension], floats: the directions of the clusters, by which rows are assigned
 * means      [lists, dimension], floats: of the rows themselves, by which lists are probed
 * offsets    the first block of each list, and the end, ints
 * sizes      the rows of each list, ints
 * rows       [blocks, 64], the row numbers, -1 where a block is not full
 * codes      [blocks] of Int8Codes
 * </pre>
 */
record InvertedFile(
    MemorySegment about,
    MemorySegment centroids,
    MemorySegment means,
    MemorySegment offsets,
    MemorySegment sizes,
    MemorySegment rows,
    MemorySegment codes) {
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int ABOUT = 6 * Integer.BYTES;

  /** Codes all rows, list by list. */
  static InvertedFile of(Vectors vectors, Clustering clusters, Arena arena, Workers workers) {
    int d = vectors.dimension();
    int lists = clusters.count();
    int[] nearest = clusters.nearest(vectors);
    int[] sizes = new int[lists];
    for (int c : nearest) {
      sizes[c]++;
    }
    int[] offsets = new int[lists + 1];
    for (int c = 0; c < lists; c++) {
      offsets[c + 1] = offsets[c] + Math.ceilDiv(sizes[c], Scan.BLOCK);
    }
    int blocks = offsets[lists];
    MemorySegment rows = arena.allocate(4L * Scan.BLOCK * blocks, 64);
    rows.fill((byte) -1);
    long[] next = new long[lists];
    for (int row = 0; row < nearest.length; row++) {
      int c = nearest[row];
      rows.set(INT, 4 * ((long) offsets[c] * Scan.BLOCK + next[c]++), row);
    }
    MemorySegment codes = arena.allocate((long) blocks * Int8Codes.blockBytes(d), 64);
    InvertedFile file =
        new InvertedFile(
            arena.allocate(ABOUT, 4),
            copy(clusters.centroids(), arena),
            copy(clusters.means(vectors, nearest), arena),
            copy(offsets, arena),
            copy(sizes, arena),
            rows,
            codes);
    file.encode(vectors, blocks, workers);
    file.about.set(INT, 0, lists);
    return file;
  }

  private static MemorySegment copy(float[] values, Arena arena) {
    MemorySegment to = arena.allocate(4L * values.length, 4);
    MemorySegment.copy(values, 0, to, BlockLengths.FLOAT, 0, values.length);
    return to;
  }

  private static MemorySegment copy(int[] values, Arena arena) {
    MemorySegment to = arena.allocate(4L * values.length, 4);
    MemorySegment.copy(values, 0, to, INT, 0, values.length);
    return to;
  }

  private void encode(Vectors vectors, int blocks, Workers workers) {
    int d = vectors.dimension();
    int size = Int8Codes.blockBytes(d);
    Int8Codes.Encoder[] encoders = new Int8Codes.Encoder[workers.count()];
    workers.run(
        blocks,
        (block, worker) -> {
          if (encoders[worker] == null) {
            encoders[worker] = new Int8Codes.Encoder(d);
          }
          int count = 0;
          for (int r = 0; r < Scan.BLOCK; r++) {
            int row = row(block, r);
            if (row >= 0) {
              vectors.copy(row, 1, encoders[worker].rows, d * count++);
            }
          }
          byte[] bytes = encoders[worker].block(count);
          MemorySegment.copy(bytes, 0, codes, ValueLayout.JAVA_BYTE, (long) block * size, size);
        });
  }

  /**
   * Over parts that were kept. Looks at the lists, not at all rows.
   *
   * @throws RealmException.CorruptFile if one is missing or of the wrong size, or a list is not
   *     where lists are
   */
  static InvertedFile open(Map<String, MemorySegment> parts, int dimension) {
    MemorySegment about = Parts.get(parts, "about", ABOUT);
    int lists = about.get(INT, 0);
    MemorySegment offsets = Parts.get(parts, "offsets", 4L * (lists + 1L));
    long blocks = offsets.get(INT, 4L * lists);
    InvertedFile file =
        new InvertedFile(
            about,
            Parts.get(parts, "centroids", 4L * lists * dimension),
            Parts.get(parts, "means", 4L * lists * dimension),
            offsets,
            Parts.get(parts, "sizes", 4L * lists),
            Parts.get(parts, "rows", 4L * Scan.BLOCK * blocks),
            Parts.get(parts, "codes", blocks * Int8Codes.blockBytes(dimension)));
    file.checkLists();
    return file;
  }

  /** Each list begins where the one before ends, and its rows fill its blocks. */
  private void checkLists() {
    int next = 0;
    for (int list = 0; list < lists(); list++) {
      int first = firstBlock(list);
      int blocks = Math.ceilDiv(size(list), Scan.BLOCK);
      if (first != next || size(list) < 0 || firstBlock(list + 1) - first != blocks) {
        throw new RealmException.CorruptFile(
            "index: list %,d: expected its rows in blocks from %,d on, found %,d rows from %,d to %,d"
                .formatted(list, next, size(list), first, firstBlock(list + 1)));
      }
      next += blocks;
    }
  }

  Map<String, MemorySegment> parts() {
    Map<String, MemorySegment> parts = new LinkedHashMap<>();
    parts.put("about", about);
    parts.put("centroids", centroids);
    parts.put("means", means);
    parts.put("offsets", offsets);
    parts.put("sizes", sizes);
    parts.put("rows", rows);
    parts.put("codes", codes);
    return parts;
  }

  int lists() {
    return about.get(INT, 0);
  }

  int probes() {
    return about.get(INT, 4);
  }

  void setProbes(int probes) {
    about.set(INT, 4, probes);
  }

  /** What a build has measured. */
  void setRecall(int queries, int k, int found, int possible) {
    about.set(INT, 8, queries);
    about.set(INT, 12, k);
    about.set(INT, 16, found);
    about.set(INT, 20, possible);
  }

  /** Queries of the sample, k, how many of the true best rows were found, and of how many. */
  int[] recall() {
    return new int[] {
      about.get(INT, 8), about.get(INT, 12), about.get(INT, 16), about.get(INT, 20)
    };
  }

  /** An array of what a part holds. */
  static float[] floats(MemorySegment part) {
    float[] values = new float[(int) (part.byteSize() / Float.BYTES)];
    MemorySegment.copy(part, BlockLengths.FLOAT, 0, values, 0, values.length);
    return values;
  }

  int firstBlock(int list) {
    return offsets.get(INT, 4L * list);
  }

  int size(int list) {
    return sizes.get(INT, 4L * list);
  }

  /** The row number at a place of a block, or -1. */
  int row(int block, int place) {
    return rows.get(INT, 4 * ((long) block * Scan.BLOCK + place));
  }
}
