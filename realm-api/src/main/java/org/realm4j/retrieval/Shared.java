package org.realm4j.retrieval;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Something that is closed by whoever is the last to give it back. It starts with one holder.
 * Taking and giving back never block, and what was closed is never taken again.
 */
abstract class Shared {
  private final AtomicInteger holders = new AtomicInteger(1);

  /** Whether it could be taken: false once it is closed. */
  final boolean take() {
    int n = holders.get();
    while (n > 0) {
      int found = holders.compareAndExchange(n, n + 1);
      if (found == n) {
        return true;
      }
      n = found;
    }
    return false;
  }

  /**
   * @throws IllegalStateException if nobody holds it
   */
  final void giveBack() {
    int left = holders.decrementAndGet();
    if (left < 0) {
      throw new IllegalStateException("given back more often than taken");
    }
    if (left == 0) {
      free();
    }
  }

  /** Called once, by the last holder. */
  abstract void free();
}
