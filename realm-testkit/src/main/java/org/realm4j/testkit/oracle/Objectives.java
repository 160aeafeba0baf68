package org.realm4j.testkit.oracle;

import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Shapes;

/** Log-likelihoods and what they are put together from. */
final class Objectives {
  private Objectives() {}

  /** log sum exp x[from..to), the largest taken out first; negative infinity for nothing. */
  static double logSumExp(double[] x, int from, int to, boolean @Nullable [] marked) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      if (marked == null || marked[i]) {
        max = Math.max(max, x[i]); // NaN if one is
      }
    }
    if (Double.isInfinite(max)) {
      return max;
    }
    double sum = 0;
    for (int i = from; i < to; i++) {
      if (marked == null || marked[i]) {
        sum += Math.exp(x[i] - max);
      }
    }
    return max + Math.log(sum);
  }

  static void softmaxInPlace(double[] x) {
    double max = Double.NEGATIVE_INFINITY;
    for (double value : x) {
      max = Math.max(max, value);
    }
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.exp(x[i] - max);
      sum += x[i];
    }
    for (int i = 0; i < x.length; i++) {
      x[i] /= sum;
    }
  }

  /** With z = h W^T + b: y = z[target] - lse(z); dz = dy (onehot(target) - softmax(z)). */
  static OracleTensor vocabularyLogLikelihood(
      OracleSession s, OracleTensor h, Parameter w, Parameter b, int[] targets) {
    int vocabulary = w.rows();
    int hidden = w.cols();
    Shapes.cols("hidden", h, hidden);
    Shapes.parameter(b, 1, vocabulary);
    Shapes.length("targets", targets.length, h.rows);
    Shapes.indices("target", targets, vocabulary);
    double[] weights = s.values(w);
    double[] z = Layers.product(h.values(), h.rows, weights, s.values(b), vocabulary, hidden);
    double[] lse = new double[h.rows];
    double[] y = new double[h.rows]; // [rows, 1]
    for (int r = 0; r < h.rows; r++) {
      lse[r] = logSumExp(z, r * vocabulary, (r + 1) * vocabulary, null);
      y[r] = z[r * vocabulary + targets[r]] - lse[r];
    }
    return s.result(
        h.rows,
        1,
        y,
        dy -> {
          double[] dz = new double[z.length]; // [rows, vocabulary]
          for (int r = 0; r < h.rows; r++) {
            for (int o = 0; o < vocabulary; o++) {
              dz[r * vocabulary + o] = -dy[r] * Math.exp(z[r * vocabulary + o] - lse[r]);
            }
            dz[r * vocabulary + targets[r]] += dy[r];
          }
          Layers.productBackward(
              dz,
              h.values(),
              weights,
              h.gradientToAddTo(),
              s.gradientToAddTo(w),
              s.gradientToAddTo(b),
              vocabulary,
              hidden);
        });
  }

  /** y = x - lse(x) in each group; dx = dy - softmax(x) sum(dy). */
  static OracleTensor logSoftmax(OracleSession s, OracleTensor x, int[] offsets) {
    Shapes.cols("log softmax", x, 1);
    Shapes.offsets("offsets", offsets, x.rows);
    double[] y = new double[x.rows];
    for (int g = 0; g + 1 < offsets.length; g++) {
      double lse = logSumExp(x.values(), offsets[g], offsets[g + 1], null);
      for (int i = offsets[g]; i < offsets[g + 1]; i++) {
        y[i] = x.values()[i] - lse;
      }
    }
    return s.result(
        x.rows,
        1,
        y,
        dy -> {
          double[] dx = x.gradientToAddTo();
          for (int g = 0; g + 1 < offsets.length; g++) {
            double sum = 0;
            for (int i = offsets[g]; i < offsets[g + 1]; i++) {
              sum += dy[i];
            }
            for (int i = offsets[g]; i < offsets[g + 1]; i++) {
              dx[i] += dy[i] - Math.exp(y[i]) * sum;
            }
          }
        });
  }

  /**
   * y = lse of the marked members; dx = dy exp(x - y) for those. A group that has none passes
   * nothing on, and if no group has one, no gradient reaches x at all.
   */
  static OracleTensor logSumExp(
      OracleSession s, OracleTensor x, int[] offsets, boolean @Nullable [] marked) {
    Shapes.cols("log-sum-exp", x, 1);
    Shapes.offsets("offsets", offsets, x.rows);
    if (marked != null) {
      Shapes.length("marks", marked.length, x.rows);
    }
    int groups = offsets.length - 1;
    double[] y = new double[groups]; // [groups, 1]
    for (int g = 0; g < groups; g++) {
      y[g] = logSumExp(x.values(), offsets[g], offsets[g + 1], marked);
    }
    return s.result(
        groups,
        1,
        y,
        dy -> {
          for (int g = 0; g < groups; g++) {
            for (int i = offsets[g]; i < offsets[g + 1]; i++) {
              boolean counts = marked == null || marked[i];
              if (counts && y[g] != Double.NEGATIVE_INFINITY) {
                x.gradientToAddTo()[i] += dy[g] * Math.exp(x.values()[i] - y[g]);
              }
            }
          }
        });
  }

  static OracleTensor weightedSum(OracleSession s, OracleTensor x, float[] weights) {
    Shapes.cols("weighted sum", x, 1);
    Shapes.length("weights", weights.length, x.rows);
    double y = 0;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] != 0) {
        y += weights[i] * x.values()[i];
      }
    }
    return s.result(
        1,
        1,
        new double[] {y},
        dy -> {
          double[] dx = x.gradientToAddTo();
          for (int i = 0; i < weights.length; i++) {
            if (weights[i] != 0) {
              dx[i] += dy[0] * weights[i];
            }
          }
        });
  }
}
