package org.realm4j.testkit.oracle;

import org.realm4j.tensor.Shapes;

/** Operations that choose, add and multiply rows. */
final class Rows {
  private Rows() {}

  private static void addRow(double[] from, int fromRow, double[] to, int toRow, int cols) {
    for (int c = 0; c < cols; c++) {
      to[toRow * cols + c] += from[fromRow * cols + c];
    }
  }

  static OracleTensor gather(OracleSession s, OracleTensor x, int[] rows) {
    Shapes.indices("row", rows, x.rows);
    double[] y = new double[rows.length * x.cols];
    for (int i = 0; i < rows.length; i++) {
      addRow(x.values(), rows[i], y, i, x.cols);
    }
    return s.result(
        rows.length,
        x.cols,
        y,
        dy -> {
          double[] dx = x.gradientToAddTo();
          for (int i = 0; i < rows.length; i++) {
            addRow(dy, i, dx, rows[i], x.cols);
          }
        });
  }

  static OracleTensor concat(OracleSession s, OracleTensor a, OracleTensor b) {
    Shapes.cols("concat", b, a.cols);
    int split = a.values().length;
    double[] y = new double[split + b.values().length];
    System.arraycopy(a.values(), 0, y, 0, split);
    System.arraycopy(b.values(), 0, y, split, b.values().length);
    return s.result(
        a.rows + b.rows,
        a.cols,
        y,
        dy -> {
          double[] da = a.gradientToAddTo();
          double[] db = b.gradientToAddTo();
          for (int i = 0; i < split; i++) {
            da[i] += dy[i];
          }
          for (int i = split; i < dy.length; i++) {
            db[i - split] += dy[i];
          }
        });
  }

  static OracleTensor add(OracleSession s, OracleTensor a, OracleTensor b) {
    Shapes.tensor("add", b, a.rows, a.cols);
    double[] y = a.values().clone();
    OracleSession.add(b.values(), y);
    return s.result(
        a.rows,
        a.cols,
        y,
        dy -> {
          OracleSession.add(dy, a.gradientToAddTo());
          OracleSession.add(dy, b.gradientToAddTo());
        });
  }

  /** An empty group has the sum 0 and the mean 0. */
  static OracleTensor segmentSum(OracleSession s, OracleTensor x, int[] offsets, boolean mean) {
    Shapes.offsets("offsets", offsets, x.rows);
    int groups = offsets.length - 1;
    double[] y = new double[groups * x.cols];
    for (int g = 0; g < groups; g++) {
      for (int r = offsets[g]; r < offsets[g + 1]; r++) {
        for (int c = 0; c < x.cols; c++) {
          y[g * x.cols + c] += x.values()[r * x.cols + c] / size(offsets, g, mean);
        }
      }
    }
    return s.result(
        groups,
        x.cols,
        y,
        dy -> {
          double[] dx = x.gradientToAddTo();
          for (int g = 0; g < groups; g++) {
            for (int r = offsets[g]; r < offsets[g + 1]; r++) {
              for (int c = 0; c < x.cols; c++) {
                dx[r * x.cols + c] += dy[g * x.cols + c] / size(offsets, g, mean);
              }
            }
          }
        });
  }

  private static int size(int[] offsets, int group, boolean mean) {
    return mean ? offsets[group + 1] - offsets[group] : 1;
  }

  static OracleTensor innerProducts(
      OracleSession s, OracleTensor a, OracleTensor b, int[] aRows, int[] bRows) {
    int cols = a.cols;
    Shapes.cols("inner products", b, cols);
    Shapes.length("rows of b", bRows.length, aRows.length);
    Shapes.indices("row of a", aRows, a.rows);
    Shapes.indices("row of b", bRows, b.rows);
    double[] y = new double[aRows.length]; // [pairs, 1]
    for (int i = 0; i < y.length; i++) {
      for (int c = 0; c < cols; c++) {
        y[i] += a.values()[aRows[i] * cols + c] * b.values()[bRows[i] * cols + c];
      }
    }
    return s.result(
        y.length,
        1,
        y,
        dy -> {
          double[] da = a.gradientToAddTo();
          double[] db = b.gradientToAddTo();
          for (int i = 0; i < dy.length; i++) {
            for (int c = 0; c < cols; c++) {
              da[aRows[i] * cols + c] += dy[i] * b.values()[bRows[i] * cols + c];
              db[bRows[i] * cols + c] += dy[i] * a.values()[aRows[i] * cols + c];
            }
          }
        });
  }

  static OracleTensor spanStates(
      OracleSession s, OracleTensor start, OracleTensor end, int[] starts, int[] ends) {
    int d = start.cols;
    Shapes.cols("span states", end, d);
    Shapes.length("ends", ends.length, starts.length);
    Shapes.indices("start", starts, start.rows);
    Shapes.indices("end", ends, end.rows);
    double[] z = new double[starts.length * d]; // [spans, d]
    for (int i = 0; i < starts.length; i++) {
      addRow(start.values(), starts[i], z, i, d);
      addRow(end.values(), ends[i], z, i, d);
    }
    double[] y = new double[z.length];
    for (int i = 0; i < z.length; i++) {
      y[i] = z[i] <= 0 ? 0 : z[i];
    }
    return s.result(
        starts.length,
        d,
        y,
        dy -> {
          double[] dz = new double[dy.length];
          for (int i = 0; i < dy.length; i++) {
            dz[i] = z[i] <= 0 ? 0 : dy[i];
          }
          for (int i = 0; i < starts.length; i++) {
            addRow(dz, i, start.gradientToAddTo(), starts[i], d);
            addRow(dz, i, end.gradientToAddTo(), ends[i], d);
          }
        });
  }
}
