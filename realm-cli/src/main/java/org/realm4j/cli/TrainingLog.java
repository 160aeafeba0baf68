package org.realm4j.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.realm4j.pretrain.PretrainingListener;
import org.realm4j.pretrain.StepReport;

/**
 * What pre-training tells: a line every ten seconds while it goes on, and a table and figures at
 * its end. Every number is a mean over the steps since the line before.
 */
final class TrainingLog implements PretrainingListener {
  private static final long LINE_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int TABLE_ROWS = 10;

  private final PrintWriter err;
  private final long steps;
  private final List<StepReport> reports = new ArrayList<>();
  private final long begun = System.nanoTime();
  private long toldAt = begun;
  private int told;
  private int refreshes;

  /**
   * @param steps of the whole run
   */
  TrainingLog(PrintWriter err, long steps) {
    this.err = err;
    this.steps = steps;
  }

  @Override
  public void step(StepReport report) {
    reports.add(report);
    long now = System.nanoTime();
    if (now - toldAt >= LINE_NANOS || report.step() + 1 == steps) {
      Window window = new Window(reports.subList(told, reports.size()));
      double left = (now - begun) / (double) reports.size() * (steps - report.step() - 1);
      err.printf(
          Locale.ROOT,
          "step %,d/%,d  loss %.4f  utility %+.4f  p(null) %.3f  staleness %.0f  %,.0f tokens/s  %s"
              + " left%n",
          report.step() + 1,
          steps,
          window.mean(StepReport::loss),
          window.mean(StepReport::retrievalUtility),
          window.mean(StepReport::nullProbability),
          window.mean(StepReport::staleness),
          window.tokensPerSecond(),
          ProgressBar.clockFace((long) left));
      toldAt = now;
      told = reports.size();
    }
  }

  @Override
  public void refreshed(long step, long madeAtStep) {
    refreshes++;
  }

  /** Some lines over the whole run. */
  void printTable(PrintWriter out) {
    out.printf(
        "%9s %9s %11s %9s %8s %9s %9s %9s%n",
        "steps", "loss", "log p(y|x)", "utility", "p(null)", "gradient", "staleness", "tokens/s");
    int rows = Math.min(TABLE_ROWS, reports.size());
    for (int row = 0; row < rows; row++) {
      int from = row * reports.size() / rows;
      int to = (row + 1) * reports.size() / rows;
      Window w = new Window(reports.subList(from, to));
      out.printf(
          Locale.ROOT,
          "%,9d %9.4f %11.4f %+9.4f %8.4f %9.3f %9.1f %,9.0f%n",
          reports.get(to - 1).step() + 1,
          w.mean(StepReport::loss),
          w.mean(StepReport::logLikelihood),
          w.mean(StepReport::retrievalUtility),
          w.mean(StepReport::nullProbability),
          w.mean(StepReport::gradientNorm),
          w.mean(StepReport::staleness),
          w.tokensPerSecond());
    }
  }

  /** Adds the figures of these steps, one number a step. */
  void addTo(Map<String, @Nullable Object> figures) {
    figures.put("steps", reports.size());
    figures.put("first_step", reports.isEmpty() ? 0 : reports.getFirst().step());
    figures.put("refreshes", refreshes);
    figures.put("tokens", reports.stream().mapToLong(StepReport::tokens).sum());
    figures.put("seconds", reports.stream().mapToDouble(StepReport::seconds).sum());
    figures.put("waited", reports.stream().mapToDouble(StepReport::waited).sum());
    figures.put("loss", each(StepReport::loss));
    figures.put("log_likelihood", each(StepReport::logLikelihood));
    figures.put("utility", each(StepReport::retrievalUtility));
    figures.put("null_probability", each(StepReport::nullProbability));
    figures.put("gradient_norm", each(StepReport::gradientNorm));
    figures.put("staleness", reports.stream().mapToLong(StepReport::staleness).toArray());
  }

  private double[] each(ToDoubleFunction<StepReport> figure) {
    return reports.stream().mapToDouble(figure).toArray();
  }

  private record Window(List<StepReport> steps) {
    double mean(ToDoubleFunction<StepReport> figure) {
      return steps.stream().mapToDouble(figure).average().orElse(0);
    }

    double tokensPerSecond() {
      double seconds = steps.stream().mapToDouble(StepReport::seconds).sum();
      return seconds > 0 ? steps.stream().mapToLong(StepReport::tokens).sum() / seconds : 0;
    }
  }
}
