package org.realm4j.reference.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Defines {@link SimdKernels} once per vector width. Touches the incubator module, so {@code
 * KernelChoice} only comes here when that is present.
 */
public final class SimdLoader {
  private SimdLoader() {}

  /** The width in bits that this machine's vectors have. */
  public static int preferredBits() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
  }

  public static Kernels load(int bits) {
    VectorSpecies<Float> species = bits == 512 ? FloatVector.SPECIES_512 : FloatVector.SPECIES_256;
    try (InputStream in = SimdLoader.class.getResourceAsStream("SimdKernels.class")) {
      if (in == null) {
        throw new IllegalStateException("SimdKernels.class is not beside SimdLoader.class");
      }
      Class<?> hidden =
          MethodHandles.lookup()
              .defineHiddenClassWithClassData(in.readAllBytes(), species, true)
              .lookupClass();
      return (Kernels) hidden.getDeclaredConstructor().newInstance();
    } catch (IOException | ReflectiveOperationException e) {
      throw new IllegalStateException("cannot define the " + bits + " bit kernels", e);
    }
  }
}
