package org.realm4j.tensor;

/**
 * For sessions: checks of what a network passes to an operation. Each throws {@link
 * IllegalArgumentException} and names what was expected and what was found. Stateless.
 */
public final class Shapes {
  private Shapes() {}

  public static void check(boolean fits, String what, Object expected, Object found) {
    if (!fits) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", found " + found);
    }
  }

  public static void tensor(String what, Tensor t, int rows, int cols) {
    if (t.rows() != rows || t.cols() != cols) {
      check(false, what, "[" + rows + ", " + cols + "]", t.shape());
    }
  }

  public static void cols(String what, Tensor t, int cols) {
    tensor(what, t, t.rows(), cols);
  }

  public static void parameter(Parameter p, int rows, int cols) {
    if (p.rows() != rows || p.cols() != cols) {
      throw new IllegalArgumentException("expected [" + rows + ", " + cols + "], found " + p);
    }
  }

  public static void length(String what, int found, int expected) {
    check(found == expected, what, expected, found);
  }

  /** Every index is one of {@code bound} rows. */
  public static void indices(String what, int[] indices, int bound) {
    for (int i = 0; i < indices.length; i++) {
      if (indices[i] < 0 || indices[i] >= bound) {
        check(false, what + "[" + i + "]", "0 to " + (bound - 1), indices[i]);
      }
    }
  }

  /** From 0 to {@code end}, never down; a group may be empty. */
  public static void offsets(String what, int[] offsets, int end) {
    if (offsets.length == 0 || offsets[0] != 0 || offsets[offsets.length - 1] != end) {
      check(
          false,
          what,
          "to run from 0 to " + end,
          offsets.length == 0 ? "none" : offsets[0] + " to " + offsets[offsets.length - 1]);
    }
    for (int i = 1; i < offsets.length; i++) {
      if (offsets[i] < offsets[i - 1]) {
        throw new IllegalArgumentException(
            what + "[" + i + "]: " + offsets[i] + " is less than " + offsets[i - 1] + " before it");
      }
    }
  }

  /** What {@link Session#attention} asks of its arguments. */
  public static void attention(
      Tensor q, Tensor k, Tensor v, int[] queryOffsets, int[] keyOffsets, int heads) {
    check(heads >= 1 && q.cols() % heads == 0, "heads", "a divisor of " + q.cols(), heads);
    cols("keys", k, q.cols());
    tensor("values", v, k.rows(), q.cols());
    offsets("query offsets", queryOffsets, q.rows());
    offsets("key offsets", keyOffsets, k.rows());
    length("key offsets", keyOffsets.length, queryOffsets.length);
    for (int b = 0; b + 1 < keyOffsets.length; b++) {
      check(
          queryOffsets[b + 1] == queryOffsets[b] || keyOffsets[b + 1] > keyOffsets[b],
          "sequence " + b,
          "keys for its queries",
          "none");
    }
  }

  public static void dropout(Dropout dropout, int rows) {
    if (dropout.rows().length != rows) {
      throw new IllegalArgumentException(
          "dropout: expected counters for " + rows + " rows, found " + dropout.rows().length);
    }
  }
}
