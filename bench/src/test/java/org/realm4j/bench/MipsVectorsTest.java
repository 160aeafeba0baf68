package org.realm4j.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MipsVectorsTest {
  @TempDir Path folder;

  private float[] drawn(MipsVectors vectors, int rows, int dimension) {
    Path file = folder.resolve("rows");
    vectors.rows(file, rows);
    return QueryCycle.read(file, dimension).values();
  }

  private static double moment(float[] values, int power) {
    return IntStream.range(0, values.length)
        .mapToDouble(i -> Math.pow(values[i], power))
        .average()
        .orElseThrow();
  }

  @Test
  void gaussianValuesHaveTheMomentsOfTheNormalDistribution() {
    float[] values = drawn(MipsVectors.gaussian(16), 4000, 16);
    assertEquals(64_000, values.length);
    assertEquals(0, moment(values, 1), 0.02);
    assertEquals(1, moment(values, 2), 0.02);
    assertEquals(3, moment(values, 4), 0.15);
  }

  @Test
  void rowsDoNotDependOnHowManyThereAre() {
    MipsVectors vectors = MipsVectors.clustered(5, 3);
    float[] many = drawn(vectors, 11, 5);
    Path few = folder.resolve("few");
    vectors.rows(few, 4);
    assertArrayEquals(Arrays.copyOf(many, 20), QueryCycle.read(few, 5).values());
  }

  @Test
  void queriesAreOthersAroundTheSameCentres() {
    int d = 64;
    MipsVectors vectors = MipsVectors.clustered(d, 2);
    float[] rows = drawn(vectors, 40, d);
    Path file = folder.resolve("queries");
    vectors.queries(file, 40);
    float[] queries = QueryCycle.read(file, d).values();
    assertFalse(Arrays.equals(rows, queries));
    // of two centres each query is near one, so near about half of the rows
    for (int q = 0; q < 40; q++) {
      int query = q;
      long near =
          IntStream.range(0, 40).filter(r -> cosine(rows, r, queries, query, d) > 0.55).count();
      assertTrue(near >= 8 && near <= 32, "query " + q + " is near " + near + " of 40 rows");
    }
  }

  private static double cosine(float[] a, int i, float[] b, int j, int d) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int k = 0; k < d; k++) {
      ab += (double) a[i * d + k] * b[j * d + k];
      aa += (double) a[i * d + k] * a[i * d + k];
      bb += (double) b[j * d + k] * b[j * d + k];
    }
    return ab / Math.sqrt(aa * bb);
  }

  @Test
  void laterRowsHaveMovedByTheDrift() {
    MipsVectors vectors = MipsVectors.clustered(32, 7);
    float[] rows = drawn(vectors, 500, 32);
    Path file = folder.resolve("later");
    vectors.laterRows(file, 500, 0.05f);
    float[] later = QueryCycle.read(file, 32).values();
    float[] moved = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      moved[i] = later[i] - rows[i];
    }
    assertEquals(0.05, Math.sqrt(moment(moved, 2)), 0.002);
  }
}
