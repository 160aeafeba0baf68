package org.realm4j.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.realm4j.qa.Evaluation;
import org.realm4j.qa.Outcome;

/** What the questions of {@code realm demo} gave, for people and for scripts. */
final class QaReport {
  private static final int EXAMPLES = 5;

  /** The measures whose differences between rows are told. */
  private static final List<QaMeasure> COMPARED =
      List.of(QaMeasure.EM, QaMeasure.F1, QaMeasure.RECALL_5, QaMeasure.ANSWER_RECALL_5);

  private final QaExperiment.Plan plan;
  private final Map<String, QaExperiment.Row> rows = new LinkedHashMap<>(); // by title
  private final QaExperiment.Rows named;
  private final List<QaMeasure> measures;
  private final double seconds;
  private final long seed;

  QaReport(QaExperiment.Plan plan, QaExperiment.Rows named, double seconds) {
    this.plan = plan;
    this.named = named;
    this.seconds = seconds;
    seed = plan.fineTuning().seed();
    rows.put("REALM", named.realm());
    rows.put("BM25 + the same reader", named.bm25());
    rows.put("without REALM pre-training", named.withoutPretraining());
    measures = QaMeasure.of(named.realm().outcomes());
  }

  void print(PrintWriter out) {
    int questions = plan.test().size();
    out.printf(
        Locale.ROOT,
        "%nQuestions: %,d to learn from (%,d steps of %d, %d passages read each), %,d others to be"
            + " measured on.%n%n",
        plan.training().size(),
        plan.fineTuning().steps(),
        plan.fineTuning().batch(),
        plan.fineTuning().read(),
        questions);
    out.printf("%-24s", "");
    rows.keySet().forEach(title -> out.printf("  %-28s", title));
    out.println();
    for (QaMeasure measure : measures) {
      out.printf("%-24s", measure.title());
      rows.values().forEach(row -> out.print("  " + cell(measure, row.outcomes())));
      out.println();
    }
    out.printf(
        Locale.ROOT,
        "%nPercent, their sum over the %,d questions, and the interval that holds 95 %% of the means"
            + " of resampled questions.%n",
        questions);
    rows.forEach((title, row) -> effort(out, title, row));
    out.println();
    difference(out, "BM25 + the same reader", named.bm25());
    difference(out, "no REALM pre-training", named.withoutPretraining());
    examples(out);
    out.flush();
  }

  private String cell(QaMeasure measure, List<Outcome> outcomes) {
    QaMeasure.Mean mean = measure.mean(outcomes, seed);
    double sum = measure.sum(outcomes);
    return String.format(
        Locale.ROOT,
        // F1 alone is no count.
        sum == Math.rint(sum) ? "%5.1f %% %5.0f %5.1f to %5.1f" : "%5.1f %% %5.1f %5.1f to %5.1f",
        100 * mean.mean(),
        sum,
        100 * mean.interval().low(),
        100 * mean.interval().high());
  }

  private void effort(PrintWriter out, String title, QaExperiment.Row row) {
    long asked = plan.fineTuning().steps() * plan.fineTuning().batch();
    out.printf(
        Locale.ROOT,
        "%s: %.0f s of training, where %,d of %,d questions had no answer in what was read;"
            + " %.0f ms an answer.%n",
        title,
        row.trainingSeconds(),
        row.withoutMatch(),
        asked,
        1000 * row.testSeconds() / plan.test().size());
  }

  private void difference(PrintWriter out, String other, QaExperiment.Row row) {
    out.printf("REALM against %s, in points, paired over the questions:%n", other);
    for (QaMeasure measure : COMPARED) {
      if (measures.contains(measure)) {
        QaMeasure.Mean gain = measure.difference(named.realm().outcomes(), row.outcomes(), seed);
        out.printf(
            Locale.ROOT,
            "  %-24s %+5.1f  (%+.1f to %+.1f)%n",
            measure.title(),
            100 * gain.mean(),
            100 * gain.interval().low(),
            100 * gain.interval().high());
      }
    }
    Evaluation.Comparison right =
        Evaluation.compare(row.outcomes(), named.realm().outcomes(), seed);
    out.printf(
        Locale.ROOT,
        "  %,d questions right only with REALM, %,d only with the other%n",
        right.onlySecond(),
        right.onlyFirst());
  }

  private void examples(PrintWriter out) {
    out.printf("%nFive of the questions, as REALM answers them:%n");
    named.realm().outcomes().stream()
        .limit(EXAMPLES)
        .forEach(
            o ->
                out.printf(
                    Locale.ROOT,
                    "  %s  %s (%.2f)%s%n",
                    o.question().text(),
                    o.prediction() == null ? "no answer" : o.prediction(),
                    o.probability(),
                    o.right() ? "" : ", expected " + String.join(" or ", o.question().answers())));
  }

  /** The keys that the command's help documents, to be put beside those of pre-training. */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("qa", figures(named.realm()));
    json.put("qaBm25", figures(named.bm25()));
    json.put("qaWithoutPretraining", figures(named.withoutPretraining()));
    json.put("qaMinusBm25", differences(named.bm25()));
    json.put("qaMinusWithoutPretraining", differences(named.withoutPretraining()));
    json.put("qaSeconds", seconds);
    return json;
  }

  private Map<String, Object> figures(QaExperiment.Row row) {
    Map<String, Object> json = new LinkedHashMap<>();
    Map<String, Object> intervals = new LinkedHashMap<>();
    json.put("questions", row.outcomes().size());
    for (QaMeasure measure : measures) {
      QaMeasure.Mean mean = measure.mean(row.outcomes(), seed);
      json.put(measure.key(), mean.mean());
      intervals.put(measure.key(), interval(mean));
    }
    json.put("intervals", intervals);
    json.put("withoutMatch", row.withoutMatch());
    json.put("trainingSeconds", row.trainingSeconds());
    json.put("testSeconds", row.testSeconds());
    return json;
  }

  private Map<String, Object> differences(QaExperiment.Row other) {
    Map<String, Object> json = new LinkedHashMap<>();
    Map<String, Object> intervals = new LinkedHashMap<>();
    for (QaMeasure measure : measures) {
      QaMeasure.Mean gain = measure.difference(named.realm().outcomes(), other.outcomes(), seed);
      json.put(measure.key(), gain.mean());
      intervals.put(measure.key(), interval(gain));
    }
    json.put("intervals", intervals);
    return json;
  }

  private static List<Double> interval(QaMeasure.Mean mean) {
    return List.of(mean.interval().low(), mean.interval().high());
  }
}
