package org.realm4j.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.realm4j.cli.Estimate.Layers;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.RealmConfig;

/** An {@link Estimate} as a table for people and as figures for scripts. */
final class EstimateReport {
  private static final double GIB = 1L << 30;
  private static final String COUNTED = "counted";

  private final Estimate e;

  EstimateReport(Estimate estimate) {
    this.e = estimate;
  }

  void print(PrintWriter out) {
    plan(out);
    memory(out);
    time(out);
    notes(out);
    out.flush();
  }

  /** What a time rests on. */
  private String rate() {
    return e.device().measured() ? "measured rate" : "assumed rate";
  }

  private void plan(PrintWriter out) {
    EstimatePlan plan = e.plan();
    RealmConfig model = plan.model();
    line(out, "Model    retriever %s", bert(model.retriever()));
    line(out, "         encoder %s", bert(model.encoder()));
    line(
        out,
        "Run      %,d passages, %,d steps of %,d queries x %,d candidates, %s",
        plan.passages(),
        plan.steps(),
        plan.batch(),
        plan.candidates(),
        plan.refreshEvery() == 0
            ? "no refresh"
            : String.format(Locale.ROOT, "refresh every %,d", plan.refreshEvery()));
    line(
        out,
        "Tokens   %,d a query (%,d masked), %,d a passage, %,d both together",
        model.queryLimit(),
        plan.masked(),
        model.passageLimit(),
        model.queryLimit() + model.passageLimit() - 1);
    line(out, "Device   %s: %s", e.device().name(), e.device().description());
    line(
        out,
        "         %,d to train, %s",
        e.devices(),
        e.refreshers() == 0
            ? "which also refresh between steps"
            : String.format(Locale.ROOT, "%,d more to refresh", e.refreshers()));
    line(out, "");
  }

  private static String bert(BertConfig c) {
    return String.format(
        Locale.ROOT,
        "%,d layers of %,d, %,d heads, vocabulary of %,d",
        c.layers(),
        c.hidden(),
        c.heads(),
        c.vocabulary());
  }

  private void memory(PrintWriter out) {
    row(out, "memory of one device", "values", "GiB", "");
    bytes(out, "parameters", e.parameterBytes());
    bytes(out, "gradients", e.parameterBytes());
    bytes(out, "optimiser state (two moments)", e.optimiserBytes());
    if (!e.device().holdsIndex()) {
      row(out, "memory of the host", "", "", "");
    }
    bytes(out, "index", e.indexBytes());
    bytes(out, "index, with the new one during a refresh", e.indexPeakBytes());
    line(out, "");
  }

  private static void bytes(PrintWriter out, String name, long bytes) {
    row(out, name, String.format(Locale.ROOT, "%,d", bytes / 4), number(bytes / GIB), COUNTED);
  }

  private void time(PrintWriter out) {
    row(out, "layers in backward", "kept", "recomputed", "");
    both(out, "activations of a query, GiB", l -> e.activationBytes(l) / GIB, COUNTED);
    row(
        out,
        "queries that fit at once (micro-batch)",
        fitting(Layers.KEPT),
        fitting(Layers.RECOMPUTED),
        COUNTED);
    both(out, "operations of a step, 10^12", l -> 1e-12 * e.stepOperations(l), COUNTED);
    both(out, "seconds of a step", e::stepSeconds, rate());
    both(out, "  of these the networks", e::networkSeconds, rate());
    one(out, "  of these the optimiser", e.optimiserSeconds(), "bandwidth");
    one(out, "  of these the all-reduce of gradients", e.allReduceSeconds(), "assumed link");
    both(out, "days of all steps", e::stepDays, rate());
    one(out, "operations of a refresh, 10^12", 1e-12 * e.refreshOperations(), COUNTED);
    one(out, "seconds of a refresh", e.refreshSeconds(), rate());
    both(
        out,
        "  which are as long as so many steps",
        l -> e.refreshSeconds() / e.stepSeconds(l),
        rate());
    both(
        out, String.format(Locale.ROOT, "days with %,d refreshes", e.refreshes()), e::days, rate());
    line(out, "");
  }

  private String fitting(Layers layers) {
    int n = e.microBatch(layers);
    return n == 0 ? "none" : String.format(Locale.ROOT, "%,d", n);
  }

  private static void both(
      PrintWriter out, String name, ToDoubleFunction<Layers> value, String basis) {
    row(
        out,
        name,
        number(value.applyAsDouble(Layers.KEPT)),
        number(value.applyAsDouble(Layers.RECOMPUTED)),
        basis);
  }

  private static void one(PrintWriter out, String name, double value, String basis) {
    row(out, name, number(value), number(value), basis);
  }

  private static void row(PrintWriter out, String name, String first, String second, String basis) {
    line(
        out,
        "%s",
        String.format("%-44s %15s %12s  %s", name, first, second, basis).stripTrailing());
  }

  /** Three digits or more; a dash where there is no such number. */
  private static String number(double x) {
    if (Double.isNaN(x)) {
      return "-";
    }
    int decimals = x == 0 ? 0 : Math.clamp(2 - (int) Math.floor(Math.log10(x)), 0, 6);
    return String.format(Locale.ROOT, "%,." + decimals + "f", x);
  }

  private void notes(PrintWriter out) {
    EstimateDevice d = e.device();
    note(out, COUNTED, "from the sizes: float32, lengths as above, no passage found twice,");
    note(out, "", "%s; without what is held", masks());
    note(out, "", "for a moment only, so what fits is an upper bound");
    note(
        out,
        rate(),
        "%.0f %% of %s x 10^12 operations a second (%s), the device's peak;",
        100 * d.share(),
        number(1e-12 * d.peak()),
        d.precision());
    note(
        out,
        "",
        d.measured()
            ? "both measured, with a smaller model, by ./realm bench step: docs/performance.md"
            : "the peak is the maker's, the share is assumed: it was not measured");
    assumptions(out, d);
    note(
        out,
        "not in it",
        "the search (exactly: %s x 10^12 operations a step, on the host), the first",
        number(1e-12 * e.searchOperations()));
    note(out, "", "index, reading and tokenising, transfers to the device, checkpoints");
    if (e.indexBytes() / 4 > Integer.MAX_VALUE - 8) {
      note(out, "beyond reach", "realm4j keeps the vectors in one Java array, of at most 2^31");
    }
  }

  private void assumptions(PrintWriter out, EstimateDevice d) {
    note(
        out,
        "also assumed",
        "%.0f %% of the device's %s GiB can be used; the optimiser moves each",
        100 * Estimate.USABLE,
        number(d.memory() / GIB));
    note(
        out,
        "",
        "parameter %d times, at the memory's %s GB/s",
        Estimate.OPTIMISER_PASSES,
        number(1e-9 * d.bandwidth()));
    if (e.devices() > 1) {
      note(
          out,
          "",
          "each device sends %s GB of gradients a step around a ring, at %s GB/s,",
          number(1e-9 * e.allReduceBytes()),
          number(1e-9 * d.link()));
      note(out, "", "while it does not compute; realm4j itself trains on one device so far");
    }
    if (e.refreshers() > 0) {
      note(out, "", "training waits for a refresh that takes longer than the steps between two");
    }
  }

  private static void note(PrintWriter out, String head, String format, Object... values) {
    out.printf(Locale.ROOT, "%-14s ", head);
    line(out, format, values);
  }

  private String masks() {
    return e.device().storesMasks()
        ? "dropout, attention's weights and dropout's masks stored"
        : "attention's weights and dropout's masks computed again";
  }

  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("device", e.device().name());
    json.put("devices", e.devices());
    json.put("refreshing_devices", e.refreshers());
    json.put("share", e.device().share());
    json.put("share_measured", e.device().measured());
    json.put("rate", e.device().rate());
    json.put("parameters", e.parameters());
    json.put("parameter_bytes", e.parameterBytes());
    json.put("gradient_bytes", e.parameterBytes());
    json.put("optimiser_bytes", e.optimiserBytes());
    json.put("index_bytes", e.indexBytes());
    json.put("index_peak_bytes", e.indexPeakBytes());
    json.put("search_operations", e.searchOperations());
    json.put("refresh_operations", e.refreshOperations());
    json.put("refresh_seconds", e.refreshSeconds());
    json.put("refreshes", e.refreshes());
    json.put("all_reduce_bytes", e.allReduceBytes());
    for (Layers layers : Layers.values()) {
      json.put(Choices.word(layers), figures(layers));
    }
    return json;
  }

  private Map<String, @Nullable Object> figures(Layers layers) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("activation_bytes", e.activationBytes(layers));
    json.put("micro_batch", e.microBatch(layers));
    json.put("step_operations", e.stepOperations(layers));
    json.put("step_seconds", finite(e.stepSeconds(layers)));
    json.put("step_days", finite(e.stepDays(layers)));
    json.put("days", finite(e.days(layers)));
    return json;
  }

  private static @Nullable Double finite(double x) {
    return Double.isNaN(x) ? null : x;
  }

  private static void line(PrintWriter out, String format, Object... values) {
    out.printf(Locale.ROOT, format + "%n", values);
  }
}
