package org.realm4j.bench;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.realm4j.bench.Alternately.Sample;

/**
 * {@code text}: the pre-training step at the lengths of real text. This library packs sequences
 * without padding, torch pads each kind of input to its longest; what counts are tokens that are no
 * padding.
 */
final class TextSection {
  private static final String NAME = "text";
  private static final String ROW = "REALM step, real lengths";
  private static final int QUERIES = 4;
  private static final int CANDIDATES = 8;

  private TextSection() {}

  static void run(Context context) {
    Lengths lengths = Lengths.load();
    List<RealmBatch> batches =
        IntStream.range(0, context.either(1, 2))
            .mapToObj(i -> lengths.batch(QUERIES, CANDIDATES, i))
            .toList();
    int tokens = batches.stream().mapToInt(RealmBatch::tokens).sum();
    int padded = batches.stream().mapToInt(TextSection::padded).sum();
    List<Map<String, Integer>> requests =
        IntStream.range(0, batches.size()).mapToObj(i -> Map.of("batch", i)).toList();
    for (int threads : context.threads()) {
      Map<String, Object> job = StepSection.job(threads, batches);
      try (SideBySide sides = SideBySide.torch(context, job)) {
        sides.run(1, requests);
        List<List<Sample>> samples = sides.run(context.rounds(5), requests);
        context.add(
            sides
                .row(NAME, ROW, threads, "tokens/s", tokens, samples)
                .with("tokens", tokens)
                .with("padded_tokens", padded)
                .toward(SideBySide.targets(threads, 3.0, 3.0)));
      }
      SideBySide.keepingMemory(context, NAME, ROW, threads, tokens, job, requests);
    }
    context
        .table()
        .say(
            "%,d tokens in %d batches; padded they are %,d (%.0f %% more).",
            tokens, batches.size(), padded, 100.0 * padded / tokens - 100);
  }

  private static int padded(RealmBatch b) {
    return padded(b.queries()) + padded(b.documents()) + padded(b.joint());
  }

  static int padded(int[] lengths) {
    return lengths.length * IntStream.of(lengths).max().orElse(0);
  }
}
