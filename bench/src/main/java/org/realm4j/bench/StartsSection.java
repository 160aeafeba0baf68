package org.realm4j.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.io.JsonObject;

/**
 * {@code starts}: many fresh JVMs, each with the same short load. The compiler may give up on a
 * method in some starts and not in others, and the kernels then run tens of times slower.
 */
final class StartsSection {
  private static final String NAME = "starts";

  /** Of each start; the compiler may need two or three for each of the three loads. */
  private static final double SECONDS = 10.5;

  private static final double LEAST = 0.5;

  private StartsSection() {}

  static void run(Context context) {
    int threads = context.threads().getLast();
    int starts = context.either(5, 20);
    double[] products = new double[starts];
    double[] embeddings = new double[starts];
    double[] searches = new double[starts];
    Map<String, Object> job = Map.of("load", "steady", "threads", threads);
    for (int i = 0; i < starts; i++) {
      try (Peer ours = SideBySide.ours(context, new LinkedHashMap<>(job))) {
        JsonObject answer = ours.ask(Map.of("for_seconds", SECONDS));
        products[i] = answer.number("gflops");
        embeddings[i] = answer.number("tokens_per_second");
        searches[i] = answer.number("searches_per_second");
        context.progress(
            "  start %d of %d: product %.1f GFLOP/s, embedding %.0f tokens/s, %.0f searches/s"
                .formatted(i + 1, starts, products[i], embeddings[i], searches[i]));
      }
    }
    row(context, "product (1024, 384, 1536)", threads, products, "GFLOP/s");
    row(context, "embedding, 4 x 128", threads, embeddings, "tokens/s");
    row(context, "exact and int8 search, 50,000 x 128", threads, searches, "searches/s");
  }

  /** The median, and the slowest beside it. */
  private static void row(Context context, String name, int threads, double[] all, String unit) {
    double median = Statistics.median(all);
    double slowest = Statistics.quantile(0, all);
    double fastest = Statistics.quantile(1, all);
    double no = Double.NaN;
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("all", all);
    context.add(
        new Row(
            NAME,
            name + ", " + all.length + " starts",
            threads,
            median,
            unit,
            "slowest",
            slowest,
            slowest / median,
            slowest / median,
            fastest / median,
            List.of(Target.ratio(LEAST)),
            no,
            more));
    context
        .table()
        .say("%s: %s", name, Arrays.toString(Arrays.stream(all).mapToLong(Math::round).toArray()));
    if (!(slowest >= LEAST * median)) {
      context.fail(
          "starts, %s: expected every start to reach half of the median %.1f, found %.1f"
              .formatted(name, median, slowest));
    }
  }
}
