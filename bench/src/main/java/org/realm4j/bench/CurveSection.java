package org.realm4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.realm4j.bench.MlmSection.Shape;

/**
 * {@code curve}: the speed of embedding and of training by length, at {@value #TOKENS} tokens, and
 * by the number of sequences, at a length of {@value #LENGTH}. {@code bench/plot.py} draws it.
 */
final class CurveSection {
  private static final String NAME = "curve";
  private static final int TOKENS = 1024;
  private static final int LENGTH = 128;

  private CurveSection() {}

  static void run(Context context) {
    List<Shape> shapes = new ArrayList<>();
    for (int sequences : context.either(new int[] {1}, new int[] {1, 2, 4})) {
      shapes.add(new Shape(sequences, LENGTH));
    }
    for (int length : context.either(new int[] {32, 128, 512}, new int[] {32, 64, 128, 256, 512})) {
      shapes.add(new Shape(TOKENS / length, length));
    }
    List<EmbedSection.Texts> texts = shapes.stream().map(CurveSection::texts).toList();
    for (int threads : context.threads()) {
      EmbedSection.compare(context, NAME, threads, texts, context.rounds(3));
      MlmSection.compare(context, NAME, threads, shapes);
    }
  }

  private static EmbedSection.Texts texts(Shape shape) {
    int[] lengths = new int[shape.sequences()];
    Arrays.fill(lengths, shape.length());
    String name = "embedding, %d x %d".formatted(shape.sequences(), shape.length());
    return new EmbedSection.Texts(name, lengths, List.of(false), List.of());
  }
}
