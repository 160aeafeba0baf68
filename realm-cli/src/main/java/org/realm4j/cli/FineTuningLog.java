package org.realm4j.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.realm4j.qa.FineTuningReport;

/**
 * What fine-tuning tells: a line every ten seconds while it goes on, and a table and figures at its
 * end. Losses are means over all questions of the steps since the line before.
 */
final class FineTuningLog {
  private static final long LINE_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int TABLE_ROWS = 10;

  private final PrintWriter err;
  private final long steps;
  private final List<FineTuningReport> reports = new ArrayList<>();
  private final long begun = System.nanoTime();
  private long toldAt = begun;
  private int told;

  /**
   * @param steps of the whole run
   */
  FineTuningLog(PrintWriter err, long steps) {
    this.err = err;
    this.steps = steps;
  }

  void step(FineTuningReport report) {
    reports.add(report);
    long now = System.nanoTime();
    if (now - toldAt >= LINE_NANOS || report.step() + 1 == steps) {
      Window window = new Window(reports.subList(told, reports.size()));
      double left = (now - begun) / (double) reports.size() * (steps - report.step() - 1);
      err.printf(
          Locale.ROOT,
          "step %,d/%,d  retriever loss %.4f  reader loss %.4f  matches %.0f %% retrieved,"
              + " %.0f %% read  %,.0f tokens/s  %s left%n",
          report.step() + 1,
          steps,
          window.mean(FineTuningReport::retrieverLoss),
          window.mean(FineTuningReport::readerLoss),
          100 * window.share(FineTuningReport::retrieverMatches),
          100 * window.share(FineTuningReport::readerMatches),
          window.tokensPerSecond(),
          ProgressBar.clockFace((long) left));
      toldAt = now;
      told = reports.size();
    }
  }

  /** Some lines over the whole run, and what the questions without a match amount to. */
  void printTable(PrintWriter out) {
    out.printf(
        "%9s %9s %9s %10s %9s %9s %9s%n",
        "steps", "retriever", "reader", "retrieved", "read", "gradient", "tokens/s");
    int rows = Math.min(TABLE_ROWS, reports.size());
    for (int row = 0; row < rows; row++) {
      int from = row * reports.size() / rows;
      int to = (row + 1) * reports.size() / rows;
      Window w = new Window(reports.subList(from, to));
      out.printf(
          Locale.ROOT,
          "%,9d %9.4f %9.4f %8.1f %% %7.1f %% %9.3f %,9.0f%n",
          reports.get(to - 1).step() + 1,
          w.mean(FineTuningReport::retrieverLoss),
          w.mean(FineTuningReport::readerLoss),
          100 * w.share(FineTuningReport::retrieverMatches),
          100 * w.share(FineTuningReport::readerMatches),
          w.mean(FineTuningReport::gradientNorm),
          w.tokensPerSecond());
    }
    int seen = sum(FineTuningReport::questions);
    out.printf(
        Locale.ROOT,
        "%,d questions seen; no passage that was retrieved held an answer for %,d, no passage that"
            + " was read for %,d: these taught nothing there%n",
        seen,
        seen - sum(FineTuningReport::retrieverMatches),
        seen - sum(FineTuningReport::readerMatches));
  }

  /** Whether steps were done, and no question of theirs had a match anywhere. */
  boolean learntNothing() {
    return !reports.isEmpty()
        && sum(FineTuningReport::retrieverMatches) + sum(FineTuningReport::readerMatches) == 0;
  }

  /** Adds the figures of these steps, one number a step. */
  void addTo(Map<String, @Nullable Object> figures) {
    int seen = sum(FineTuningReport::questions);
    figures.put("steps", reports.size());
    figures.put("first_step", reports.isEmpty() ? 0 : reports.getFirst().step());
    figures.put("questions_seen", seen);
    figures.put("not_retrieved", seen - sum(FineTuningReport::retrieverMatches));
    figures.put("not_read", seen - sum(FineTuningReport::readerMatches));
    figures.put("tokens", reports.stream().mapToLong(FineTuningReport::tokens).sum());
    figures.put("seconds", reports.stream().mapToDouble(FineTuningReport::seconds).sum());
    figures.put("retriever_loss", each(FineTuningReport::retrieverLoss));
    figures.put("reader_loss", each(FineTuningReport::readerLoss));
    figures.put("gradient_norm", each(FineTuningReport::gradientNorm));
  }

  private int sum(ToIntFunction<FineTuningReport> count) {
    return reports.stream().mapToInt(count).sum();
  }

  private double[] each(ToDoubleFunction<FineTuningReport> figure) {
    return reports.stream().mapToDouble(figure).toArray();
  }

  private record Window(List<FineTuningReport> steps) {
    double mean(ToDoubleFunction<FineTuningReport> figure) {
      return steps.stream().mapToDouble(figure).average().orElse(0);
    }

    double share(ToIntFunction<FineTuningReport> count) {
      int questions = steps.stream().mapToInt(FineTuningReport::questions).sum();
      return questions == 0 ? 0 : (double) steps.stream().mapToInt(count).sum() / questions;
    }

    double tokensPerSecond() {
      double seconds = steps.stream().mapToDouble(FineTuningReport::seconds).sum();
      return seconds > 0 ? steps.stream().mapToLong(FineTuningReport::tokens).sum() / seconds : 0;
    }
  }
}
