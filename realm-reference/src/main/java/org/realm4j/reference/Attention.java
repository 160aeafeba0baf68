package org.realm4j.reference;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.realm4j.reference.Products.Operand;
import org.realm4j.reference.Products.Target;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Shapes;

/**
 * softmax(q k^T / sqrt(d)) v within each sequence and head. One task per (sequence, head); the
 * weights are not kept but computed again in backward from each query's maximum and sum, with the
 * same bits.
 *
 * <p>Weights lie transposed, {@code [keys, queries]}: the softmax then runs down columns, a query a
 * lane, with no sums across lanes. They stay without their factor 1 / sum, which goes to results of
 * the size of q instead.
 */
final class Attention {
  /** Queries are filled up to a multiple of it: whole vectors of any width. */
  private static final int LANES = 16;

  private final Workspace space;
  private final Kernels kernels;
  private final Products products;
  private final Values q;
  private final Values k;
  private final Values v;
  private final Values y;
  private final int[] queryOffsets;
  private final int[] keyOffsets;
  private final int heads;
  private final int hidden;
  private final int width; // of a head, d
  private final float scale;
  private final @Nullable Dropout dropout;
  private final float[] max; // [heads, queries]
  private final float[] factor; // [heads, queries], 1 / sum

  private Attention(
      Workspace space,
      Values q,
      Values k,
      Values v,
      int[] queryOffsets,
      int[] keyOffsets,
      int heads,
      @Nullable Dropout dropout) {
    this.space = space;
    this.kernels = space.kernels();
    this.products = space.products();
    this.q = q;
    this.k = k;
    this.v = v;
    this.queryOffsets = queryOffsets;
    this.keyOffsets = keyOffsets;
    this.heads = heads;
    this.hidden = q.cols();
    this.width = hidden / heads;
    this.scale = (float) (1 / Math.sqrt(width));
    this.dropout = dropout;
    this.y = space.result(q.rows(), hidden, q.wanted() || k.wanted() || v.wanted());
    this.max = space.saved((long) heads * q.rows());
    this.factor = space.saved((long) heads * q.rows());
  }

  static Values attention(
      Workspace space,
      Values q,
      Values k,
      Values v,
      int[] queryOffsets,
      int[] keyOffsets,
      int heads,
      @Nullable Dropout dropout) {
    Shapes.attention(q, k, v, queryOffsets, keyOffsets, heads);
    if (dropout != null) {
      Shapes.dropout(dropout, q.rows());
    }
    Attention a = new Attention(space, q, k, v, queryOffsets, keyOffsets, heads, dropout);
    q.keep();
    k.keep();
    v.keep();
    a.forward();
    space.record(a.y, a::backward);
    return a.y;
  }

  private void forward() {
    space.each(
        (queryOffsets.length - 1) * heads,
        (t, _, s) -> {
          Piece p = new Piece(t / heads, t % heads);
          if (p.queries > 0) {
            forward(p, s);
          }
        });
  }

  private void forward(Piece p, Scratch s) {
    float[] weights = p.scores(s); // [keys, queries]
    float[] m = s.array(Scratch.STATISTICS, 2 * p.stride);
    kernels.maxColumns(weights, 0, p.keys, p.padded, p.stride, scale, m);
    kernels.expColumns(weights, 0, p.keys, p.padded, p.stride, scale, m, m, p.stride);
    System.arraycopy(m, 0, max, p.statistics(), p.queries);
    for (int i = 0; i < p.queries; i++) {
      factor[p.statistics() + i] = 1f / m[p.stride + i];
    }
    if (dropout != null) {
      p.drop(dropout, weights, weights);
    }
    // y = weights^T v
    products.small(
        new Operand(weights, 0, p.stride, true),
        p.queries,
        p.of(v, p.keyFrom),
        p.keys,
        width,
        p.target(y.data(), p.queryFrom, false),
        s);
    for (int i = 0; i < p.queries; i++) {
      kernels.scale(y.data(), p.at(p.queryFrom + i), width, factor[p.statistics() + i]);
    }
  }

  private void backward() {
    // every task owns its rows and columns of the three gradients, unless one tensor is split in
    // two ways
    boolean shared = (q == k || q == v) && !Arrays.equals(queryOffsets, keyOffsets);
    for (Values input : new Values[] {q, k, v}) {
      if (input.wanted()) {
        input.gradient();
      }
    }
    int sequences = queryOffsets.length - 1;
    space.each(
        shared ? 1 : sequences * heads,
        (from, _, s) -> {
          for (int t = from; t < (shared ? sequences * heads : from + 1); t++) {
            Piece p = new Piece(t / heads, t % heads);
            if (p.queries > 0) {
              backward(p, s);
            }
          }
        });
  }

  private void backward(Piece p, Scratch s) {
    float[] weights = p.scores(s); // [keys, queries]
    float[] statistics = s.array(Scratch.STATISTICS, 2 * p.stride);
    System.arraycopy(max, p.statistics(), statistics, 0, p.queries);
    kernels.expColumns(
        weights, 0, p.keys, p.padded, p.stride, scale, statistics, statistics, p.stride);
    float[] g = y.gradient();
    float[] dWeights = s.array(Scratch.WEIGHTS_GRADIENT, p.keys * p.stride); // [keys, queries]
    if (v.wanted()) {
      float[] dropped = weights;
      if (dropout != null) {
        dropped = dWeights;
        p.drop(dropout, weights, dropped);
      }
      // dv += dropped (factor g)
      float[] scaled = s.array(Scratch.RESULT, p.queries * width);
      for (int i = 0; i < p.queries; i++) {
        System.arraycopy(g, p.at(p.queryFrom + i), scaled, i * width, width);
        kernels.scale(scaled, i * width, width, factor[p.statistics() + i]);
      }
      products.small(
          new Operand(dropped, 0, p.stride, false),
          p.keys,
          Operand.rows(scaled, width),
          p.queries,
          width,
          p.target(v.gradient(), p.keyFrom, true),
          s);
    }
    if (!q.wanted() && !k.wanted()) {
      return;
    }
    // dWeights = v g^T, then through dropout and softmax
    Operand columnsOfG = p.transposed(g, Scratch.QUERIES, s);
    products.small(
        p.of(v, p.keyFrom),
        p.keys,
        columnsOfG,
        width,
        p.padded,
        new Target(dWeights, 0, p.stride, false),
        s);
    if (dropout != null) {
      p.drop(dropout, dWeights, dWeights);
    }
    System.arraycopy(factor, p.statistics(), statistics, 0, p.queries);
    kernels.softmaxGradientColumns(
        weights, dWeights, 0, p.keys, p.padded, p.stride, statistics, scale);
    if (q.wanted()) { // dq += dWeights^T k
      products.small(
          new Operand(dWeights, 0, p.stride, true),
          p.queries,
          p.of(k, p.keyFrom),
          p.keys,
          width,
          p.target(q.gradient(), p.queryFrom, true),
          s);
    }
    if (k.wanted()) { // dk += dWeights q
      products.small(
          new Operand(dWeights, 0, p.stride, false),
          p.keys,
          p.of(q, p.queryFrom),
          p.queries,
          width,
          p.target(k.gradient(), p.keyFrom, true),
          s);
    }
  }

  /** One head of one sequence. */
  private final class Piece {
    private final int head;
    private final int queryFrom;
    private final int queries;
    private final int keyFrom;
    private final int keys;

    /** The queries, filled up to whole vectors. */
    private final int padded;

    /** Between rows of weights: an odd number of cache lines, so that columns do not collide. */
    private final int stride;

    Piece(int sequence, int head) {
      this.head = head;
      this.queryFrom = queryOffsets[sequence];
      this.queries = queryOffsets[sequence + 1] - queryFrom;
      this.keyFrom = keyOffsets[sequence];
      this.keys = keyOffsets[sequence + 1] - keyFrom;
      this.padded = (queries + LANES - 1) / LANES * LANES;
      this.stride = padded / LANES % 2 == 0 ? padded + LANES : padded;
    }

    int at(int row) {
      return row * hidden + head * width;
    }

    Operand of(Values x, int firstRow) {
      return new Operand(x.data(), at(firstRow), hidden, false);
    }

    Target target(float[] data, int firstRow, boolean accumulate) {
      return new Target(data, at(firstRow), hidden, accumulate);
    }

    /** Where this piece's maxima and factors begin. */
    int statistics() {
      return head * q.rows() + queryFrom;
    }

    /** Rows of queries as columns. [width, padded] */
    Operand transposed(float[] x, int slot, Scratch s) {
      float[] to = s.array(slot, width * padded);
      kernels.tiles().transpose(x, at(queryFrom), hidden, queries, width, to, 0, padded);
      return new Operand(to, 0, padded, false);
    }

    /** k q^T, not yet scaled. [keys, queries] */
    float[] scores(Scratch s) {
      float[] to = s.array(Scratch.WEIGHTS, keys * stride);
      Operand columns = transposed(q.data(), Scratch.QUERIES, s);
      products.small(
          of(k, keyFrom), keys, columns, width, padded, new Target(to, 0, stride, false), s);
      return to;
    }

    void drop(Dropout d, float[] from, float[] to) {
      int[] bases = new int[padded];
      for (int i = 0; i < queries; i++) {
        bases[i] = CounterRandom.rowBase(d.key(), d.rows()[queryFrom + i]);
      }
      for (int j = 0; j < keys; j++) {
        int at = j * stride;
        kernels.dropoutColumns(
            from, at, to, at, padded, bases, head * 65536 + j, d.threshold(), d.scale());
      }
    }
  }
}
