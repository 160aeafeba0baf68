package org.realm4j.gpu;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.BackendProvider;

/**
 * Brings the backend {@code nd4j}: on an NVIDIA card with nd4j-cuda, on the CPU with nd4j-native,
 * whichever is on the class path. It is chosen by itself only where CUDA works; by name anywhere.
 * Links no type of ND4J, and loads none before it is known that ND4J can run here: its CUDA
 * libraries abort the process on a card that they have no machine code for. Thread-safe.
 */
public final class Nd4jBackendProvider implements BackendProvider {
  static final String ND4J = "org.nd4j.linalg.factory.Nd4j";
  static final String CUDA = "org.nd4j.linalg.jcublas.JCublasBackend";
  static final String CPU = "org.nd4j.linalg.cpu.nativecpu.CpuBackend";

  private static final String VERSION = "1.0.0-M2.1";
  private static final long MIB = 1L << 20;

  /** What nd4j-cuda of this version has machine code for; it has none to translate (PTX). */
  private static final List<String> CAPABILITIES =
      List.of("3.7", "5.0", "5.2", "6.0", "6.1", "7.0", "7.5", "8.0", "8.6");

  private final Predicate<String> onClassPath;
  private final Supplier<List<NvidiaCard>> query;
  private @Nullable List<NvidiaCard> cards;

  /** For the service loader. */
  public Nd4jBackendProvider() {
    this(Nd4jBackendProvider::classExists, () -> NvidiaCard.query(NvidiaCard.COMMAND));
  }

  /** With another class path and other cards. */
  Nd4jBackendProvider(Predicate<String> onClassPath, Supplier<List<NvidiaCard>> cards) {
    this.onClassPath = onClassPath;
    this.query = cards;
  }

  private static boolean classExists(String name) {
    // without initialising it, which would load native libraries
    return Nd4jBackendProvider.class
            .getClassLoader()
            .getResource(name.replace('.', '/').concat(".class"))
        != null;
  }

  @Override
  public String name() {
    return "nd4j";
  }

  /** Above the reference backend on a card, below it on the CPU, where that one is faster. */
  @Override
  public int rank() {
    return onClassPath.test(CUDA) && availability().available() ? 20 : 5;
  }

  @Override
  public Availability availability() {
    if (!onClassPath.test(ND4J)) {
      return no(
          "ND4J is not on the class path: add org.nd4j:nd4j-native or nd4j-cuda-11.6, " + VERSION);
    }
    if (onClassPath.test(CUDA)) {
      return cuda();
    }
    if (onClassPath.test(CPU)) {
      return new Availability(true, "the CPU through nd4j-native " + VERSION);
    }
    return no("ND4J has no backend of its own: add org.nd4j:nd4j-native or nd4j-cuda-11.6");
  }

  /** Asked for once: it starts a process, and providers are sorted by rank. */
  private synchronized List<NvidiaCard> cards() {
    List<NvidiaCard> found = cards;
    if (found == null) {
      found = query.get();
      cards = found;
    }
    return found;
  }

  private Availability cuda() {
    List<NvidiaCard> found = cards();
    if (found.isEmpty()) {
      return no("nd4j-cuda needs an NVIDIA card and found none; on the CPU, use nd4j-native");
    }
    NvidiaCard card = found.getFirst(); // ND4J takes the first
    if (!supported(card)) {
      return no(
          card
              + ": nd4j-cuda "
              + VERSION
              + " has machine code for compute capability "
              + String.join(", ", CAPABILITIES)
              + " only; use nd4j-native or the reference backend");
    }
    return new Availability(true, card + " through nd4j-cuda " + VERSION);
  }

  /** Machine code runs on its own capability and on later minor ones of the same major one. */
  private static boolean supported(NvidiaCard card) {
    return CAPABILITIES.stream()
        .anyMatch(
            c ->
                c.startsWith(card.major() + ".")
                    && Integer.parseInt(c.substring(c.indexOf('.') + 1)) <= card.minor());
  }

  private static Availability no(String reason) {
    return new Availability(false, reason);
  }

  @Override
  public Backend create() {
    Availability found = availability();
    if (!found.available()) {
      throw new RealmException.BadInput(found.description());
    }
    try {
      return new Nd4jBackend(found.description(), memoryLimit());
    } catch (LinkageError e) {
      throw new RealmException.BadInput(
          "ND4J cannot be loaded: "
              + e
              + "; its native libraries (a classifier such as linux-x86_64) may be missing",
          e);
    }
  }

  /** Bytes that may be used: of a card's memory, a tenth stays for CUDA itself. */
  long memoryLimit() {
    List<NvidiaCard> all = onClassPath.test(CUDA) ? cards() : List.of();
    boolean known = !all.isEmpty() && all.getFirst().memory() > 0; // not where it is the host's
    return known ? all.getFirst().memory() * MIB / 10 * 9 : Long.MAX_VALUE;
  }
}
