package org.realm4j.bench;

/** {@code limits}: what the machine allows. */
final class LimitsSection {
  private static final String NAME = "limits";

  private LimitsSection() {}

  static void run(Context context) {
    for (int t : context.threads()) {
      Limits limits = context.limits(t);
      row(context, "float32 multiply-add", t, limits.fma(), "GFLOP/s");
      row(context, "float32 comparison, beside those", t, limits.comparisons(), "G/s");
      row(context, "float32 division", t, limits.divisions(), "G/s");
      row(context, "float32 square root", t, limits.roots(), "G/s");
      row(context, "memory, read", t, limits.read(), "GB/s");
      row(context, "memory, x = c x", t, limits.update(), "GB/s");
      row(context, "memory, y = c x + y", t, limits.add(), "GB/s");
    }
  }

  private static void row(Context context, String name, int threads, double value, String unit) {
    context.add(Row.of(NAME, name, threads, value, unit));
  }
}
