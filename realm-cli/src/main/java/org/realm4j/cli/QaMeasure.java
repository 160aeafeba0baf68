package org.realm4j.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.realm4j.qa.Bootstrap;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.Ranking;

/**
 * What is measured of answers to questions: a value in [0, 1] a question.
 *
 * @param key in JSON
 * @param title in tables
 * @param ofGold whether every question has to name its gold passage
 */
record QaMeasure(String key, String title, boolean ofGold, ToDoubleFunction<Outcome> value) {
  static final QaMeasure EM = any("em", "exact match", o -> o.right() ? 1 : 0);
  static final QaMeasure F1 = any("f1", "F1", Outcome::f1);
  static final QaMeasure RECALL_1 = gold("recall1", "gold passage in top 1", 1);
  static final QaMeasure RECALL_5 = gold("recall5", "gold passage in top 5", 5);
  static final QaMeasure RECALL_20 = gold("recall20", "gold passage in top 20", 20);
  static final QaMeasure ANSWER_RECALL_1 = answer("answerRecall1", "answer in top 1", 1);
  static final QaMeasure ANSWER_RECALL_5 = answer("answerRecall5", "answer in top 5", 5);
  static final QaMeasure ANSWER_RECALL_20 = answer("answerRecall20", "answer in top 20", 20);
  static final QaMeasure ORACLE =
      any("oracle", "answer in what was read", o -> answerWithin(o, ranking(o).read()));

  private static final List<QaMeasure> ALL =
      List.of(
          EM,
          F1,
          RECALL_1,
          RECALL_5,
          RECALL_20,
          ANSWER_RECALL_1,
          ANSWER_RECALL_5,
          ANSWER_RECALL_20,
          ORACLE);

  private static QaMeasure any(String key, String title, ToDoubleFunction<Outcome> value) {
    return new QaMeasure(key, title, false, value);
  }

  private static QaMeasure gold(String key, String title, int k) {
    return new QaMeasure(key, title, true, o -> ranking(o).goldWithin(k) ? 1 : 0);
  }

  private static QaMeasure answer(String key, String title, int k) {
    return any(key, title, o -> answerWithin(o, k));
  }

  private static double answerWithin(Outcome o, int k) {
    return ranking(o).answerWithin(k) ? 1 : 0;
  }

  private static Ranking ranking(Outcome o) {
    return Objects.requireNonNull(o.ranking(), "passages were retrieved for every question");
  }

  /** Those that can be told of some outcomes. */
  static List<QaMeasure> of(List<Outcome> outcomes) {
    boolean gold = outcomes.stream().allMatch(o -> o.question().passage() != null);
    return ALL.stream().filter(m -> gold || !m.ofGold).toList();
  }

  /** A mean with the interval that holds 95 % of its resamples. */
  record Mean(double mean, Bootstrap.Interval interval) {
    static Mean of(double[] values, long seed) {
      return new Mean(
          Arrays.stream(values).average().orElse(0),
          Bootstrap.ofMeans(new double[][] {values}, seed)[0]);
    }
  }

  double sum(List<Outcome> outcomes) {
    return Arrays.stream(values(outcomes)).sum();
  }

  Mean mean(List<Outcome> outcomes, long seed) {
    return Mean.of(values(outcomes), seed);
  }

  /** The first's mean minus the second's, over the same questions, which are resampled as pairs. */
  Mean difference(List<Outcome> first, List<Outcome> second, long seed) {
    double[] differences = values(first);
    double[] others = values(second);
    for (int i = 0; i < differences.length; i++) {
      differences[i] -= others[i];
    }
    return Mean.of(differences, seed);
  }

  private double[] values(List<Outcome> outcomes) {
    return outcomes.stream().mapToDouble(value).toArray();
  }
}
