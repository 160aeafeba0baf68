package org.realm4j.reference;

import it.unimi.dsi.fastutil.booleans.BooleanArrayList;
import org.jspecify.annotations.Nullable;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.tensor.Shapes;

/**
 * Objectives over groups of scores. There are few of them, so the logarithms and exponentials are
 * StrictMath's, in double, in order.
 */
final class Scores {
  private Scores() {}

  /** a[aRows[i]] . b[bRows[i]]. [pairs, 1] */
  static Values innerProducts(Workspace space, Values a, Values b, int[] aRows, int[] bRows) {
    int cols = a.cols();
    Shapes.cols("b", b, cols);
    Shapes.length("bRows", bRows.length, aRows.length);
    Shapes.indices("aRows", aRows, a.rows());
    Shapes.indices("bRows", bRows, b.rows());
    Kernels k = space.kernels();
    Values y = space.result(aRows.length, 1, a.wanted() || b.wanted());
    a.keep();
    b.keep();
    space.split(
        aRows.length,
        cols,
        (from, to, _) -> {
          for (int i = from; i < to; i++) {
            y.data()[i] = k.dot(a.data(), aRows[i] * cols, b.data(), bRows[i] * cols, cols);
          }
        });
    space.record(
        y,
        () -> {
          float[] g = y.gradient();
          if (a.wanted()) {
            addPairs(space, g, b.data(), bRows, a.gradient(), aRows, cols);
          }
          if (b.wanted()) {
            addPairs(space, g, a.data(), aRows, b.gradient(), bRows, cols);
          }
        });
    return y;
  }

  /** to[toRows[i]] += g[i] from[fromRows[i]], in order, split over columns. */
  private static void addPairs(
      Workspace space,
      float[] g,
      float[] from,
      int[] fromRows,
      float[] to,
      int[] toRows,
      int cols) {
    Kernels k = space.kernels();
    space.splitColumns(
        cols,
        fromRows.length,
        (a, b, _) -> {
          for (int i = 0; i < fromRows.length; i++) {
            k.addScaled(g[i], from, fromRows[i] * cols + a, to, toRows[i] * cols + a, b - a);
          }
        });
  }

  static Values logSoftmax(Workspace space, Values x, int[] offsets) {
    Shapes.cols("x", x, 1);
    Shapes.offsets("offsets", offsets, x.rows());
    Values y = space.result(x.rows(), 1, x.wanted());
    y.keep();
    float[] out = y.data();
    for (int s = 0; s + 1 < offsets.length; s++) {
      double total = logSumExp(x.data(), offsets[s], offsets[s + 1], null);
      for (int i = offsets[s]; i < offsets[s + 1]; i++) {
        out[i] = (float) (x.data()[i] - total);
      }
    }
    space.record(
        y,
        () -> {
          float[] g = y.gradient();
          float[] dx = x.gradient();
          for (int s = 0; s + 1 < offsets.length; s++) {
            double sum = 0;
            for (int i = offsets[s]; i < offsets[s + 1]; i++) {
              sum += g[i];
            }
            for (int i = offsets[s]; i < offsets[s + 1]; i++) {
              dx[i] += (float) (g[i] - StrictMath.exp(out[i]) * sum);
            }
          }
        });
    return y;
  }

  /** [groups, 1] */
  static Values logSumExp(Workspace space, Values x, int[] offsets, boolean @Nullable [] marked) {
    Shapes.cols("x", x, 1);
    Shapes.offsets("offsets", offsets, x.rows());
    if (marked != null) {
      Shapes.length("marked", marked.length, x.rows());
    }
    Values y = space.result(offsets.length - 1, 1, x.wanted());
    x.keep();
    for (int s = 0; s + 1 < offsets.length; s++) {
      y.data()[s] = (float) logSumExp(x.data(), offsets[s], offsets[s + 1], marked);
    }
    if (marked != null && !BooleanArrayList.wrap(marked).contains(true)) {
      return y; // no gradient, not one of zeros
    }
    space.record(
        y,
        () -> {
          float[] dx = x.gradient();
          for (int s = 0; s + 1 < offsets.length; s++) {
            double total = logSumExp(x.data(), offsets[s], offsets[s + 1], marked);
            for (int i = offsets[s]; i < offsets[s + 1]; i++) {
              if (total != Double.NEGATIVE_INFINITY && (marked == null || marked[i])) {
                dx[i] += (float) (y.gradient()[s] * StrictMath.exp(x.data()[i] - total));
              }
            }
          }
        });
    return y;
  }

  private static double logSumExp(float[] x, int from, int to, boolean @Nullable [] marked) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      if (marked == null || marked[i]) {
        max = Math.max(max, x[i]);
      }
    }
    if (Double.isInfinite(max)) {
      return max;
    }
    double sum = 0;
    for (int i = from; i < to; i++) {
      if (marked == null || marked[i]) {
        sum += StrictMath.exp(x[i] - max);
      }
    }
    return max + StrictMath.log(sum);
  }

  /** [1, 1] */
  static Values weightedSum(Workspace space, Values x, float[] weights) {
    Shapes.tensor("x", x, weights.length, 1);
    Values y = space.result(1, 1, x.wanted());
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] != 0) {
        sum += (double) weights[i] * x.data()[i];
      }
    }
    y.data()[0] = (float) sum;
    space.record(
        y,
        () -> {
          float g = y.gradient()[0];
          for (int i = 0; i < weights.length; i++) {
            if (weights[i] != 0) {
              x.gradient()[i] += g * weights[i];
            }
          }
        });
    return y;
  }
}
