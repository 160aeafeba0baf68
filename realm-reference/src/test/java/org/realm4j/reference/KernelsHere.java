package org.realm4j.reference;

import java.util.Arrays;
import java.util.List;

/** The kernels that the machine of the test has; {@code KernelsTest} tells which it must have. */
public final class KernelsHere {
  private KernelsHere() {}

  /** All choices but {@link KernelChoice#AUTO}, which is one of the others. */
  public static List<KernelChoice> choices() {
    return Arrays.stream(KernelChoice.values())
        .filter(c -> c != KernelChoice.AUTO && c.unavailableBecause().isEmpty())
        .toList();
  }
}
