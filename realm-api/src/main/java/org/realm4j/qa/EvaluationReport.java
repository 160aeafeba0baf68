package org.realm4j.qa;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Formatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;

/**
 * What came of a set of questions, as counts, shares and 95 % intervals. Every question counts,
 * with or without a prediction. Immutable, thread-safe.
 *
 * @param questions how many
 * @param verdicts how many questions had each verdict
 * @param measures exact match and F1 of all questions; where passages were retrieved, how many
 *     questions have an answer among the first k and among those that were read (the best that the
 *     reader could do), and the gold passage among the first k
 */
public record EvaluationReport(
    int questions,
    Map<Outcome.Verdict, Integer> verdicts,
    List<Measure> measures,
    Calibration calibration) {
  public static final String EXACT_MATCH = "exact match";
  public static final String F1 = "F1";
  public static final String ORACLE = "answer in the passages read";

  private static final int[] RANKS = {1, 5, 10, 20, 50, 100, 500, 1000, 5000};

  /**
   * A mean over questions.
   *
   * @param sum of the questions' values, for yes or no the count of those with yes
   * @param questions that it is about
   */
  public record Measure(String name, double sum, int questions, Bootstrap.Interval interval) {
    public double mean() {
      return sum / questions;
    }
  }

  /** The name of the measure of recall@k. */
  public static String answerInTop(int k) {
    return "answer in top " + k;
  }

  /** The name of the measure of how often the gold passage is among the first k. */
  public static String goldInTop(int k) {
    return "gold passage in top " + k;
  }

  /**
   * Sums up.
   *
   * @param seed of the resamples for the intervals, see {@link Bootstrap}
   * @throws RealmException.BadInput if there are no outcomes
   */
  public static EvaluationReport of(List<Outcome> outcomes, long seed) {
    if (outcomes.isEmpty()) {
      throw new RealmException.BadInput("evaluation: expected at least one question, found none");
    }
    List<Measure> measures = new ArrayList<>();
    Map<String, ToDoubleFunction<Outcome>> answers = new LinkedHashMap<>();
    answers.put(EXACT_MATCH, o -> o.right() ? 1 : 0);
    answers.put(F1, Outcome::f1);
    measure(outcomes, answers, seed, measures);

    List<Outcome> ranked = outcomes.stream().filter(o -> o.ranking() != null).toList();
    Map<String, ToDoubleFunction<Outcome>> recall = new LinkedHashMap<>();
    Map<String, ToDoubleFunction<Outcome>> gold = new LinkedHashMap<>();
    for (int k : ranks(ranked)) {
      recall.put(answerInTop(k), o -> ranking(o).answerWithin(k) ? 1 : 0);
      gold.put(goldInTop(k), o -> ranking(o).goldWithin(k) ? 1 : 0);
    }
    if (ranked.stream().anyMatch(o -> ranking(o).read() > 0)) {
      recall.put(ORACLE, o -> ranking(o).answerWithin(ranking(o).read()) ? 1 : 0);
    }
    measure(ranked, recall, seed, measures);
    measure(
        ranked.stream().filter(o -> o.question().passage() != null).toList(), gold, seed, measures);

    Map<Outcome.Verdict, Integer> verdicts = new LinkedHashMap<>();
    for (Outcome.Verdict verdict : Outcome.Verdict.values()) {
      verdicts.put(verdict, (int) outcomes.stream().filter(o -> o.verdict() == verdict).count());
    }
    return new EvaluationReport(
        outcomes.size(), verdicts, List.copyOf(measures), Calibration.of(outcomes));
  }

  /**
   * The ranks that were reached; where a ranking such as BM25's ends before, nothing more is found.
   */
  private static List<Integer> ranks(List<Outcome> ranked) {
    int reached = ranked.stream().mapToInt(o -> ranking(o).retrieved()).max().orElse(0);
    List<Integer> ranks = new ArrayList<>();
    for (int k : RANKS) {
      if (k <= reached) {
        ranks.add(k);
      }
    }
    return ranks;
  }

  private static Ranking ranking(Outcome outcome) {
    return Objects.requireNonNull(outcome.ranking(), "only outcomes with a ranking come here");
  }

  private static void measure(
      List<Outcome> outcomes,
      Map<String, ToDoubleFunction<Outcome>> functions,
      long seed,
      List<Measure> measures) {
    if (functions.isEmpty() || outcomes.isEmpty()) {
      return;
    }
    double[][] values = new double[functions.size()][];
    int m = 0;
    for (ToDoubleFunction<Outcome> function : functions.values()) {
      values[m++] = outcomes.stream().mapToDouble(function).toArray();
    }
    Bootstrap.Interval[] intervals = Bootstrap.ofMeans(values, seed);
    m = 0;
    for (String name : functions.keySet()) {
      double sum = Arrays.stream(values[m]).sum();
      measures.add(new Measure(name, sum, outcomes.size(), intervals[m++]));
    }
  }

  /**
   * A measure by its name.
   *
   * @throws RealmException.BadInput if this report has none of this name
   */
  public Measure measure(String name) {
    return measures.stream()
        .filter(m -> m.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new RealmException.BadInput(
                    "evaluation: expected one of %s, found '%s'"
                        .formatted(measures.stream().map(Measure::name).toList(), name)));
  }

  /** A table of a few lines, percentages with counts and intervals. */
  public String table() {
    Formatter table = new Formatter(Locale.ROOT);
    table.format("%,d questions\n", questions);
    verdicts.forEach(
        (verdict, count) -> {
          if (count > 0) {
            table.format("  %-12s %,9d\n", name(verdict), count);
          }
        });
    table.format("%-28s %7s  %16s  of questions\n", "", "%", "95 % interval");
    for (Measure m : measures) {
      table.format(
          "%-28s %7.2f  %6.2f to %6.2f  %,.0f of %,d\n",
          m.name,
          100 * m.mean(),
          100 * m.interval.low(),
          100 * m.interval.high(),
          m.sum,
          m.questions);
    }
    if (calibration.predictions() > 0) {
      table(table, calibration);
    }
    return table.toString();
  }

  private static void table(Formatter table, Calibration calibration) {
    table.format("%-28s %7.2f\n", "expected calibration error", 100 * calibration.expectedError());
    table.format("  %-12s %11s %9s %9s\n", "probability", "predictions", "mean", "right");
    for (Calibration.Bin bin : calibration.bins()) {
      if (bin.predictions() > 0) {
        table.format(
            "  %.1f to %.1f   %,11d %9.3f %9.3f\n",
            bin.low(), bin.high(), bin.predictions(), bin.meanProbability(), bin.accuracy());
      }
    }
  }

  private static String name(Outcome.Verdict verdict) {
    return verdict.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** The same as plain values, for {@link org.realm4j.io.Json}. */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("questions", (long) questions);
    Map<String, @Nullable Object> counts = new LinkedHashMap<>();
    verdicts.forEach((verdict, count) -> counts.put(name(verdict), (long) count));
    map.put("verdicts", counts);
    Map<String, @Nullable Object> means = new LinkedHashMap<>();
    for (Measure m : measures) {
      Map<String, @Nullable Object> entry = new LinkedHashMap<>();
      entry.put("mean", m.mean());
      entry.put("sum", m.sum);
      entry.put("questions", (long) m.questions);
      entry.put("low", m.interval.low());
      entry.put("high", m.interval.high());
      means.put(m.name, entry);
    }
    map.put("measures", means);
    if (calibration.predictions() > 0) {
      map.put("calibration", calibrationMap());
    }
    return map;
  }

  private Map<String, @Nullable Object> calibrationMap() {
    List<Map<String, @Nullable Object>> bins = new ArrayList<>();
    for (Calibration.Bin bin : calibration.bins()) {
      Map<String, @Nullable Object> entry = new LinkedHashMap<>();
      entry.put("low", bin.low());
      entry.put("high", bin.high());
      entry.put("predictions", (long) bin.predictions());
      entry.put("mean probability", bin.meanProbability());
      entry.put("accuracy", bin.accuracy());
      bins.add(entry);
    }
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("expected error", calibration.expectedError());
    map.put("bins", bins);
    return map;
  }
}
