package org.realm4j.reference.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
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
    try {
      Object tiles = define("SimdTiles", species).getDeclaredConstructor().newInstance();
      Object activations =
          define("SimdActivations", species).getDeclaredConstructor().newInstance();
      Object scans = define("SimdScans", species).getDeclaredConstructor().newInstance();
      return (Kernels)
          define("SimdKernels", species)
              .getDeclaredConstructor(TileKernels.class, ActivationKernels.class, ScanKernels.class)
              .newInstance(tiles, activations, scans);
    } catch (IOException | ReflectiveOperationException e) {
      throw new IllegalStateException("cannot define the " + bits + " bit kernels", e);
    }
  }

  private static Class<?> define(String name, VectorSpecies<Float> species)
      throws IOException, IllegalAccessException {
    try (InputStream in = SimdLoader.class.getResourceAsStream(name + ".class")) {
      if (in == null) {
        throw new IllegalStateException(name + ".class is not beside SimdLoader.class");
      }
      return MethodHandles.lookup()
          .defineHiddenClassWithClassData(in.readAllBytes(), species, true)
          .lookupClass();
    }
  }

  /** The species that a hidden class was defined for. */
  @SuppressWarnings("unchecked")
  static VectorSpecies<Float> species(Lookup hidden) {
    try {
      return MethodHandles.classData(hidden, "_", VectorSpecies.class);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }
}
