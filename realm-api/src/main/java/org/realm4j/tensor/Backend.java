package org.realm4j.tensor;

/**
 * What computes. A backend only knows the operations of {@link Session}; everything about REALM is
 * written once, against them. Thread-safe; the sessions that it opens are not.
 */
public interface Backend {
  /** Short and unique, such as {@code reference}. */
  String name();

  /** What it found and uses: vector width, device, memory; one line for people. */
  String describe();

  /**
   * Opens a session.
   *
   * @param threads how many threads it may use, at least 1; a backend whose runtime cannot limit
   *     that per session says so in {@link #describe}
   */
  Session open(int threads);
}
