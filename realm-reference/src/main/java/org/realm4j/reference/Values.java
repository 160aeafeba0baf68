package org.realm4j.reference;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** A tensor on the heap, with its gradient while there is one. Arrays may be longer than needed. */
final class Values implements Tensor {
  private final Workspace space;
  private final Tape tape;
  private final int rows;
  private final int cols;

  /** Whether a gradient by it is of use to anybody. */
  private final boolean wanted;

  private final boolean owner;

  /** Whether a backward step reads the values again. */
  private boolean kept;

  /** Whether the caller does not. */
  private boolean discarded;

  private float @Nullable [] data;
  private float @Nullable [] gradient;

  /**
   * @param owner whether the array goes back to the pool with the tape; an alias of another
   *     tensor's values does not own them
   */
  Values(
      Workspace space, Tape tape, int rows, int cols, float[] data, boolean wanted, boolean owner) {
    this.space = space;
    this.tape = tape;
    this.rows = rows;
    this.cols = cols;
    this.data = data;
    this.wanted = wanted;
    this.owner = owner;
    tape.onRelease(this::release);
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int cols() {
    return cols;
  }

  int size() {
    return rows * cols;
  }

  Tape tape() {
    return tape;
  }

  boolean belongsTo(Workspace other) {
    return space == other;
  }

  boolean wanted() {
    return wanted;
  }

  float[] data() {
    float[] d = data;
    if (d == null) {
      throw new IllegalStateException(
          "tensor " + shape() + " is used after it was released or its tape was closed");
    }
    return d;
  }

  @Override
  public float[] toArray() {
    space.checkOpen();
    return Arrays.copyOf(data(), size());
  }

  /** For an operation whose backward step reads the values of this input, or of its result. */
  void keep() {
    kept |= tape.recording();
  }

  /** The caller does not need the values any more. */
  void discard() {
    discarded = true;
    if (!kept) {
      releaseData();
    }
  }

  /** All backward steps that read the values are done. */
  void passed() {
    if (discarded) {
      releaseData();
    }
  }

  boolean hasGradient() {
    return gradient != null;
  }

  /** What has reached it, zeros at first; to be added to. */
  float[] gradient() {
    float[] g = gradient;
    if (g == null) {
      g = space.zeros(size());
      gradient = g;
    }
    return g;
  }

  /** What has reached it, or an array with anything in it when that is nothing: see hasGradient. */
  float[] gradientToOverwrite() {
    float[] g = gradient;
    if (g == null) {
      g = space.pool().take(size());
      gradient = g;
    }
    return g;
  }

  /** The gradient's array leaves this tensor. */
  float @Nullable [] takeGradient() {
    float[] g = gradient;
    gradient = null;
    return g;
  }

  /** Becomes this tensor's gradient; there must be none. */
  void setGradient(float @Nullable [] g) {
    gradient = g;
  }

  void releaseGradient() {
    float[] g = takeGradient();
    if (g != null) {
      space.pool().give(g);
    }
  }

  private void release() {
    releaseGradient();
    releaseData();
  }

  private void releaseData() {
    float[] d = data;
    data = null;
    if (d != null && owner) {
      space.pool().give(d);
    }
  }
}
