package org.realm4j.testkit.oracle;

import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Shapes;

/**
 * Multi-head attention within each sequence. For one head of one query row i, over the keys j of
 * its sequence:
 *
 * <pre>
 * s_j = q . k_j / sqrt(d)        p = softmax(s)        o = sum_j m_j p_j v_j
 * dp_j = m_j do . v_j            ds_j = p_j (dp_j - sum_l p_l dp_l)
 * dq = sum_j ds_j k_j / sqrt(d)  dk_j += ds_j q / sqrt(d)  dv_j += m_j p_j do
 * </pre>
 *
 * with m_j what dropout multiplies the weight by.
 */
final class Attention {
  private final OracleSession session;
  private final OracleTensor q; // [queries, hidden]
  private final OracleTensor k; // [tokens, hidden]
  private final OracleTensor v; // [tokens, hidden]
  private final int[] queryOffsets;
  private final int[] keyOffsets;
  private final int heads;
  private final @Nullable Dropout dropout;
  private final int hidden;
  private final int size; // of one head

  Attention(
      OracleSession session,
      OracleTensor q,
      OracleTensor k,
      OracleTensor v,
      int[] queryOffsets,
      int[] keyOffsets,
      int heads,
      @Nullable Dropout dropout) {
    this.session = session;
    this.q = q;
    this.k = k;
    this.v = v;
    this.queryOffsets = queryOffsets.clone();
    this.keyOffsets = keyOffsets.clone();
    this.heads = heads;
    this.dropout = dropout;
    this.hidden = q.cols;
    Shapes.attention(q, k, v, queryOffsets, keyOffsets, heads);
    this.size = hidden / heads;
    if (dropout != null) {
      Shapes.dropout(dropout, q.rows);
    }
  }

  /** One head of one query row. */
  private interface Visit {
    void row(int row, int head, int firstKey, int keys, int index);
  }

  private void forEach(Visit visit) {
    int index = 0;
    for (int b = 0; b + 1 < queryOffsets.length; b++) {
      for (int row = queryOffsets[b]; row < queryOffsets[b + 1]; row++) {
        for (int head = 0; head < heads; head++) {
          visit.row(row, head, keyOffsets[b], keyOffsets[b + 1] - keyOffsets[b], index++);
        }
      }
    }
  }

  OracleTensor forward() {
    double[] o = new double[q.rows * hidden];
    double[][] weights = new double[q.rows * heads][]; // p of each row and head
    forEach(
        (row, head, firstKey, keys, index) -> {
          double[] p = new double[keys];
          for (int j = 0; j < keys; j++) {
            p[j] = dot(q.values(), row, k.values(), firstKey + j, head) / Math.sqrt(size);
          }
          Objectives.softmaxInPlace(p);
          for (int j = 0; j < keys; j++) {
            double m = factor(row, head, j);
            if (m != 0) {
              axpy(m * p[j], v.values(), firstKey + j, o, row, head);
            }
          }
          weights[index] = p;
        });
    return session.result(q.rows, hidden, o, d -> backward(d, weights));
  }

  private void backward(double[] d, double[][] weights) {
    double[] dq = q.gradientToAddTo();
    double[] dk = k.gradientToAddTo();
    double[] dv = v.gradientToAddTo();
    forEach(
        (row, head, firstKey, keys, index) -> {
          double[] p = weights[index];
          double[] dp = new double[keys];
          double mean = 0;
          for (int j = 0; j < keys; j++) {
            double m = factor(row, head, j);
            if (m != 0) {
              dp[j] = m * dot(d, row, v.values(), firstKey + j, head);
              axpy(m * p[j], d, row, dv, firstKey + j, head);
            }
            mean += p[j] * dp[j];
          }
          for (int j = 0; j < keys; j++) {
            double ds = p[j] * (dp[j] - mean) / Math.sqrt(size);
            axpy(ds, k.values(), firstKey + j, dq, row, head);
            axpy(ds, q.values(), row, dk, firstKey + j, head);
          }
        });
  }

  private double factor(int row, int head, int key) {
    return dropout == null ? 1 : Layers.factor(dropout, row, head * 65536 + key);
  }

  private double dot(double[] a, int aRow, double[] b, int bRow, int head) {
    double sum = 0;
    for (int c = head * size; c < (head + 1) * size; c++) {
      sum += a[aRow * hidden + c] * b[bRow * hidden + c];
    }
    return sum;
  }

  private void axpy(double factor, double[] x, int xRow, double[] y, int yRow, int head) {
    for (int c = head * size; c < (head + 1) * size; c++) {
      y[yRow * hidden + c] += factor * x[xRow * hidden + c];
    }
  }
}
