package org.realm4j.qa;

import java.util.Arrays;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.train.RandomStream;

/**
 * Confidence intervals by the percentile bootstrap (Efron 1979): the questions are drawn again with
 * replacement, {@value #RESAMPLES} times. A pure function of the values and the seed. Thread-safe.
 */
public final class Bootstrap {
  public static final int RESAMPLES = 10_000;

  /** Each side is left out with half of 1 - 0.95. */
  private static final int CUT = RESAMPLES / 40;

  /** The interval that holds 95 % of the resamples' means, ends included. */
  public record Interval(double low, double high) {}

  private Bootstrap() {}

  /**
   * The intervals of the means of several measures of the same questions, from the same resamples.
   *
   * @param values [measures, questions]
   * @return [measures]
   */
  public static Interval[] ofMeans(double[][] values, long seed) {
    int questions = values.length == 0 ? 0 : values[0].length;
    if (questions == 0) {
      throw new RealmException.BadInput("bootstrap: expected at least one question, found none");
    }
    double[][] means = new double[values.length][RESAMPLES];
    int[] drawn = new int[questions];
    for (int r = 0; r < RESAMPLES; r++) {
      int key = RandomStream.EVALUATION.key(seed, r);
      for (int i = 0; i < questions; i++) {
        drawn[i] = CounterRandom.below(questions, key, i);
      }
      for (int m = 0; m < values.length; m++) {
        means[m][r] = mean(values[m], drawn);
      }
    }
    return Arrays.stream(means).map(Bootstrap::middle).toArray(Interval[]::new);
  }

  private static double mean(double[] values, int[] drawn) {
    double sum = 0;
    for (int i : drawn) {
      sum += values[i];
    }
    return sum / drawn.length;
  }

  private static Interval middle(double[] means) {
    Arrays.sort(means);
    return new Interval(means[CUT], means[RESAMPLES - 1 - CUT]);
  }
}
