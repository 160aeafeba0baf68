package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.pretrain.SpanEvaluation;
import org.realm4j.text.Passage;
import org.realm4j.text.Vocabulary;

/** What {@code realm demo} found, for people and for scripts. */
final class DemoReport {
  private static final int EXAMPLES = 5;
  private static final int SHOWN_PASSAGES = 3;

  private final Experiment experiment;
  private final Experiment.Outcome outcome;
  private final PassageStore store;
  private final SpanEvaluation.Summary before;
  private final SpanEvaluation.Summary after;
  private final SpanEvaluation.Summary control;
  // share of the held-out spans that another passage holds
  private final double supported;

  DemoReport(Experiment experiment, Experiment.Outcome outcome, PassageStore store) {
    this.experiment = experiment;
    this.outcome = outcome;
    this.store = store;
    before = SpanEvaluation.summary(outcome.before());
    after = SpanEvaluation.summary(outcome.after());
    control = SpanEvaluation.summary(outcome.control());
    supported =
        outcome.after().stream().filter(o -> experiment.heldElsewhere(o.query())).count()
            / (double) outcome.after().size();
  }

  /** Only the spans that another passage holds. */
  private SpanEvaluation.Summary supportedOnly(List<SpanEvaluation.Outcome> outcomes) {
    return SpanEvaluation.summary(
        outcomes.stream().filter(o -> experiment.heldElsewhere(o.query())).toList());
  }

  void print(PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%nHeld-out masked spans: %d, whose own passage is never retrieved."
            + " Another passage holds the span for %.0f %% of them.%n%n",
        before.spans(),
        100 * supported);
    out.printf(
        "%-28s %10s %10s %8s %8s %8s %8s %8s %8s%n",
        "", "log p(y|x)", "null only", "utility", "p(null)", "right", "recall@1", "@5", "@20");
    row(out, "before joint training", before);
    row(out, "after joint training", after);
    row(out, "control: frozen retriever", control);
    out.printf(
        Locale.ROOT,
        "%-28s %10s %10s %8s %8s %8s %7.1f%% %7.1f%% %7.1f%%%n",
        "BM25 (retrieval only)",
        "",
        "",
        "",
        "",
        "",
        100 * outcome.bm25Recall()[0],
        100 * outcome.bm25Recall()[1],
        100 * outcome.bm25Recall()[2]);
    out.printf("only spans that another passage holds:%n");
    row(out, "  before joint training", supportedOnly(outcome.before()));
    row(out, "  after joint training", supportedOnly(outcome.after()));
    row(out, "  control: frozen retriever", supportedOnly(outcome.control()));
    out.printf(
        "%nlog p(y|x): the masked span's log-likelihood in nats, mixed over %d candidates; null only:"
            + " with no passage;%nutility: what retrieval adds; right: spans predicted whole;"
            + " recall@k: one of the first k passages holds the span.%n%n",
        outcome.after().getFirst().candidates().length);
    differences(out);
    examples(out);
    out.printf(
        Locale.ROOT, "%n%d refreshes of the index during joint training%n", outcome.refreshes());
    out.flush();
  }

  private static void row(PrintWriter out, String name, SpanEvaluation.Summary s) {
    out.printf(
        Locale.ROOT,
        "%-28s %10.3f %10.3f %8.3f %8.3f %7.1f%% %7.1f%% %7.1f%% %7.1f%%%n",
        name,
        s.spanLogLikelihood(),
        s.spanLogLikelihoodNull(),
        s.retrievalUtility(),
        s.nullProbability(),
        100 * s.spanAccuracy(),
        100 * s.recall1(),
        100 * s.recall5(),
        100 * s.recall20());
  }

  /**
   * A mean of paired differences.
   *
   * @param standardError of the mean
   */
  record Difference(double mean, double standardError, int spans) {
    static Difference of(double[] differences) {
      int n = differences.length;
      double mean = IntStream.range(0, n).mapToDouble(i -> differences[i]).average().orElse(0);
      double squares = 0;
      for (double d : differences) {
        squares += (d - mean) * (d - mean);
      }
      return new Difference(mean, n < 2 ? 0 : Math.sqrt(squares / (n - 1) / n), n);
    }
  }

  private static Difference paired(List<SpanEvaluation.Outcome> a, List<SpanEvaluation.Outcome> b) {
    double[] differences = new double[a.size()];
    for (int i = 0; i < differences.length; i++) {
      differences[i] = a.get(i).logLikelihood() - b.get(i).logLikelihood();
    }
    return Difference.of(differences);
  }

  private void differences(PrintWriter out) {
    Difference toBefore = paired(outcome.after(), outcome.before());
    Difference toControl = paired(outcome.after(), outcome.control());
    out.printf(
        Locale.ROOT,
        "Joint training changed log p(y|x) by %+.3f +- %.3f nats against before, and by"
            + " %+.3f +- %.3f against the control%n(paired over %d spans, +- one standard error).%n",
        toBefore.mean(),
        toBefore.standardError(),
        toControl.mean(),
        toControl.standardError(),
        toControl.spans());
    long told =
        outcome.after().stream().filter(o -> o.rankOfSpan() > 0 && o.rankOfSpan() < 8).count();
    out.printf(
        Locale.ROOT,
        "What limits it: for %.0f %% of the spans none of the retrieved passages holds the span, and"
            + " then only what the%nnetworks already know can help; BM25 finds one among its first 5"
            + " for %.0f %%.%n",
        100 - 100.0 * told / after.spans(),
        100 * outcome.bm25Recall()[1]);
  }

  private void examples(PrintWriter out) {
    out.printf("%nFive masked sentences after training:%n");
    Vocabulary vocabulary = outcome.trained().model().vocabulary();
    outcome.after().stream()
        .limit(EXAMPLES)
        .forEach(
            o -> {
              out.printf("%n  %s%n", text(o.query().ids(), vocabulary));
              out.printf(
                  "  predicted: %s   (right: %s)%n",
                  text(o.predicted(), vocabulary), text(o.query().targets(), vocabulary));
              for (int k = 0; k <= SHOWN_PASSAGES && k < o.candidates().length; k++) {
                out.printf(
                    Locale.ROOT,
                    "    p(z|x) %.3f  log p(y|z,x) %7.2f  %s%n",
                    o.prior()[k],
                    o.given()[k],
                    shown(o.candidates()[k]));
              }
            });
  }

  private String shown(int passage) {
    if (passage < 0) {
      return "(null document)";
    }
    Passage p = store.passage(passage);
    String text = p.text();
    return text.length() <= 100 ? text : text.substring(0, 97) + "...";
  }

  /** Wordpieces as text, for reading. */
  static String text(int[] ids, Vocabulary vocabulary) {
    return IntStream.of(ids)
        .mapToObj(vocabulary::token)
        .collect(Collectors.joining(" "))
        .replace(" ##", "");
  }

  /** The keys that the command's help documents. */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("refreshes", outcome.refreshes());
    json.put("passages", store.size());
    json.put("heldOutSpans", before.spans());
    json.put("spansInAnotherPassage", supported);
    json.put("before", figures(before));
    json.put("after", figures(after));
    json.put("control", figures(control));
    Difference difference = paired(outcome.after(), outcome.control());
    json.put(
        "jointMinusControl",
        Map.of(
            "mean", difference.mean(),
            "standardError", difference.standardError(),
            "spans", difference.spans()));
    Map<String, Object> bm25 = new LinkedHashMap<>();
    bm25.put("recall1", outcome.bm25Recall()[0]);
    bm25.put("recall5", outcome.bm25Recall()[1]);
    bm25.put("recall20", outcome.bm25Recall()[2]);
    json.put("bm25", bm25);
    return json;
  }

  private static Map<String, Object> figures(SpanEvaluation.Summary s) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("spanLogLikelihood", s.spanLogLikelihood());
    json.put("spanLogLikelihoodNull", s.spanLogLikelihoodNull());
    json.put("nullProbability", s.nullProbability());
    json.put("spanAccuracy", s.spanAccuracy());
    json.put("recall1", s.recall1());
    json.put("recall5", s.recall5());
    json.put("recall20", s.recall20());
    return json;
  }

  /** The process's largest resident set so far, where the system tells (Linux). */
  static @Nullable Long peakMemory() {
    Path status = Path.of("/proc/self/status");
    try (var lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith("VmHWM:"))
          .map(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
          .findFirst()
          .orElse(null);
    } catch (java.io.IOException e) {
      return null;
    }
  }
}
