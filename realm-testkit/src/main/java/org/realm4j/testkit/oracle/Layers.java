package org.realm4j.testkit.oracle;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Shapes;

/** Embeddings, linear layers, layer norm and dropout. */
final class Layers {
  private Layers() {}

  /** y[t] = sum over the tables of table[indices[t]]; dtable[indices[t]] += dy[t]. */
  static OracleTensor embeddingSum(OracleSession s, List<int[]> indices, List<Parameter> tables) {
    int tokens = indices.get(0).length;
    int hidden = tables.get(0).cols();
    double[] y = new double[tokens * hidden]; // [tokens, hidden]
    for (int table = 0; table < tables.size(); table++) {
      Parameter p = tables.get(table);
      int[] rows = indices.get(table);
      Shapes.parameter(p, p.rows(), hidden);
      Shapes.length(p.name(), rows.length, tokens);
      Shapes.indices(p.name(), rows, p.rows());
      double[] w = s.values(p);
      for (int t = 0; t < tokens; t++) {
        for (int c = 0; c < hidden; c++) {
          y[t * hidden + c] += w[rows[t] * hidden + c];
        }
      }
    }
    return s.result(
        tokens,
        hidden,
        y,
        dy -> {
          for (int table = 0; table < tables.size(); table++) {
            double[] dw = s.gradientToAddTo(tables.get(table));
            int[] rows = indices.get(table);
            for (int t = 0; t < tokens; t++) {
              for (int c = 0; c < hidden; c++) {
                dw[rows[t] * hidden + c] += dy[t * hidden + c];
              }
            }
          }
        });
  }

  /** y = f(x W^T + b); with dz = dy f'(z): dx = dz W, dW = dz^T x, db = the column sums of dz. */
  static OracleTensor linear(
      OracleSession s, OracleTensor x, Parameter w, @Nullable Parameter b, Activation f) {
    int in = w.cols();
    int out = w.rows();
    Shapes.cols("linear with " + w, x, in);
    if (b != null) {
      Shapes.parameter(b, 1, out);
    }
    double[] z = product(x.values(), x.rows, s.values(w), b == null ? null : s.values(b), out, in);
    double[] y = new double[z.length]; // [rows, out]
    for (int i = 0; i < z.length; i++) {
      y[i] = SpecialFunctions.activate(f, z[i]);
    }
    double[] weights = s.values(w);
    return s.result(
        x.rows,
        out,
        y,
        dy -> {
          double[] dz = new double[z.length];
          for (int i = 0; i < z.length; i++) {
            dz[i] = dy[i] * SpecialFunctions.derivative(f, z[i]);
          }
          double[] db = b == null ? null : s.gradientToAddTo(b);
          productBackward(
              dz, x.values(), weights, x.gradientToAddTo(), s.gradientToAddTo(w), db, out, in);
        });
  }

  /** x W^T + b, for x [rows, in] and W [out, in]. */
  static double[] product(
      double[] x, int rows, double[] w, double @Nullable [] b, int out, int in) {
    double[] z = new double[rows * out];
    for (int r = 0; r < rows; r++) {
      for (int o = 0; o < out; o++) {
        double sum = b == null ? 0 : b[o];
        for (int i = 0; i < in; i++) {
          sum += x[r * in + i] * w[o * in + i];
        }
        z[r * out + o] = sum;
      }
    }
    return z;
  }

  /** Adds dz W into dx, dz^T x into dw and the column sums of dz into db. */
  static void productBackward(
      double[] dz,
      double[] x,
      double[] w,
      double[] dx,
      double[] dw,
      double @Nullable [] db,
      int out,
      int in) {
    for (int r = 0; r < dz.length / out; r++) {
      for (int o = 0; o < out; o++) {
        double d = dz[r * out + o];
        for (int i = 0; i < in; i++) {
          dx[r * in + i] += d * w[o * in + i];
          dw[o * in + i] += d * x[r * in + i];
        }
        if (db != null) {
          db[o] += d;
        }
      }
    }
  }

  /**
   * With u = x + residual and n = (u - mean) / sqrt(variance + epsilon): y = gamma n + beta. With
   * dn = dy gamma: du = (dn - mean(dn) - n mean(dn n)) / sqrt(variance + epsilon).
   */
  static OracleTensor layerNorm(
      OracleSession s,
      OracleTensor x,
      @Nullable OracleTensor residual,
      Parameter gamma,
      Parameter beta,
      double epsilon) {
    int rows = x.rows;
    int cols = x.cols;
    Shapes.parameter(gamma, 1, cols);
    Shapes.parameter(beta, 1, cols);
    double[] u = x.values().clone(); // [rows, cols]
    if (residual != null) {
      Shapes.tensor("residual", residual, rows, cols);
      OracleSession.add(residual.values(), u);
    }
    double[] g = s.values(gamma);
    double[] b = s.values(beta);
    double[] n = new double[u.length]; // [rows, cols], normalised
    double[] scale = new double[rows]; // 1 / standard deviation
    double[] y = new double[u.length];
    for (int r = 0; r < rows; r++) {
      double mean = 0;
      for (int c = 0; c < cols; c++) {
        mean += u[r * cols + c] / cols;
      }
      double variance = 0;
      for (int c = 0; c < cols; c++) {
        variance += (u[r * cols + c] - mean) * (u[r * cols + c] - mean) / cols;
      }
      scale[r] = 1 / Math.sqrt(variance + epsilon);
      for (int c = 0; c < cols; c++) {
        n[r * cols + c] = (u[r * cols + c] - mean) * scale[r];
        y[r * cols + c] = g[c] * n[r * cols + c] + b[c];
      }
    }
    return s.result(
        rows,
        cols,
        y,
        dy -> {
          double[] du = layerNormBackward(dy, n, scale, g, rows, cols);
          OracleSession.add(du, x.gradientToAddTo());
          if (residual != null) {
            OracleSession.add(du, residual.gradientToAddTo());
          }
          double[] dg = s.gradientToAddTo(gamma);
          double[] db = s.gradientToAddTo(beta);
          for (int i = 0; i < dy.length; i++) {
            dg[i % cols] += dy[i] * n[i];
            db[i % cols] += dy[i];
          }
        });
  }

  private static double[] layerNormBackward(
      double[] dy, double[] n, double[] scale, double[] gamma, int rows, int cols) {
    double[] du = new double[dy.length];
    for (int r = 0; r < rows; r++) {
      double mean = 0; // of dn
      double along = 0; // mean of dn n
      for (int c = 0; c < cols; c++) {
        double dn = dy[r * cols + c] * gamma[c];
        mean += dn / cols;
        along += dn * n[r * cols + c] / cols;
      }
      for (int c = 0; c < cols; c++) {
        double dn = dy[r * cols + c] * gamma[c];
        du[r * cols + c] = scale[r] * (dn - mean - n[r * cols + c] * along);
      }
    }
    return du;
  }

  /** What an entry is multiplied by: 0 when it is dropped, else 1 / (1 - rate). */
  static double factor(Dropout dropout, int row, int channel) {
    return dropout.keeps(row, channel) ? 1 / (1 - (double) dropout.rate()) : 0;
  }

  static OracleTensor dropout(OracleSession s, OracleTensor x, Dropout dropout) {
    Shapes.dropout(dropout, x.rows);
    double[] factors = new double[x.rows * x.cols];
    double[] y = new double[factors.length];
    for (int i = 0; i < y.length; i++) {
      factors[i] = factor(dropout, i / x.cols, i % x.cols);
      y[i] = factors[i] == 0 ? 0 : x.values()[i] * factors[i]; // a dropped NaN is gone
    }
    return s.result(
        x.rows,
        x.cols,
        y,
        dy -> {
          double[] dx = x.gradientToAddTo();
          for (int i = 0; i < dy.length; i++) {
            dx[i] += dy[i] * factors[i];
          }
        });
  }
}
