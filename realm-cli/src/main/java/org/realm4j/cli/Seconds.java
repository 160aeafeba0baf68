package org.realm4j.cli;

/** How long something took. */
final class Seconds {
  private Seconds() {}

  /**
   * @param begun by {@link System#nanoTime}
   */
  static double since(long begun) {
    return Math.round((System.nanoTime() - begun) * 1e-6) * 1e-3;
  }
}
