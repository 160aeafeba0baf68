package org.realm4j.qa;

import java.util.ArrayList;
import java.util.List;

/**
 * Whether a prediction that the model gives a probability of 0.7 is right 7 times in 10 (Guo et al.
 * 2017). Predictions without a probability do not count.
 *
 * @param bins ten of equal width; 1.0 belongs to the last
 */
public record Calibration(List<Bin> bins) {
  private static final int BINS = 10;

  /**
   * The predictions whose probability lies in [low, high).
   *
   * @param meanProbability of these predictions; 0 if there are none
   * @param right how many of them are right
   */
  public record Bin(double low, double high, int predictions, double meanProbability, int right) {
    /** The share that is right; 0 if there are no predictions. */
    public double accuracy() {
      return predictions == 0 ? 0 : (double) right / predictions;
    }
  }

  public static Calibration of(List<Outcome> outcomes) {
    int[] predictions = new int[BINS];
    int[] right = new int[BINS];
    double[] sums = new double[BINS];
    for (Outcome outcome : outcomes) {
      if (outcome.prediction() != null && !Double.isNaN(outcome.probability())) {
        int bin = Math.min(BINS - 1, (int) (outcome.probability() * BINS));
        predictions[bin]++;
        sums[bin] += outcome.probability();
        right[bin] += outcome.right() ? 1 : 0;
      }
    }
    List<Bin> bins = new ArrayList<>();
    for (int b = 0; b < BINS; b++) {
      double mean = predictions[b] == 0 ? 0 : sums[b] / predictions[b];
      bins.add(new Bin((double) b / BINS, (b + 1.0) / BINS, predictions[b], mean, right[b]));
    }
    return new Calibration(List.copyOf(bins));
  }

  /** How many predictions have a probability. */
  public int predictions() {
    return bins.stream().mapToInt(Bin::predictions).sum();
  }

  /**
   * The expected calibration error: the mean distance of accuracy and probability over the bins,
   * weighted by their predictions, in [0, 1]; 0 if there are no predictions.
   */
  public double expectedError() {
    double sum = 0;
    for (Bin bin : bins) {
      sum += bin.predictions * Math.abs(bin.accuracy() - bin.meanProbability);
    }
    return predictions() == 0 ? 0 : sum / predictions();
  }
}
