package org.realm4j.gpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Shapes;

/**
 * softmax(q k^T / sqrt(d)) v within each sequence and head. Sequences of similar length form a
 * batch; only here, and within a batch, is there padding: a row of the sequence itself, so that a
 * NaN stays in its sequence, whose weight is zero. Heads are strides, nothing is transposed.
 */
final class Attention {
  /** Lengths up to the same multiple of this share a batch. */
  private static final int STEP = 32;

  private final Workspace space;
  private final Values q; // [queries, hidden]
  private final Values k; // [tokens, hidden]
  private final Values v; // [tokens, hidden]
  private final Values y; // [queries, hidden]
  private final int heads;
  private final int hidden;
  private final @Nullable Dropout dropout;
  private final List<Batch> batches = new ArrayList<>();
  private final Padding queries;
  private final Padding keys;

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
    this.q = q;
    this.k = k;
    this.v = v;
    this.heads = heads;
    this.hidden = q.cols();
    this.dropout = dropout;
    this.y = space.result(q.rows(), hidden, q.wanted() || k.wanted() || v.wanted());
    Map<Integer, List<Integer>> byLength = new TreeMap<>();
    for (int s = 0; s + 1 < keyOffsets.length; s++) {
      int length = (keyOffsets[s + 1] - keyOffsets[s] + STEP - 1) / STEP;
      byLength.computeIfAbsent(length, _ -> new ArrayList<>()).add(s);
    }
    this.queries = new Padding(queryOffsets);
    this.keys = new Padding(keyOffsets);
    for (List<Integer> sequences : byLength.values()) {
      List<Integer> used = sequences.stream().filter(s -> queries.length(s) > 0).toList();
      if (!used.isEmpty()) {
        batches.add(new Batch(used));
      }
    }
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
    if (q.rows() > 0) {
      a.forward();
    }
    return a.y;
  }

  /** Where the rows of packed sequences are in padded batches, and where padded rows come from. */
  private static final class Padding {
    private final int[] offsets;
    private final int[] places; // of each packed row, -1 where it is in no batch
    private int[] rows = {}; // of each padded row
    private float[] used = {}; // 1 for a row, 0 for padding

    Padding(int[] offsets) {
      this.offsets = offsets;
      this.places = new int[offsets[offsets.length - 1]];
      Arrays.fill(places, -1);
    }

    int length(int sequence) {
      return offsets[sequence + 1] - offsets[sequence];
    }

    int longest(List<Integer> sequences) {
      return sequences.stream().mapToInt(this::length).max().orElse(0);
    }

    /** Appends a batch and returns its first padded row. */
    int append(List<Integer> sequences, int length) {
      int first = rows.length;
      rows = Arrays.copyOf(rows, first + Math.multiplyExact(sequences.size(), length));
      used = Arrays.copyOf(used, rows.length);
      int at = first;
      for (int s : sequences) {
        for (int i = 0; i < length; i++, at++) {
          boolean padding = i >= length(s);
          rows[at] = offsets[s] + (padding ? 0 : i);
          used[at] = padding ? 0 : 1;
          if (!padding) {
            places[rows[at]] = at;
          }
        }
      }
      return first;
    }

    int count() {
      return rows.length;
    }
  }

  /** Sequences of similar length: padded rows in q, k and v, and their weights. */
  private final class Batch {
    private final List<Integer> sequences;
    private final int rows; // queries of a sequence, with padding
    private final int cols; // keys of a sequence, with padding
    private final int firstQuery;
    private final int firstKey;
    private @Nullable INDArray weights; // softmax [sequences, heads, rows, cols]
    private @Nullable INDArray mask; // of dropout, the same shape

    Batch(List<Integer> sequences) {
      this.sequences = sequences;
      this.rows = queries.longest(sequences);
      this.cols = keys.longest(sequences);
      this.firstQuery = queries.append(sequences, rows);
      this.firstKey = keys.append(sequences, cols);
    }

    private long[] shape() {
      return new long[] {sequences.size(), heads, rows, cols};
    }

    /** Padded queries as [sequences, heads, rows, d]. */
    INDArray queries(INDArray padded) {
      return heads(padded, firstQuery, rows);
    }

    /** Padded keys or values as [sequences, heads, cols, d]. */
    INDArray keys(INDArray padded) {
      return heads(padded, firstKey, cols);
    }

    private INDArray heads(INDArray padded, int first, int length) {
      int d = hidden / heads;
      return Workspace.view(
          padded.data(),
          (long) first * hidden,
          new long[] {sequences.size(), heads, length, d},
          new long[] {(long) length * hidden, d, hidden, 1});
    }

    /** Negative infinity at padded keys. [sequences, 1, 1, cols] */
    private @Nullable INDArray keyMask() {
      float[] mask = new float[sequences.size() * cols];
      boolean padded = false;
      for (int i = 0; i < mask.length; i++) {
        if (keys.used[firstKey + i] == 0) {
          mask[i] = Float.NEGATIVE_INFINITY;
          padded = true;
        }
      }
      return padded ? space.input(mask, sequences.size(), 1, 1, cols) : null;
    }

    void forward(INDArray paddedQ, INDArray paddedK, INDArray paddedV, INDArray to) {
      INDArray w = space.take(shape());
      Ops.matmul(queries(paddedQ), false, keys(paddedK), true, w, false);
      INDArray masked = keyMask();
      if (masked != null) {
        Ops.add(w, masked, w);
      }
      Ops.softmax(w, w);
      weights = w;
      INDArray dropped = w;
      if (dropout != null) {
        INDArray m = dropoutMask(dropout);
        dropped = space.take(shape());
        Ops.multiply(w, m, dropped);
        mask = m;
      }
      Ops.matmul(dropped, false, keys(paddedV), false, queries(to), false);
      if (dropout != null) {
        space.give(dropped);
      }
    }

    private INDArray dropoutMask(Dropout d) {
      int[] bases = new int[sequences.size() * rows];
      for (int i = 0; i < bases.length; i++) {
        bases[i] = CounterRandom.rowBase(d.key(), d.rows()[queries.rows[firstQuery + i]]);
      }
      int[] channels = new int[heads * cols];
      for (int i = 0; i < channels.length; i++) {
        channels[i] = i / cols * 65536 + i % cols;
      }
      return DropoutMask.multipliers(
          space,
          d,
          bases,
          channels,
          new long[] {sequences.size(), 1, rows, 1},
          new long[] {1, heads, 1, cols},
          shape());
    }

    void backward(Padded x, Padded g, INDArray dy) {
      INDArray p = weights;
      if (p == null) {
        throw new IllegalStateException("no weights");
      }
      INDArray m = mask;
      INDArray t = space.take(shape());
      INDArray dp = space.take(shape());
      if (m == null) {
        Ops.matmul(p, true, queries(dy), false, keys(g.v), false);
      } else {
        Ops.multiply(p, m, t);
        Ops.matmul(t, true, queries(dy), false, keys(g.v), false);
      }
      Ops.matmul(queries(dy), false, keys(x.v), true, dp, false);
      if (m != null) {
        Ops.multiply(dp, m, dp);
      }
      // ds = p (dp - sum(p dp))
      Ops.multiply(dp, p, t);
      long n = (long) sequences.size() * heads * rows;
      INDArray sums = space.take(n, 1);
      space.rowSums(Workspace.view(t, 0, n, cols), sums);
      INDArray flat = Workspace.view(dp, 0, n, cols);
      Ops.subtract(flat, sums, flat);
      Ops.multiply(dp, p, dp);
      space.give(sums);
      space.give(t);
      Ops.matmul(dp, false, keys(x.k), false, queries(g.q), false);
      Ops.matmul(dp, true, queries(x.q), false, keys(g.k), false);
      space.give(dp);
    }

    void give() {
      if (weights != null) {
        space.give(weights);
        weights = null;
      }
      if (mask != null) {
        space.give(mask);
        mask = null;
      }
    }
  }

  /** Queries, keys and values of all batches, or their gradients, with padding. */
  private record Padded(INDArray q, INDArray k, INDArray v) {}

  private void forward() {
    INDArray queryRows = space.indices(queries.rows);
    INDArray keyRows = space.indices(keys.rows);
    Padded x = room();
    Ops.gather(q.data(), queryRows, x.q);
    Ops.gather(k.data(), keyRows, x.k);
    Ops.gather(v.data(), keyRows, x.v);
    double scale = 1 / Math.sqrt((double) hidden / heads);
    Ops.scale(x.q, scale, x.q);
    INDArray result = space.take(queries.count(), hidden);
    for (Batch b : batches) {
      b.forward(x.q, x.k, x.v, result);
    }
    Ops.gather(result, space.indices(queries.places), y.data());
    space.give(result);
    if (y.wanted()) {
      space.record(y, () -> backward(x, queryRows, scale), x.q, x.k, x.v);
    } else {
      batches.forEach(Batch::give);
      space.record(y, () -> {}, x.q, x.k, x.v);
    }
  }

  private Padded room() {
    return new Padded(
        space.take(queries.count(), hidden),
        space.take(keys.count(), hidden),
        space.take(keys.count(), hidden));
  }

  private void backward(Padded x, INDArray queryRows, double scale) {
    INDArray dy = space.take(queries.count(), hidden);
    Ops.gather(y.gradient(), queryRows, dy);
    INDArray used = space.input(queries.used, queries.count(), 1);
    Ops.multiply(dy, used, dy); // nothing comes from padding
    Padded g = room();
    for (Batch b : batches) {
      b.backward(x, g, dy);
      b.give();
    }
    space.give(dy);
    Ops.scale(g.q, scale, g.q);
    addRows(q, g.q, queries);
    addRows(k, g.k, keys);
    addRows(v, g.v, keys);
    space.give(g.q);
    space.give(g.k);
    space.give(g.v);
  }

  /** From padded rows to the packed ones; sequences without queries have no rows there. */
  private void addRows(Values to, INDArray padded, Padding padding) {
    if (!to.wanted()) {
      return;
    }
    int[] places = Arrays.stream(padding.places).filter(p -> p >= 0).toArray();
    INDArray from = space.indices(places);
    if (places.length == to.rows()) {
      INDArray rows = space.take(to.rows(), hidden);
      Ops.gather(padded, from, rows);
      to.takeOver(rows);
    } else {
      int[] present = new int[places.length];
      for (int row = 0, n = 0; row < padding.places.length; row++) {
        if (padding.places[row] >= 0) {
          present[n++] = row;
        }
      }
      INDArray rows = space.take(places.length, hidden);
      INDArray at = space.indices(present);
      Ops.gather(padded, from, rows);
      Ops.scatterAdd(to.gradient(), at, rows);
      space.give(rows);
    }
  }
}
