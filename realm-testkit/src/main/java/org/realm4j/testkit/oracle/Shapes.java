package org.realm4j.testkit.oracle;

import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Tensor;

/** Refuses what does not fit, with what was expected and what was found. */
final class Shapes {
  private Shapes() {}

  static void check(boolean fits, String what, Object expected, Object found) {
    if (!fits) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", found " + found);
    }
  }

  static void shape(Tensor x, int rows, int cols, String what) {
    check(x.rows() == rows && x.cols() == cols, what, "[" + rows + ", " + cols + "]", x.shape());
  }

  static void cols(Tensor x, int cols, String what) {
    check(x.cols() == cols, what, cols + " columns", x.shape());
  }

  static void shape(Parameter p, int rows, int cols) {
    check(p.rows() == rows && p.cols() == cols, "shape", "[" + rows + ", " + cols + "]", p);
  }

  static void length(int found, int expected, String what) {
    check(found == expected, what, expected + " entries", found);
  }

  static void indices(int[] indices, int bound, String what) {
    for (int i : indices) {
      check(i >= 0 && i < bound, what, "0 to " + (bound - 1), i);
    }
  }

  /** Offsets rise from 0 to the number of rows; a group may be empty. */
  static void offsets(int[] offsets, int rows, String what) {
    check(offsets.length > 0 && offsets[0] == 0, what, "0 first", offsets.length);
    for (int i = 1; i < offsets.length; i++) {
      check(offsets[i] >= offsets[i - 1], what, "rising offsets", offsets[i]);
    }
    check(offsets[offsets.length - 1] == rows, what, rows + " last", offsets[offsets.length - 1]);
  }

  static void dropout(Dropout dropout, int rows) {
    length(dropout.rows().length, rows, "dropout rows");
  }
}
