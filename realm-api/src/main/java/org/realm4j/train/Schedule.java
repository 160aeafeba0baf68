package org.realm4j.train;

import org.realm4j.io.RealmException;

/** What a learning rate is multiplied with at each step. */
@FunctionalInterface
public interface Schedule {
  /**
   * @param step from 0
   * @return at least 0
   */
  float at(long step);

  /** Rises in equal parts over the first steps, then stays 1: a fresh Adam's updates are noisy. */
  static Schedule rampUp(long steps) {
    return step -> step < steps ? (step + 1f) / steps : 1f;
  }

  /**
   * BERT's: linear from 0 over the warm-up, then 1 - step / total, which jumps a little where they
   * meet; 0 from {@code total} on.
   */
  static Schedule bert(long warmup, long total) {
    if (warmup < 0 || total < 1 || warmup > total) {
      throw new RealmException.BadInput(
          "schedule: expected 0 <= warm-up <= total, found " + warmup + " and " + total);
    }
    return step -> step < warmup ? (float) step / warmup : Math.max(0f, 1f - (float) step / total);
  }

  /** The warm-up of the released code: a tenth of the steps, at least 100 and at most 10,000. */
  static Schedule bert(long total) {
    return bert(Math.min(total, Math.min(10_000, Math.max(100, total / 10))), total);
  }
}
