package org.realm4j.gpu;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
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
    if (ids.length == 0) {
      return y;
    }
    Parameter[] tables = {word, segment, position};
    INDArray[] rows = {space.indices(ids), space.indices(segments), space.indices(positions)};
    Ops.gather(space.parameters().value(word), rows[0], y.data());
    INDArray t = space.take(ids.length, cols);
    for (int i = 1; i < 3; i++) {
      Ops.gather(space.parameters().value(tables[i]), rows[i], t);
      Ops.add(y.data(), t, y.data());
    }
    space.give(t);
    space.record(
        y,
        () -> {
          for (int i = 0; i < 3; i++) {
            space.scatterGradient(tables[i], rows[i], y.gradient());
          }
        });
    return y;
  }

  static Values gather(Workspace space, Values x, int[] rows) {
    Shapes.indices("rows", rows, x.rows());
    Values y = space.result(rows.length, x.cols(), x.wanted());
    if (rows.length == 0) {
      return y;
    }
    INDArray chosen = space.indices(rows);
    Ops.gather(x.data(), chosen, y.data());
    space.record(y, () -> Ops.scatterAdd(x.gradient(), chosen, y.gradient()));
    return y;
  }

  static Values concat(Workspace space, Values a, Values b) {
    Shapes.cols("b", b, a.cols());
    int rows = a.rows() + b.rows();
    Values y = space.result(rows, a.cols(), a.wanted() || b.wanted());
    place(a, y.data(), 0);
    place(b, y.data(), a.rows());
    space.record(
        y,
        () -> {
          addPart(y.gradient(), 0, a);
          addPart(y.gradient(), a.rows(), b);
        });
    return y;
  }

  private static void place(Values x, INDArray to, int row) {
    if (x.rows() > 0) {
      Ops.copy(x.data(), Workspace.view(to, (long) row * x.cols(), x.rows(), x.cols()));
    }
  }

  private static void addPart(INDArray g, int row, Values to) {
    if (to.rows() > 0) {
      to.addGradient(Workspace.view(g, (long) row * to.cols(), to.rows(), to.cols()));
    }
  }

  static Values add(Workspace space, Values a, Values b) {
    Shapes.tensor("b", b, a.rows(), a.cols());
    Values y = space.result(a.rows(), a.cols(), a.wanted() || b.wanted());
    if (a.rows() > 0) {
      Ops.add(a.data(), b.data(), y.data());
    }
    space.record(
        y,
        () -> {
          a.addGradient(y.gradient());
          b.addGradient(y.gradient());
        });
    return y;
  }

  /** [groups, cols] */
  static Values segmentSum(Workspace space, Values x, int[] offsets, boolean mean) {
    Shapes.offsets("offsets", offsets, x.rows());
    int groups = offsets.length - 1;
    Values y = space.result(groups, x.cols(), x.wanted());
    y.data().assign(0);
    if (groups == 0 || x.rows() == 0) {
      return y;
    }
    int[] group = new int[x.rows()];
    float[] factors = new float[groups];
    for (int s = 0; s < groups; s++) {
      Arrays.fill(group, offsets[s], offsets[s + 1], s);
      factors[s] = mean ? 1f / Math.max(offsets[s + 1] - offsets[s], 1) : 1f;
    }
    INDArray groupOf = space.indices(group);
    INDArray factor = space.input(factors, groups, 1);
    Ops.scatterAdd(y.data(), groupOf, x.data());
    Ops.multiply(y.data(), factor, y.data());
    space.record(
        y,
        () -> {
          Ops.multiply(y.gradient(), factor, y.gradient());
          INDArray g = space.take(x.rows(), x.cols());
          Ops.gather(y.gradient(), groupOf, g);
          x.takeOver(g);
        });
    return y;
  }

  static Values dropout(Workspace space, Values x, Dropout d) {
    Shapes.dropout(d, x.rows());
    Values y = space.result(x.rows(), x.cols(), x.wanted());
    if (x.rows() == 0) {
      return y;
    }
    int[] bases = new int[x.rows()];
    Arrays.setAll(bases, r -> CounterRandom.rowBase(d.key(), d.rows()[r]));
    int[] channels = new int[x.cols()];
    Arrays.setAll(channels, c -> c);
    INDArray mask =
        DropoutMask.multipliers(
            space,
            d,
            bases,
            channels,
            new long[] {x.rows(), 1},
            new long[] {1, x.cols()},
            new long[] {x.rows(), x.cols()});
    Ops.multiply(x.data(), mask, y.data());
    space.record(
        y,
        () -> {
          Ops.multiply(y.gradient(), mask, y.gradient());
          x.addGradient(y.gradient());
        },
        mask);
    return y;
  }

  /** relu(start[starts[i]] + end[ends[i]]). [spans, d] */
  static Values spanStates(Workspace space, Values start, Values end, int[] starts, int[] ends) {
    int cols = start.cols();
    Shapes.cols("end", end, cols);
    Shapes.length("ends", ends.length, starts.length);
    Shapes.indices("starts", starts, start.rows());
    Shapes.indices("ends", ends, end.rows());
    Values y = space.result(starts.length, cols, start.wanted() || end.wanted());
    if (starts.length == 0) {
      return y;
    }
    y.keep();
    INDArray first = space.indices(starts);
    INDArray last = space.indices(ends);
    INDArray t = space.take(starts.length, cols);
    Ops.gather(start.data(), first, y.data());
    Ops.gather(end.data(), last, t);
    Ops.add(y.data(), t, y.data());
    Ops.relu(y.data(), y.data());
    space.give(t);
    space.record(
        y,
        () -> {
          INDArray g = space.take(starts.length, cols);
          Ops.step(y.data(), 0, g);
          Ops.multiply(g, y.gradient(), g);
          if (start.wanted()) {
            Ops.scatterAdd(start.gradient(), first, g);
          }
          if (end.wanted()) {
            Ops.scatterAdd(end.gradient(), last, g);
          }
          space.give(g);
        });
    return y;
  }
}
