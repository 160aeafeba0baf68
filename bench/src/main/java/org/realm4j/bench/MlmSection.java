package org.realm4j.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.BertOnPaper;
import org.realm4j.tensor.Activation;

/** {@code mlm}: a step of BERT's training, 32 sequences of 128 tokens, 15 % of them predicted. */
final class MlmSection {
  private static final String NAME = "mlm";
  private static final BertConfig MODEL = Networks.miniLm(Activation.GELU);

  /** So many sequences of a length. */
  record Shape(int sequences, int length) {
    int tokens() {
      return sequences * length;
    }

    /** Tokens of each sequence that are predicted. */
    int masked() {
      return Math.max(1, Math.round(0.15f * length));
    }

    Map<String, Object> toJson() {
      return Map.of("sequences", sequences, "length", length, "masked", masked());
    }

    /** Of a step in which the last layer gives out the masked tokens only. */
    double gflop() {
      int[] lengths = new int[sequences];
      Arrays.fill(lengths, length);
      int[] rows = new int[sequences];
      Arrays.fill(rows, masked());
      double head = BertOnPaper.headOperations(MODEL, (long) sequences * masked());
      return 3e-9 * (BertOnPaper.operations(MODEL, lengths, rows) + head);
    }
  }

  private MlmSection() {}

  static void run(Context context) {
    Shape shape = new Shape(32, 128);
    String name = "BERT, 32 x 128";
    for (int threads : context.threads()) {
      Map<String, Object> job = job(threads, List.of(shape));
      context.limits(threads); // before the sides start
      try (SideBySide sides = SideBySide.torch(context, job)) {
        sides.warm(2, context.either(3.0, 6.0), request(0));
        context.add(
            row(context, sides, NAME, name, threads, shape, context.rounds(7), request(0))
                .toward(SideBySide.targets(threads, 1.4, 1.85)));
      }
      SideBySide.keepingMemory(
          context, NAME, name, threads, shape.tokens(), job, List.of(request(0)));
    }
  }

  /** Rows of the speed of training at several shapes, by the same two processes. */
  static void compare(Context context, String section, int threads, List<Shape> shapes) {
    context.limits(threads);
    try (SideBySide sides = SideBySide.torch(context, job(threads, shapes))) {
      sides.warm(1, context.either(2.0, 5.0), request(shapes.size() - 1));
      for (int i = 0; i < shapes.size(); i++) {
        Shape shape = shapes.get(i);
        String name = "training, %d x %d".formatted(shape.sequences, shape.length);
        sides.warm(1, 0, request(i));
        context.add(
            row(context, sides, section, name, threads, shape, context.rounds(3), request(i)));
      }
    }
  }

  private static Row row(
      Context context,
      SideBySide sides,
      String section,
      String name,
      int threads,
      Shape shape,
      int rounds,
      Map<String, Object> request) {
    List<List<Sample>> samples = sides.run(rounds, List.of(request));
    return sides
        .row(section, name, threads, "tokens/s", shape.tokens(), samples)
        .limitedBy(context.limits(threads).fma() / shape.gflop() * shape.tokens())
        .with("sequences", shape.sequences)
        .with("length", shape.length)
        .with("gflop", shape.gflop());
  }

  private static Map<String, Object> request(int shape) {
    return Map.of("shape", shape);
  }

  private static Map<String, Object> job(int threads, List<Shape> shapes) {
    Map<String, Object> job = new LinkedHashMap<>();
    job.put("load", "mlm");
    job.put("threads", threads);
    job.put("model", Networks.toJson(MODEL));
    job.put("shapes", shapes.stream().map(Shape::toJson).toList());
    return job;
  }
}
