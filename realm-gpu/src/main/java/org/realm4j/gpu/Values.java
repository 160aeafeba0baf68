package org.realm4j.gpu;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** A tensor in ND4J's memory, with its gradient while there is one. */
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

  private @Nullable INDArray data;
  private @Nullable INDArray gradient;

  /**
   * @param owner whether the memory goes back with this tensor; an alias of another tensor's values
   *     does not own them
   */
  Values(
      Workspace space,
      Tape tape,
      int rows,
      int cols,
      INDArray data,
      boolean wanted,
      boolean owner) {
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
    return Math.multiplyExact(rows, cols);
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

  boolean owner() {
    return owner;
  }

  /** [rows, cols], contiguous */
  INDArray data() {
    INDArray d = data;
    if (d == null) {
      throw new IllegalStateException(
          "tensor " + shape() + " is used after it was released or its tape was closed");
    }
    return d;
  }

  @Override
  public float[] toArray() {
    space.checkOpen();
    return space.download(data(), size());
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

  /** The values leave this tensor, together with the duty to give their memory back. */
  INDArray takeData() {
    INDArray d = data();
    data = null;
    return d;
  }

  boolean hasGradient() {
    return gradient != null;
  }

  /** What has reached it, zeros at first; to be added to. */
  INDArray gradient() {
    INDArray g = gradient;
    if (g == null) {
      g = space.zeros(rows, cols);
      gradient = g;
    }
    return g;
  }

  /** What has reached it, or an array with anything in it when that is nothing: see hasGradient. */
  INDArray gradientToOverwrite() {
    INDArray g = gradient;
    if (g == null) {
      g = space.take(rows, cols);
      gradient = g;
    }
    return g;
  }

  /** Adds a gradient, which stays the caller's. */
  void addGradient(INDArray g) {
    if (wanted) {
      if (gradient == null) {
        Ops.copy(g, gradientToOverwrite());
      } else {
        Ops.add(gradient, g, gradient);
      }
    }
  }

  /** Adds a gradient, whose memory becomes this tensor's or goes back. */
  void takeOver(INDArray g) {
    if (wanted && gradient == null) {
      gradient = g;
    } else {
      addGradient(g);
      space.give(g);
    }
  }

  @Nullable INDArray takeGradient() {
    INDArray g = gradient;
    gradient = null;
    return g;
  }

  void setGradient(@Nullable INDArray g) {
    gradient = g;
  }

  void releaseGradient() {
    INDArray g = takeGradient();
    if (g != null) {
      space.give(g);
    }
  }

  private void release() {
    releaseGradient();
    releaseData();
  }

  private void releaseData() {
    INDArray d = data;
    data = null;
    if (d != null && owner) {
      space.give(d);
    }
  }
}
