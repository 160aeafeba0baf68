package org.realm4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.realm4j.nn.BertConfig;

/** What a pre-training step needs by its formulas: memory that backward needs, and operations. */
final class MemoryOnPaper {
  /** So many floats for something. */
  record Term(String name, long floats) {
    double mebibytes() {
      return 4.0 * floats / (1 << 20);
    }
  }

  private MemoryOnPaper() {}

  /** All terms in one line, in MiB. */
  static String describe(List<Term> terms) {
    return String.join(
        " + ",
        terms.stream()
            .map(t -> String.format(Locale.ROOT, "%s %.0f", t.name, t.mebibytes()))
            .toList());
  }

  /** Of one embedder, one encoder and a null vector, for one batch. */
  static List<Term> step(BertConfig c, RealmBatch b) {
    long h = c.hidden();
    long p = 128;
    long embedder = bert(c) + h * h + h + h * p + p + 2 * p; // pooler, projection, layer norm
    long encoder = bert(c) + h * h + h + 2 * h + c.vocabulary(); // transform, layer norm, bias
    long parameters = embedder + encoder + p; // and the null vector
    int queries = b.queries().length;
    int documents = b.documents().length;
    int masked = masked(b);
    List<Term> terms = new ArrayList<>();
    terms.add(new Term("parameters", parameters));
    terms.add(new Term("gradients", parameters));
    terms.add(new Term("moments", 2 * parameters));
    terms.add(
        new Term(
            "activations",
            activations(c, sum(b.queries()), queries)
                + activations(c, sum(b.documents()), documents)
                + activations(c, sum(b.joint()), masked)));
    // transform: before and after GELU, normalised and result; logits, kept or computed again
    terms.add(new Term("head", masked * (4 * h + c.vocabulary())));
    return terms;
  }

  /** Word, position and segment embeddings with their layer norm; the layers. */
  static long bert(BertConfig c) {
    long h = c.hidden();
    long f = c.intermediate();
    long embeddings = (c.vocabulary() + c.positions() + c.segments()) * h + 2 * h;
    // query, key, value, output; up, down; two layer norms
    long layer = 4 * (h * h + h) + h * f + f + f * h + h + 4 * h;
    return embeddings + c.layers() * layer;
  }

  /**
   * What backward needs of a BERT's forward pass.
   *
   * @param tokens that go through all layers
   * @param rows that the last layer gives out
   */
  static long activations(BertConfig c, long tokens, long rows) {
    long h = c.hidden();
    long f = c.intermediate();
    long embeddings = 2 * h * tokens; // normalised and result
    // query and attention's result and its two statistics a head; two layer norms, normalised and
    // result, with a factor each; between them before and after GELU
    long perRow = 2 * h + 2L * c.heads() + 4 * h + 2 + 2 * f;
    long keysAndValues = 2 * h;
    long full = (c.layers() - 1) * tokens * (perRow + keysAndValues);
    long last = rows * perRow + tokens * keysAndValues;
    return embeddings + full + last;
  }

  /** 10^9 operations of a step: forward once, backward twice as much. */
  static double stepGflop(BertConfig c, RealmBatch b) {
    long head =
        2L * masked(b) * ((long) c.hidden() * c.hidden() + (long) c.hidden() * c.vocabulary());
    long forward =
        forward(c, b.queries(), ones(b.queries().length))
            + forward(c, b.documents(), ones(b.documents().length))
            + forward(c, b.joint(), maskedRows(b))
            + head;
    return 3e-9 * forward;
  }

  /**
   * Operations of a BERT's forward pass, a multiplication and an addition each counted.
   *
   * @param rows of each sequence that the last layer gives out
   */
  static long forward(BertConfig c, int[] lengths, int[] rows) {
    long h = c.hidden();
    long f = c.intermediate();
    long sum = 0;
    for (int i = 0; i < lengths.length; i++) {
      long n = lengths[i];
      long perRow = 2 * (2 * h * h + 2 * h * f) + 4 * n * h; // query, output, up, down; attention
      long keysAndValues = 4 * h * h;
      sum += (c.layers() - 1) * n * (perRow + keysAndValues);
      sum += rows[i] * perRow + n * keysAndValues;
    }
    return sum;
  }

  private static int masked(RealmBatch b) {
    return sum(maskedRows(b));
  }

  private static int[] maskedRows(RealmBatch b) {
    int[] rows = new int[b.joint().length];
    Arrays.setAll(rows, i -> b.masks()[i / b.candidates()]);
    return rows;
  }

  private static int[] ones(int n) {
    int[] ones = new int[n];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static int sum(int[] values) {
    return Arrays.stream(values).sum();
  }
}
