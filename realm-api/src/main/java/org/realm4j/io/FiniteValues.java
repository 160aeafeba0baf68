package org.realm4j.io;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Refuses NaN and infinities where a network would only spread them. */
public final class FiniteValues {
  private FiniteValues() {}

  /**
   * Looks at every value.
   *
   * @param where file and tensor, for the message
   * @param values row-major, of the shape
   * @throws RealmException.CorruptFile that names the first place which is not finite
   */
  public static void check(String where, long[] shape, float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new RealmException.CorruptFile(
            "%s: expected finite values, found %s at %s".formatted(where, values[i], at(shape, i)));
      }
    }
  }

  private static List<Long> at(long[] shape, long index) {
    List<Long> place = new ArrayList<>();
    long rest = index;
    for (int d = shape.length - 1; d >= 0; d--) {
      place.add(rest % shape[d]);
      rest /= shape[d];
    }
    Collections.reverse(place);
    return place;
  }
}
