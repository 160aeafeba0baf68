package org.realm4j.reference;

import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Tensor;

/** Checks of what a network passes; each message names what was expected and what was found. */
final class Shapes {
  private Shapes() {}

  static void tensor(String what, Tensor t, int rows, int cols) {
    if (t.rows() != rows || t.cols() != cols) {
      throw new IllegalArgumentException(
          what + ": expected [" + rows + ", " + cols + "], found " + t.shape());
    }
  }

  static void cols(String what, Tensor t, int cols) {
    tensor(what, t, t.rows(), cols);
  }

  static void parameter(Parameter p, int rows, int cols) {
    if (p.rows() != rows || p.cols() != cols) {
      throw new IllegalArgumentException("expected [" + rows + ", " + cols + "], found " + p);
    }
  }

  static void length(String what, int found, int expected) {
    if (found != expected) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", found " + found);
    }
  }

  /** Every index is one of {@code bound} rows. */
  static void indices(String what, int[] indices, int bound) {
    for (int i = 0; i < indices.length; i++) {
      if (indices[i] < 0 || indices[i] >= bound) {
        throw new IllegalArgumentException(
            what + "[" + i + "]: expected 0 to " + (bound - 1) + ", found " + indices[i]);
      }
    }
  }

  /** From 0 to {@code end}, never down. */
  static void offsets(String what, int[] offsets, int end) {
    if (offsets.length == 0 || offsets[0] != 0 || offsets[offsets.length - 1] != end) {
      throw new IllegalArgumentException(
          what
              + ": expected to run from 0 to "
              + end
              + ", found "
              + (offsets.length == 0 ? "none" : offsets[0] + " to " + offsets[offsets.length - 1]));
    }
    for (int i = 1; i < offsets.length; i++) {
      if (offsets[i] < offsets[i - 1]) {
        throw new IllegalArgumentException(
            what + "[" + i + "]: " + offsets[i] + " is less than " + offsets[i - 1] + " before it");
      }
    }
  }

  static void dropout(Dropout dropout, int rows) {
    if (dropout.rows().length != rows) {
      throw new IllegalArgumentException(
          "dropout: expected counters for " + rows + " rows, found " + dropout.rows().length);
    }
  }
}
