package org.realm4j.reference;

import java.util.Arrays;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Shapes;

/** Operations that copy, add, scatter or drop rows. */
final class Rows {
  private Rows() {}

  /** word[ids[t]] + segment[segments[t]] + position[positions[t]]. [tokens, hidden] */
  static Values embeddingSum(
      Workspace space,
      int[] ids,
      int[] segments,
      int[] positions,
      Parameter word,
      Parameter segment,
      Parameter position) {
    int cols = word.cols();
    Shapes.length("segments", segments.length, ids.length);
    Shapes.length("positions", positions.length, ids.length);
    Shapes.parameter(segment, segment.rows(), cols);
    Shapes.parameter(position, position.rows(), cols);
    Shapes.indices("ids", ids, word.rows());
    Shapes.indices("segments", segments, segment.rows());
    Shapes.indices("positions", positions, position.rows());
    Values y = space.result(ids.length, cols, true);
    float[] out = y.data();
    float[] w = word.values();
    float[] s = segment.values();
    float[] p = position.values();
    Kernels k = space.kernels();
    space.split(
        ids.length,
        cols,
        (from, to, _) -> {
          for (int t = from; t < to; t++) {
            System.arraycopy(w, ids[t] * cols, out, t * cols, cols);
            k.add(s, segments[t] * cols, out, t * cols, cols);
            k.add(p, positions[t] * cols, out, t * cols, cols);
          }
        });
    space.record(
        y,
        () -> {
          scatter(space, y.gradient(), ids, cols, space.gradient(word));
          scatter(space, y.gradient(), segments, cols, space.gradient(segment));
          scatter(space, y.gradient(), positions, cols, space.gradient(position));
        });
    return y;
  }

  /** to[rows[i]] += g[i], in order, split over columns. */
  private static void scatter(Workspace space, float[] g, int[] rows, int cols, float[] to) {
    Kernels k = space.kernels();
    space.splitColumns(
        cols,
        rows.length,
        (from, end, _) -> {
          for (int i = 0; i < rows.length; i++) {
            k.add(g, i * cols + from, to, rows[i] * cols + from, end - from);
          }
        });
  }

  static Values gather(Workspace space, Values x, int[] rows) {
    int cols = x.cols();
    Shapes.indices("rows", rows, x.rows());
    Values y = space.result(rows.length, cols, x.wanted());
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(x.data(), rows[i] * cols, y.data(), i * cols, cols);
    }
    space.record(y, () -> scatter(space, y.gradient(), rows, cols, x.gradient()));
    return y;
  }

  static Values concat(Workspace space, Values a, Values b) {
    Shapes.cols("b", b, a.cols());
    Values y = space.result(a.rows() + b.rows(), a.cols(), a.wanted() || b.wanted());
    System.arraycopy(a.data(), 0, y.data(), 0, a.size());
    System.arraycopy(b.data(), 0, y.data(), a.size(), b.size());
    Kernels k = space.kernels();
    space.record(
        y,
        () -> {
          if (a.wanted()) {
            k.add(y.gradient(), 0, a.gradient(), 0, a.size());
          }
          if (b.wanted()) {
            k.add(y.gradient(), a.size(), b.gradient(), 0, b.size());
          }
        });
    return y;
  }

  static Values add(Workspace space, Values a, Values b) {
    Shapes.tensor("b", b, a.rows(), a.cols());
    Values y = space.result(a.rows(), a.cols(), a.wanted() || b.wanted());
    Kernels k = space.kernels();
    space.split(
        a.size(),
        1,
        (from, to, _) -> {
          System.arraycopy(a.data(), from, y.data(), from, to - from);
          k.add(b.data(), from, y.data(), from, to - from);
        });
    space.record(y, () -> space.passGradient(y, a, b));
    return y;
  }

  /** [groups, cols] */
  static Values segmentSum(Workspace space, Values x, int[] offsets, boolean mean) {
    Shapes.offsets("offsets", offsets, x.rows());
    int cols = x.cols();
    int groups = offsets.length - 1;
    Values y = space.result(groups, cols, x.wanted());
    Kernels k = space.kernels();
    Arrays.fill(y.data(), 0, y.size(), 0f);
    for (int s = 0; s < groups; s++) {
      for (int r = offsets[s]; r < offsets[s + 1]; r++) {
        k.add(x.data(), r * cols, y.data(), s * cols, cols);
      }
      if (mean && offsets[s + 1] > offsets[s]) {
        k.scale(y.data(), s * cols, cols, 1f / (offsets[s + 1] - offsets[s]));
      }
    }
    space.record(
        y,
        () -> {
          for (int s = 0; s < groups; s++) {
            float weight = mean ? 1f / (offsets[s + 1] - offsets[s]) : 1f;
            for (int r = offsets[s]; r < offsets[s + 1]; r++) {
              k.addScaled(weight, y.gradient(), s * cols, x.gradient(), r * cols, cols);
            }
          }
        });
    return y;
  }

  static Values dropout(Workspace space, Values x, Dropout d) {
    Shapes.dropout(d, x.rows());
    Values y = space.result(x.rows(), x.cols(), x.wanted());
    drop(space, d, x.rows(), x.cols(), x.data(), y.data());
    space.record(
        y,
        () -> {
          drop(space, d, x.rows(), x.cols(), y.gradient(), y.gradient());
          space.passGradient(y, x);
        });
    return y;
  }

  private static void drop(
      Workspace space, Dropout d, int rows, int cols, float[] from, float[] to) {
    Kernels k = space.kernels();
    space.split(
        rows,
        cols,
        (a, b, _) -> {
          for (int r = a; r < b; r++) {
            int base = CounterRandom.rowBase(d.key(), d.rows()[r]);
            int at = r * cols;
            k.dropout(from, at, to, at, cols, base, 0, d.threshold(), d.scale());
          }
        });
  }

  /** relu(start[starts[i]] + end[ends[i]]). [spans, d] */
  static Values spanStates(Workspace space, Values start, Values end, int[] starts, int[] ends) {
    int cols = start.cols();
    Shapes.cols("end", end, cols);
    Shapes.length("ends", ends.length, starts.length);
    Shapes.indices("starts", starts, start.rows());
    Shapes.indices("ends", ends, end.rows());
    Values y = space.result(starts.length, cols, start.wanted() || end.wanted());
    y.keep();
    Kernels k = space.kernels();
    space.split(
        starts.length,
        cols,
        (from, to, _) -> {
          for (int i = from; i < to; i++) {
            k.addRelu(
                start.data(),
                starts[i] * cols,
                end.data(),
                ends[i] * cols,
                y.data(),
                i * cols,
                cols);
          }
        });
    space.record(
        y,
        () -> {
          float[] g = y.gradient();
          space.split(
              y.size(),
              1,
              (a, b, _) ->
                  k.activations().activationGradient(Activation.RELU, y.data(), a, g, a, b - a));
          if (start.wanted()) {
            scatter(space, g, starts, cols, start.gradient());
          }
          if (end.wanted()) {
            scatter(space, g, ends, cols, end.gradient());
          }
        });
    return y;
  }
}
