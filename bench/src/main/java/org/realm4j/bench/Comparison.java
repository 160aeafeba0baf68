package org.realm4j.bench;

import java.util.List;
import org.realm4j.bench.Alternately.Sample;

/**
 * Two sides that did the same amount of work by turns.
 *
 * @param ours work per second, from the median of the turns
 * @param ratio ours to the peer's; above 1 this library is faster
 * @param low first quartile of the ratios of each round
 * @param high third quartile of the ratios of each round
 * @param ourCores how many cores were busy with it, on average
 */
record Comparison(
    double ours,
    double peer,
    double ratio,
    double low,
    double high,
    double ourCores,
    double peerCores) {

  static Comparison of(double work, List<Sample> ours, List<Sample> peer) {
    double[] ratios = new double[ours.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = peer.get(i).seconds() / ours.get(i).seconds();
    }
    double a = speed(work, ours);
    double b = speed(work, peer);
    return new Comparison(
        a,
        b,
        a / b,
        Statistics.quantile(0.25, ratios),
        Statistics.quantile(0.75, ratios),
        cores(ours),
        cores(peer));
  }

  static double speed(double work, List<Sample> samples) {
    return work / Statistics.median(samples.stream().mapToDouble(Sample::seconds).toArray());
  }

  static double cores(List<Sample> samples) {
    return samples.stream().mapToDouble(Sample::cpuSeconds).sum()
        / samples.stream().mapToDouble(Sample::seconds).sum();
  }
}
