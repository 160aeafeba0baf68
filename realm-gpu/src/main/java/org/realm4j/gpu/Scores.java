package org.realm4j.gpu;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.tensor.Shapes;

/** Objectives over groups of scores. */
final class Scores {
  /** Below every score, and finite. */
  private static final double LOWEST = -3e38;

  private Scores() {}

  /** a[aRows[i]] . b[bRows[i]]. [pairs, 1] */
  static Values innerProducts(Workspace space, Values a, Values b, int[] aRows, int[] bRows) {
    int cols = a.cols();
    int pairs = aRows.length;
    Shapes.cols("b", b, cols);
    Shapes.length("bRows", bRows.length, pairs);
    Shapes.indices("aRows", aRows, a.rows());
    Shapes.indices("bRows", bRows, b.rows());
    Values y = space.result(pairs, 1, a.wanted() || b.wanted());
    if (pairs == 0) {
      return y;
    }
    a.keep();
    b.keep();
    INDArray ofA = space.indices(aRows);
    INDArray ofB = space.indices(bRows);
    INDArray t = space.take(pairs, cols);
    INDArray u = space.take(pairs, cols);
    Ops.gather(a.data(), ofA, t);
    Ops.gather(b.data(), ofB, u);
    Ops.multiply(t, u, t);
    space.rowSums(t, y.data());
    space.give(t);
    space.give(u);
    space.record(
        y,
        () -> {
          addPairs(space, y.gradient(), b, ofB, a, ofA);
          addPairs(space, y.gradient(), a, ofA, b, ofB);
        });
    return y;
  }

  /** The gradient of to[toRows[i]] gets g[i] from[fromRows[i]]. */
  private static void addPairs(
      Workspace space, INDArray g, Values from, INDArray fromRows, Values to, INDArray toRows) {
    if (to.wanted()) {
      INDArray t = space.take(g.size(0), from.cols());
      Ops.gather(from.data(), fromRows, t);
      Ops.multiply(t, g, t);
      Ops.scatterAdd(to.gradient(), toRows, t);
      space.give(t);
    }
  }

  static Values logSoftmax(Workspace space, Values x, int[] offsets) {
    Shapes.cols("x", x, 1);
    Shapes.offsets("offsets", offsets, x.rows());
    Values y = space.result(x.rows(), 1, x.wanted());
    if (x.rows() == 0) {
      return y;
    }
    Table table = new Table(space, x, offsets, null);
    INDArray total = table.exponentials(); // log of the sum, less the maximum
    // (x - max) - log sum(exp(x - max)): exact where a score towers above the others
    Ops.subtract(table.shifted, total, table.shifted);
    table.toList(table.shifted, y.data());
    INDArray p = table.probabilities();
    table.giveRest();
    space.give(total);
    space.record(
        y,
        () -> { // dx = dy - p sum(dy)
          INDArray g = space.take(table.rows, table.cols);
          INDArray sum = space.take(table.rows, 1);
          INDArray padded = table.padded(y.gradient(), 0);
          Ops.gather(padded, table.slots, Workspace.view(g, 0, table.slotCount(), 1));
          space.give(padded);
          space.rowSums(g, sum);
          Ops.multiply(p, sum, p);
          Ops.subtract(g, p, g);
          table.addTo(x, g);
          space.give(g);
          space.give(sum);
        },
        p);
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
    if (y.rows() == 0) {
      return y;
    }
    if (x.rows() == 0) {
      y.data().assign(Float.NEGATIVE_INFINITY);
      return y;
    }
    Table table = new Table(space, x, offsets, marked);
    INDArray total = table.exponentials();
    Ops.add(total, table.max, y.data());
    INDArray p = table.probabilities();
    table.giveRest();
    space.give(total);
    if (!table.marked) {
      return y; // no gradient, not one of zeros
    }
    space.record(
        y,
        () -> {
          Ops.multiply(p, y.gradient(), p);
          table.addTo(x, p);
        },
        p);
    return y;
  }

  /**
   * Groups of a list as the rows of a table, filled up with negative infinity where a group is
   * shorter than the longest or an entry is not marked.
   */
  private static final class Table {
    private final Workspace space;
    private final int n;
    final int rows;
    final int cols;
    final boolean marked; // whether any entry is
    final INDArray slots; // [rows * cols], which entry of the list, n for none
    final INDArray places; // [n], which slot an entry has
    final INDArray max; // [rows, 1], finite
    final INDArray shifted; // [rows, cols], less the maximum
    private final INDArray exponentials;
    private final INDArray sums; // [rows, 1]

    Table(Workspace space, Values x, int[] offsets, boolean @Nullable [] marked) {
      this.space = space;
      this.n = x.rows();
      this.rows = offsets.length - 1;
      int longest = 1;
      for (int s = 0; s < rows; s++) {
        longest = Math.max(longest, offsets[s + 1] - offsets[s]);
      }
      this.cols = longest;
      int[] slot = new int[Math.multiplyExact(rows, cols)];
      int[] place = new int[n];
      Arrays.fill(slot, n);
      boolean any = false;
      for (int s = 0; s < rows; s++) {
        for (int i = offsets[s]; i < offsets[s + 1]; i++) {
          place[i] = s * cols + i - offsets[s];
          boolean in = marked == null || marked[i];
          slot[place[i]] = in ? i : n;
          any |= in;
        }
      }
      this.marked = any;
      this.slots = space.indices(slot);
      this.places = space.indices(place);
      this.max = space.take(rows, 1);
      this.shifted = space.take(rows, cols);
      this.exponentials = space.take(rows, cols);
      this.sums = space.take(rows, 1);
      INDArray padded = padded(x.data(), Double.NEGATIVE_INFINITY);
      Ops.gather(padded, slots, Workspace.view(shifted, 0, slotCount(), 1));
      space.give(padded);
    }

    long slotCount() {
      return (long) rows * cols;
    }

    /** The list with one entry more. [n + 1, 1] */
    INDArray padded(INDArray list, double last) {
      INDArray padded = space.take(n + 1, 1);
      padded.assign(last);
      Ops.copy(list, Workspace.view(padded, 0, n, 1));
      return padded;
    }

    /** log sum exp of each row less its maximum; negative infinity where nothing is marked. */
    INDArray exponentials() {
      INDArray total = space.take(rows, 1);
      Ops.rowMax(shifted, max);
      Ops.max(max, LOWEST, max); // infinity - infinity would not be a number
      Ops.subtract(shifted, max, shifted);
      Ops.exp(shifted, exponentials);
      space.rowSums(exponentials, sums);
      Ops.log(sums, total);
      return total;
    }

    /** softmax of each row, zeros where nothing is marked. [rows, cols] */
    INDArray probabilities() {
      Ops.max(sums, Float.MIN_NORMAL, sums);
      Ops.divide(exponentials, sums, exponentials);
      return exponentials;
    }

    /** Gives back what no backward step reads. */
    void giveRest() {
      space.give(max);
      space.give(shifted);
      space.give(sums);
    }

    /** From the table to the list. */
    void toList(INDArray table, INDArray list) {
      Ops.gather(Workspace.view(table, 0, slotCount(), 1), places, list);
    }

    void addTo(Values x, INDArray table) {
      INDArray g = space.take(n, 1);
      toList(table, g);
      x.takeOver(g);
    }
  }

  /** [1, 1] */
  static Values weightedSum(Workspace space, Values x, float[] weights) {
    Shapes.tensor("x", x, weights.length, 1);
    Values y = space.result(1, 1, x.wanted());
    int[] used = new int[weights.length];
    int n = 0;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] != 0) {
        used[n++] = i;
      }
    }
    if (n == 0) {
      y.data().assign(0);
      return y;
    }
    INDArray chosen = space.indices(Arrays.copyOf(used, n));
    INDArray t = space.take(n, 1);
    Ops.gather(x.data(), chosen, t);
    float[] nonZero = new float[n];
    for (int i = 0; i < n; i++) {
      nonZero[i] = weights[used[i]];
    }
    INDArray w = space.upload(nonZero, n, 1);
    Ops.matmul(w, true, t, false, y.data(), false);
    space.give(t);
    space.record(
        y,
        () -> {
          Ops.multiply(w, y.gradient(), w);
          Ops.scatterAdd(x.gradient(), chosen, w);
        },
        w);
    return y;
  }
}
