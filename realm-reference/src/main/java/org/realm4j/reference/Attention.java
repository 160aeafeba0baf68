package org.realm4j.reference;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.realm4j.reference.Products.Operand;
import org.realm4j.reference.Products.Panels;
import org.realm4j.reference.Products.Target;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Dropout;

/**
 * softmax(q k^T / sqrt(d)) v within each sequence and head. One task per (sequence, head); the
 * weights are not kept but computed again in backward from each row's maximum and sum, with the
 * same bits.
 */
final class Attention {
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
    if (heads < 1 || q.cols() % heads != 0) {
      throw new IllegalArgumentException(
          "expected heads to divide " + q.cols() + " columns, found " + heads);
    }
    Shapes.cols("k", k, q.cols());
    Shapes.tensor("v", v, k.rows(), k.cols());
    Shapes.offsets("queryOffsets", queryOffsets, q.rows());
    Shapes.offsets("keyOffsets", keyOffsets, k.rows());
    Shapes.length("queryOffsets and keyOffsets", queryOffsets.length, keyOffsets.length);
    for (int s = 0; s + 1 < keyOffsets.length; s++) {
      if (keyOffsets[s] == keyOffsets[s + 1] && queryOffsets[s] < queryOffsets[s + 1]) {
        throw new IllegalArgumentException("sequence " + s + " has queries and no keys");
      }
    }
    if (dropout != null) {
      Shapes.dropout(dropout, q.rows());
    }
    Attention a = new Attention(space, q, k, v, queryOffsets, keyOffsets, heads, dropout);
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
    float[] weights = s.array(Scratch.WEIGHTS, p.queries * p.keys); // [queries, keys]
    p.scores(weights, s);
    for (int i = 0; i < p.queries; i++) {
      int at = i * p.keys;
      float m = kernels.max(weights, at, p.keys) * scale;
      float f = 1f / kernels.expSum(weights, at, p.keys, scale, m);
      kernels.scale(weights, at, p.keys, f);
      max[p.statistics(i)] = m;
      factor[p.statistics(i)] = f;
    }
    if (dropout != null) {
      p.drop(dropout, weights, weights);
    }
    // y = weights v
    products.multiplyHere(
        new Operand(weights, 0, p.keys, false),
        p.queries,
        p.pack(p.of(v, p.keyFrom, false), p.keys, width, s),
        p.target(y.data(), p.queryFrom, false),
        s);
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
    float[] weights = s.array(Scratch.WEIGHTS, p.queries * p.keys); // [queries, keys]
    p.scores(weights, s);
    for (int i = 0; i < p.queries; i++) {
      kernels.expSum(weights, i * p.keys, p.keys, scale, max[p.statistics(i)]);
      kernels.scale(weights, i * p.keys, p.keys, factor[p.statistics(i)]);
    }
    float[] g = y.gradient();
    float[] dWeights = s.array(Scratch.WEIGHTS_GRADIENT, p.queries * p.keys);
    Operand rowsOfG = new Operand(g, p.at(p.queryFrom), hidden, false);
    if (v.wanted()) {
      float[] dropped = weights;
      if (dropout != null) {
        dropped = dWeights;
        p.drop(dropout, weights, dropped);
      }
      // dv += dropped^T g
      Panels packed = p.pack(rowsOfG, p.queries, width, s);
      Operand a = new Operand(dropped, 0, p.keys, true);
      products.multiplyHere(a, p.keys, packed, p.target(v.gradient(), p.keyFrom, true), s);
    }
    if (!q.wanted() && !k.wanted()) {
      return;
    }
    // dWeights = g v^T, then through dropout and softmax
    products.multiplyHere(
        rowsOfG,
        p.queries,
        p.pack(p.of(v, p.keyFrom, true), width, p.keys, s),
        new Target(dWeights, 0, p.keys, false),
        s);
    if (dropout != null) {
      p.drop(dropout, dWeights, dWeights);
    }
    for (int i = 0; i < p.queries; i++) {
      kernels.softmaxGradient(weights, i * p.keys, dWeights, i * p.keys, p.keys, scale);
    }
    if (q.wanted()) {
      Panels packed = p.pack(p.of(k, p.keyFrom, false), p.keys, width, s);
      Operand a = new Operand(dWeights, 0, p.keys, false);
      products.multiplyHere(a, p.queries, packed, p.target(q.gradient(), p.queryFrom, true), s);
    }
    if (k.wanted()) {
      Panels packed = p.pack(p.of(q, p.queryFrom, false), p.queries, width, s);
      Operand a = new Operand(dWeights, 0, p.keys, true);
      products.multiplyHere(a, p.keys, packed, p.target(k.gradient(), p.keyFrom, true), s);
    }
  }

  /** One head of one sequence. */
  private final class Piece {
    private final int head;
    private final int queryFrom;
    private final int queries;
    private final int keyFrom;
    private final int keys;

    Piece(int sequence, int head) {
      this.head = head;
      this.queryFrom = queryOffsets[sequence];
      this.queries = queryOffsets[sequence + 1] - queryFrom;
      this.keyFrom = keyOffsets[sequence];
      this.keys = keyOffsets[sequence + 1] - keyFrom;
    }

    int at(int row) {
      return row * hidden + head * width;
    }

    Operand of(Values x, int firstRow, boolean transposed) {
      return new Operand(x.data(), at(firstRow), hidden, transposed);
    }

    Target target(float[] data, int firstRow, boolean accumulate) {
      return new Target(data, at(firstRow), hidden, accumulate);
    }

    int statistics(int query) {
      return head * q.rows() + queryFrom + query;
    }

    Panels pack(Operand b, int depth, int n, Scratch s) {
      int size = Math.toIntExact(products.packedSize(depth, n));
      return products.packHere(b, depth, n, s.array(Scratch.PANELS_B, size));
    }

    /** q k^T, not yet scaled. [queries, keys] */
    void scores(float[] to, Scratch s) {
      products.multiplyHere(
          of(q, queryFrom, false),
          queries,
          pack(of(k, keyFrom, true), width, keys, s),
          new Target(to, 0, keys, false),
          s);
    }

    void drop(Dropout d, float[] from, float[] to) {
      for (int i = 0; i < queries; i++) {
        int base = CounterRandom.rowBase(d.key(), d.rows()[queryFrom + i]);
        int at = i * keys;
        kernels.dropout(from, at, to, at, keys, base, head * 65536, d.threshold(), d.scale());
      }
    }
  }
}
