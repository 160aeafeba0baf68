package org.realm4j.testkit.contract;

/** Values on the host, row-major. */
public record Matrix(int rows, int cols, float[] values) {
  public Matrix {
    if ((long) rows * cols != values.length) {
      throw new IllegalArgumentException(
          "values: expected " + rows + " x " + cols + ", found " + values.length);
    }
  }

  /** The same with one value replaced. */
  public Matrix with(int index, float value) {
    float[] copy = values.clone();
    copy[index] = value;
    return new Matrix(rows, cols, copy);
  }
}
