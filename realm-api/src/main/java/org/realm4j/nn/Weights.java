package org.realm4j.nn;

import java.util.Map;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.CounterRandom;

/** Where a network's parameters come from when it is made: a file, or a random start. */
public interface Weights {
  boolean contains(String name);

  /**
   * The values of a tensor, row-major; the caller may keep and change them.
   *
   * @throws RealmException.Incompatible if it is missing or its shape is another one
   */
  float[] floats(String name, long... shape);

  /** Weights under another prefix: asks {@code base} for {@code prefix + name}. */
  static Weights prefixed(Weights base, String prefix) {
    return new Weights() {
      @Override
      public boolean contains(String name) {
        return base.contains(prefix + name);
      }

      @Override
      public float[] floats(String name, long... shape) {
        return base.floats(prefix + name, shape);
      }
    };
  }

  /** What {@code first} has, else what {@code second} gives. */
  static Weights either(Weights first, Weights second) {
    return new Weights() {
      @Override
      public boolean contains(String name) {
        return first.contains(name) || second.contains(name);
      }

      @Override
      public float[] floats(String name, long... shape) {
        return (first.contains(name) ? first : second).floats(name, shape);
      }
    };
  }

  /** Some tensors that stand in memory. */
  static Weights of(Map<String, float[]> tensors) {
    return new Weights() {
      @Override
      public boolean contains(String name) {
        return tensors.containsKey(name);
      }

      @Override
      public float[] floats(String name, long... shape) {
        float[] values = tensors.get(name);
        long size = 1;
        for (long d : shape) {
          size = Math.multiplyExact(size, d);
        }
        if (values == null || values.length != size) {
          throw new RealmException.Incompatible(
              name
                  + ": expected "
                  + size
                  + " values, found "
                  + (values == null ? "none" : values.length));
        }
        return values.clone();
      }
    };
  }

  /**
   * BERT's start: normal with deviation 0.02 cut off at two deviations, biases 0, layer norms 1. A
   * tensor's values depend on the seed and its name only.
   */
  static Weights random(long seed) {
    return new Weights() {
      @Override
      public boolean contains(String name) {
        return true;
      }

      @Override
      public float[] floats(String name, long... shape) {
        long size = 1;
        for (long d : shape) {
          size = Math.multiplyExact(size, d);
        }
        float[] values = new float[Math.toIntExact(size)];
        if (name.endsWith("LayerNorm.weight") || name.endsWith("layer_normalization.weight")) {
          java.util.Arrays.fill(values, 1f);
        } else if (!name.endsWith("bias")) {
          int key = CounterRandom.key(seed, name.hashCode());
          for (int i = 0; i < values.length; i++) {
            float g = CounterRandom.gaussian(key, i);
            values[i] = 0.02f * Math.clamp(g, -2f, 2f);
          }
        }
        return values;
      }
    };
  }
}
