package org.realm4j.testkit.contract;

import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Parameter;

/** Reproducible inputs. */
final class Samples {
  private Samples() {}

  /** Standard normal values times a scale. */
  static float[] normal(int n, float scale, long seed) {
    int key = CounterRandom.key(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = scale * CounterRandom.gaussian(key, i);
    }
    return x;
  }

  static Matrix matrix(int rows, int cols, long seed) {
    return new Matrix(rows, cols, normal(rows * cols, 1, seed));
  }

  static Parameter parameter(String name, Parameter.Kind kind, int rows, int cols, float scale) {
    float[] values = normal(rows * cols, scale, name.hashCode());
    if (kind == Parameter.Kind.LAYER_NORM && !name.contains("beta")) {
      for (int i = 0; i < values.length; i++) {
        values[i] += 1;
      }
    }
    return new Parameter(name, kind, rows, cols, values);
  }

  /** A weight whose products with unit normal rows are about unit normal. */
  static Parameter weight(String name, int rows, int cols) {
    return parameter(name, Parameter.Kind.WEIGHT, rows, cols, (float) (1 / Math.sqrt(cols)));
  }

  static Parameter bias(String name, int cols) {
    return parameter(name, Parameter.Kind.BIAS, 1, cols, 0.3f);
  }

  static Parameter norm(String name, int cols) {
    return parameter(name, Parameter.Kind.LAYER_NORM, 1, cols, 0.3f);
  }

  static Parameter embedding(String name, int rows, int cols) {
    return parameter(name, Parameter.Kind.EMBEDDING, rows, cols, 0.5f);
  }

  /** n numbers from 0 to bound - 1, with repetitions. */
  static int[] indices(int n, int bound, long seed) {
    int key = CounterRandom.key(seed);
    int[] x = new int[n];
    for (int i = 0; i < n; i++) {
      x[i] = CounterRandom.below(bound, key, i);
    }
    return x;
  }

  static int[] offsets(int... lengths) {
    int[] offsets = new int[lengths.length + 1];
    for (int i = 0; i < lengths.length; i++) {
      offsets[i + 1] = offsets[i] + lengths[i];
    }
    return offsets;
  }

  static int total(int... lengths) {
    int sum = 0;
    for (int length : lengths) {
      sum += length;
    }
    return sum;
  }

  static boolean[] marks(int n, long seed) {
    int[] draws = indices(n, 2, seed);
    boolean[] marks = new boolean[n];
    for (int i = 0; i < n; i++) {
      marks[i] = draws[i] == 1;
    }
    return marks;
  }
}
