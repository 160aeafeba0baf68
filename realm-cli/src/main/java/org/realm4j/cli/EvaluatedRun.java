package org.realm4j.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.qa.Evaluation;
import org.realm4j.qa.EvaluationReport;
import org.realm4j.qa.Outcome;

/**
 * What came of all questions in one run.
 *
 * @param name of whoever answered, for people
 * @param seconds that each question took but the first, which also warms up; empty if unknown
 */
record EvaluatedRun(String name, List<Outcome> outcomes, double[] seconds) {

  EvaluatedRun {
    seconds = seconds.clone();
    Arrays.sort(seconds);
  }

  void print(PrintWriter out, long seed) {
    out.println(name + ":");
    out.print(EvaluationReport.of(outcomes, seed).table());
    if (seconds.length > 0) {
      out.printf(
          Locale.ROOT,
          "%-28s %7.3f  90th percentile %.3f%n",
          "seconds a question, median",
          quantile(0.5),
          quantile(0.9));
    }
    out.println();
  }

  Map<String, @Nullable Object> figures(long seed) {
    Map<String, @Nullable Object> figures = new LinkedHashMap<>();
    figures.put("name", name);
    figures.putAll(EvaluationReport.of(outcomes, seed).toMap());
    figures.put("seconds_median", seconds.length == 0 ? null : quantile(0.5));
    figures.put("seconds_p90", seconds.length == 0 ? null : quantile(0.9));
    return figures;
  }

  /** The smallest time that at least this share of the questions did not exceed. */
  double quantile(double share) {
    return seconds[(int) Math.ceil(share * seconds.length) - 1];
  }

  /** How much better this run is than another one over the same questions, in one line. */
  void printGain(EvaluatedRun other, PrintWriter out, long seed) {
    Evaluation.Comparison gain = Evaluation.compare(other.outcomes, outcomes, seed);
    out.printf(
        Locale.ROOT,
        "exact match, %s minus %s: %+.2f points, 95 %% interval %+.2f to %+.2f; right here alone"
            + " %,d, there alone %,d of %,d%n",
        name,
        other.name,
        100 * gain.difference(),
        100 * gain.interval().low(),
        100 * gain.interval().high(),
        gain.onlySecond(),
        gain.onlyFirst(),
        gain.questions());
  }

  Map<String, Object> gainFigures(EvaluatedRun other, long seed) {
    Evaluation.Comparison gain = Evaluation.compare(other.outcomes, outcomes, seed);
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("over", other.name);
    figures.put("difference", gain.difference());
    figures.put("low", gain.interval().low());
    figures.put("high", gain.interval().high());
    figures.put("right_here_alone", gain.onlySecond());
    figures.put("right_there_alone", gain.onlyFirst());
    return figures;
  }
}
