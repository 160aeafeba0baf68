package org.realm4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.IntStream;
import org.realm4j.tensor.CounterRandom;

/**
 * Vectors to be searched, drawn from counters, in files of little-endian float32, row after row, so
 * that all sides read the same bytes.
 */
final class MipsVectors {
  /** Directions in which the centres of clusters differ: as those of real text, not all. */
  private static final int RANK = 36;

  /** What a row lies from its centre, by the spread of the centres. */
  private static final float NOISE = 0.5f;

  /** Of the logarithms of the rows' lengths: raw inner products depend on them. */
  private static final float LENGTHS = 0.2f;

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final String CENTRE = "centre";
  private static final String SUBSPACE = "subspace of the centres";
  private static final String CHOICE = "choice of a centre";
  private static final String LENGTH = "length";
  private static final String VALUE = "value";
  private static final String DRIFT = "drift";

  private static final int ROWS = 1;
  private static final int QUERIES = 2;

  private final int dimension;
  private final int clusters;
  private final float[] centres; // [clusters, dimension]

  private MipsVectors(int dimension, int clusters, float[] centres) {
    this.dimension = dimension;
    this.clusters = clusters;
    this.centres = centres;
  }

  /** Standard normal values. */
  static MipsVectors gaussian(int dimension) {
    return new MipsVectors(dimension, 0, new float[0]);
  }

  /**
   * Rows x = l (c + n) with a centre c drawn from so many, noise n and a length l. Each value of a
   * centre has a variance of 1, but all centres lie in a subspace.
   */
  static MipsVectors clustered(int dimension, int clusters) {
    float[] centres = new float[clusters * dimension];
    float[] along = new float[RANK];
    for (int c = 0; c < clusters; c++) {
      for (int r = 0; r < RANK; r++) {
        along[r] = CounterRandom.gaussian(key(CENTRE, 0), c * RANK + r);
      }
      for (int i = 0; i < dimension; i++) {
        double sum = 0;
        for (int r = 0; r < RANK; r++) {
          sum += along[r] * CounterRandom.gaussian(key(SUBSPACE, 0), i * RANK + r);
        }
        centres[c * dimension + i] = (float) (sum / Math.sqrt(RANK));
      }
    }
    return new MipsVectors(dimension, clusters, centres);
  }

  /** Those that are searched. */
  void rows(Path file, int count) {
    write(file, count, ROWS, 0);
  }

  /** The same after the model that made them has changed: each value moved by some noise. */
  void laterRows(Path file, int count, float drift) {
    write(file, count, ROWS, drift);
  }

  /** Those that are looked for, drawn alike. */
  void queries(Path file, int count) {
    write(file, count, QUERIES, 0);
  }

  private void write(Path file, int count, int of, float drift) {
    try (Arena arena = Arena.ofShared();
        FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
      long bytes = 4L * dimension * count;
      MemorySegment memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
      IntStream.range(0, count)
          .parallel()
          .forEach(
              row -> {
                float[] values = row(of, row, drift);
                MemorySegment.copy(values, 0, memory, FLOAT, 4L * dimension * row, values.length);
              });
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
  }

  private float[] row(int of, int row, float drift) {
    float[] values = new float[dimension];
    int noise = key(VALUE, of);
    int first = row * dimension;
    for (int i = 0; i < dimension; i++) {
      values[i] = CounterRandom.gaussian(noise, first + i);
    }
    if (clusters > 0) {
      int centre = CounterRandom.below(clusters, key(CHOICE, of), row);
      float length = (float) Math.exp(LENGTHS * CounterRandom.gaussian(key(LENGTH, of), row));
      for (int i = 0; i < dimension; i++) {
        values[i] = length * (centres[centre * dimension + i] + NOISE * values[i]);
      }
    }
    for (int i = 0; drift > 0 && i < dimension; i++) {
      values[i] += drift * CounterRandom.gaussian(key(DRIFT, of), first + i);
    }
    return values;
  }

  private static int key(String what, int of) {
    return CounterRandom.key(what.hashCode(), of);
  }
}
