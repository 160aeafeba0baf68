package org.realm4j.tensor;

/**
 * A float32 matrix, row-major, owned by the {@link Session} that made it and alive until the {@link
 * Tape} on which it was made is closed. A vector of n values is {@code [n, 1]}, a scalar {@code [1,
 * 1]}. Not thread-safe, like its session.
 */
public interface Tensor {
  int rows();

  int cols();

  /**
   * Copies the values to the host, row by row.
   *
   * @throws IllegalStateException after the tape was closed
   */
  float[] toArray();

  /** The one value of a {@code [1, 1]} tensor. */
  default float scalar() {
    if (rows() != 1 || cols() != 1) {
      throw new IllegalStateException("expected a [1, 1] tensor, found " + shape());
    }
    return toArray()[0];
  }

  default String shape() {
    return "[" + rows() + ", " + cols() + "]";
  }
}
