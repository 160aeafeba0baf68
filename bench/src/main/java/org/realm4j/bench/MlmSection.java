package org.realm4j.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.nn.BertConfig;
import org.realm4j.tensor.Activation;

/** {@code mlm}: a step of BERT's training, 32 sequences of 128 tokens, 15 % of them predicted. */
final class MlmSection {
  private static final String NAME = "mlm";
  private static final BertConfig MODEL = Networks.miniLm(Activation.GELU);

  private MlmSection() {}

  static void run(Context context) {
    for (int threads : context.threads()) {
      compare(context, NAME, "BERT, 32 x 128", threads, 32, 128, context.rounds(7));
    }
  }

  /** One row of the speed of training. */
  static void compare(
      Context context,
      String section,
      String name,
      int threads,
      int sequences,
      int length,
      int rounds) {
    int masked = Math.max(1, Math.round(0.15f * length));
    double gflop = gflop(sequences, length, masked);
    context.limits(threads); // before the sides start
    try (SideBySide sides = SideBySide.torch(context, job(threads, sequences, length, masked))) {
      List<Map<String, Object>> request = List.of(Map.of());
      sides.warm(2, context.either(3.0, 6.0), Map.of());
      List<List<Sample>> samples = sides.run(rounds, request);
      double tokens = (double) sequences * length;
      context.add(
          sides
              .row(section, name, threads, "tokens/s", tokens, samples)
              .limitedBy(context.limits(threads).fma() / gflop * tokens)
              .with("sequences", sequences)
              .with("length", length)
              .with("gflop", gflop));
    }
  }

  private static Map<String, Object> job(int threads, int sequences, int length, int masked) {
    Map<String, Object> job = new LinkedHashMap<>();
    job.put("load", "mlm");
    job.put("threads", threads);
    job.put("model", Networks.toJson(MODEL));
    job.put("sequences", sequences);
    job.put("length", length);
    job.put("masked", masked);
    return job;
  }

  /** Of a step in which the last layer gives out the masked tokens only. */
  static double gflop(int sequences, int length, int masked) {
    int[] lengths = new int[sequences];
    Arrays.fill(lengths, length);
    int[] rows = new int[sequences];
    Arrays.fill(rows, masked);
    long h = MODEL.hidden();
    long head = 2L * sequences * masked * (h * h + h * MODEL.vocabulary());
    return 3e-9 * (MemoryOnPaper.forward(MODEL, lengths, rows) + head);
  }
}
