package org.realm4j.bench;

import java.util.Arrays;
import java.util.List;

/**
 * {@code curve}: the speed of embedding and of training by length, at some 4,096 tokens, and by the
 * number of sequences, at a length of 128. {@code bench/plot.py} draws it.
 */
final class CurveSection {
  private static final String NAME = "curve";
  private static final int TOKENS = 4096;

  private CurveSection() {}

  static void run(Context context) {
    for (int threads : context.threads()) {
      for (int length : context.either(new int[] {32, 512}, new int[] {32, 64, 128, 256, 512})) {
        both(context, threads, TOKENS / length, length);
      }
      for (int sequences : context.either(new int[] {1}, new int[] {1, 2, 4, 8, 16})) {
        both(context, threads, sequences, 128);
      }
    }
  }

  private static void both(Context context, int threads, int sequences, int length) {
    String size = "%d x %d".formatted(sequences, length);
    int[] lengths = new int[sequences];
    Arrays.fill(lengths, length);
    EmbedSection.compare(context, NAME, "embedding, " + size, threads, lengths, List.of(false));
    MlmSection.compare(
        context, NAME, "training, " + size, threads, sequences, length, context.rounds(5));
  }
}
