package org.realm4j.testkit.contract;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import org.realm4j.io.RealmException;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.Vectors;

/** The slow way, and a place to break it. */
class BruteForceIndex implements MipsIndexProvider {
  /** What may be wrong with it. */
  enum Fault {
    NONE,
    TIES_TO_THE_HIGHER_ROW,
    ONE_TOO_FEW,
    SKIPS_THE_LAST_ROW,
    NORMALISED,
    ACCEPTS_NAN,
    NO_PLACE,
    BATCH_REPEATS_THE_FIRST,
    ACCEPTS_OVERFLOW,
    GIVES_EXCLUDED_ROWS,
    EXCLUDED_ROWS_TAKE_PLACES,
    WORST_FIRST
  }

  private final Fault fault;

  BruteForceIndex(Fault fault) {
    this.fault = fault;
  }

  @Override
  public String name() {
    return "brute force";
  }

  private void check(String what, float[] values, int dimension) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i]) && fault != Fault.ACCEPTS_NAN) {
        String place = "row " + i / dimension + ", column " + i % dimension;
        throw new RealmException.BadInput(fault == Fault.NO_PLACE ? "not finite" : place);
      }
    }
    if (fault != Fault.ACCEPTS_NAN && fault != Fault.ACCEPTS_OVERFLOW) {
      Vectors.lengths(what, values, values.length / dimension, dimension, 0);
    }
  }

  @Override
  public MipsIndex build(Vectors rows, int threads) {
    int dimension = rows.dimension();
    int size = rows.rows();
    float[] vectors = new float[size * dimension];
    rows.copy(0, size, vectors, 0);
    check("vectors", vectors, dimension);
    return new MipsIndex() {
      @Override
      public int size() {
        return size;
      }

      @Override
      public int dimension() {
        return dimension;
      }

      @Override
      public Hits[] search(float[] queries, int count, int k, BitSet excluded) {
        check("queries", queries, dimension);
        Hits[] hits = new Hits[count];
        for (int q = 0; q < count; q++) {
          int from = fault == Fault.BATCH_REPEATS_THE_FIRST ? 0 : q;
          float[] query = Arrays.copyOfRange(queries, from * dimension, (from + 1) * dimension);
          hits[q] = one(query, k, excluded);
        }
        return hits;
      }

      private Hits one(float[] query, int k, BitSet excluded) {
        int rows = size - (fault == Fault.SKIPS_THE_LAST_ROW && size > 1 ? 1 : 0);
        float[] scores = new float[rows];
        Integer[] order = new Integer[rows];
        for (int r = 0; r < rows; r++) {
          order[r] = r;
          double sum = 0;
          double norm = 0;
          for (int c = 0; c < dimension; c++) {
            sum += (double) query[c] * vectors[r * dimension + c];
            norm += (double) vectors[r * dimension + c] * vectors[r * dimension + c];
          }
          scores[r] = (float) (fault == Fault.NORMALISED ? sum / Math.sqrt(norm + 1e-9) : sum);
        }
        int sign = fault == Fault.TIES_TO_THE_HIGHER_ROW ? -1 : 1;
        Comparator<Integer> best = Comparator.comparingDouble(r -> -scores[r] + 0.0);
        best = fault == Fault.WORST_FIRST ? best.reversed() : best;
        Arrays.sort(order, best.thenComparingInt(r -> sign * r));
        int n = Math.min(fault == Fault.ONE_TOO_FEW ? k - 1 : k, rows);
        boolean late = fault == Fault.EXCLUDED_ROWS_TAKE_PLACES;
        int[] top =
            Arrays.stream(order)
                .limit(late ? n : rows)
                .filter(r -> fault == Fault.GIVES_EXCLUDED_ROWS || !excluded.get(r))
                .limit(n)
                .mapToInt(r -> r)
                .toArray();
        n = top.length;
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
          values[i] = scores[top[i]];
        }
        return new Hits(top, values);
      }

      @Override
      public void close() {}
    };
  }
}
