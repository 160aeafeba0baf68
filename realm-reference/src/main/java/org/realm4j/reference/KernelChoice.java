package org.realm4j.reference;

import java.lang.System.Logger;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.realm4j.io.RealmException;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.ScalarKernels;
import org.realm4j.reference.kernels.SimdLoader;

/** Which kernels to use. */
public enum KernelChoice {
  /** The widest that this machine and this JVM have. */
  AUTO(0),
  SCALAR(0),
  SIMD_256(256),
  SIMD_512(512);

  private static final Map<KernelChoice, Kernels> LOADED = new EnumMap<>(KernelChoice.class);

  private final int bits;

  KernelChoice(int bits) {
    this.bits = bits;
  }

  /**
   * @throws RealmException.BadInput if a width was named that cannot be had here
   */
  public Kernels kernels() {
    synchronized (LOADED) {
      KernelChoice choice = this == AUTO ? best() : this;
      return LOADED.computeIfAbsent(choice, KernelChoice::load);
    }
  }

  /** Why this choice cannot be had here, if it cannot. */
  public Optional<String> unavailableBecause() {
    if (bits == 0) {
      return Optional.empty();
    }
    int has = preferredBits();
    if (has == 0) {
      return Optional.of(
          "the module jdk.incubator.vector is not there: start Java with"
              + " --add-modules jdk.incubator.vector");
    }
    return has >= bits
        ? Optional.empty()
        : Optional.of("this machine's vectors have " + has + " bit");
  }

  private static Kernels load(KernelChoice choice) {
    Optional<String> reason = choice.unavailableBecause();
    if (reason.isPresent()) {
      throw new RealmException.BadInput(choice + " kernels: " + reason.get());
    }
    return choice == SCALAR ? new ScalarKernels() : SimdLoader.load(choice.bits);
  }

  private static KernelChoice best() {
    KernelChoice best = SCALAR;
    for (KernelChoice c : values()) {
      if (c.bits > best.bits && c.unavailableBecause().isEmpty()) {
        best = c;
      }
    }
    if (best == SCALAR && !LOADED.containsKey(SCALAR)) {
      System.getLogger("org.realm4j.reference")
          .log(
              Logger.Level.WARNING,
              "running without SIMD, many times slower: "
                  + SIMD_256.unavailableBecause().orElse("unknown"));
    }
    return best;
  }

  private static int preferredBits() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
        ? SimdLoader.preferredBits()
        : 0;
  }
}
