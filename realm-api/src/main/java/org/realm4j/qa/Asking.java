package org.realm4j.qa;

import org.realm4j.io.RealmException;

/**
 * How a question is answered.
 *
 * @param read passages that are read, at least 1; 5 in the released code
 * @param threshold an answer less likely than this counts as none, in [0, 1]
 * @param alternatives further answers to tell, at least 0
 */
public record Asking(int read, double threshold, int alternatives) {
  public Asking {
    if (read < 1 || !(threshold >= 0 && threshold <= 1) || alternatives < 0) {
      throw new RealmException.BadInput(
          "asking: expected at least 1 passage to read, a threshold in [0, 1] and no negative"
              + " number of alternatives, found %d, %s and %d"
                  .formatted(read, threshold, alternatives));
    }
  }

  /** Five passages, always an answer, three alternatives. */
  public static Asking usual() {
    return new Asking(5, 0, 3);
  }

  public Asking read(int passages) {
    return new Asking(passages, threshold, alternatives);
  }

  public Asking threshold(double probability) {
    return new Asking(read, probability, alternatives);
  }

  public Asking alternatives(int count) {
    return new Asking(read, threshold, count);
  }
}
