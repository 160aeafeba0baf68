package org.realm4j.nn;

/**
 * What a BERT needs by its formulas. Memory is counted in float32 values (4 bytes each), work in
 * operations, of which a multiplication and its addition are two; operations are doubles, as a long
 * run has more than 2^63.
 *
 * <p>Counted is what cannot be done without: no copies that a backend makes for its kernels,
 * nothing that is needed for a moment only, of operations only those of matrix products.
 */
public final class BertOnPaper {
  private BertOnPaper() {}

  /** Word, position and segment embeddings with their layer norm; the layers. In values. */
  public static long parameters(BertConfig c) {
    long h = c.hidden();
    long f = c.intermediate();
    long embeddings = ((long) c.vocabulary() + c.positions() + c.segments()) * h + 2 * h;
    // query, key, value, output; up, down; two layer norms
    long layer = 4 * (h * h + h) + h * f + f + f * h + h + 4 * h;
    return embeddings + c.layers() * layer;
  }

  /** Parameters of an {@link Embedder}, in values. */
  public static long embedderParameters(BertConfig c, EmbedderConfig e) {
    long h = c.hidden();
    long p = e.projection();
    return parameters(c) + (e.pooler() ? h * h + h : 0) + h * p + p + (e.layerNorm() ? 2 * p : 0);
  }

  /** Parameters of a {@link KnowledgeAugmentedEncoder}, in values. */
  public static long encoderParameters(BertConfig c) {
    long h = c.hidden();
    return parameters(c) + h * h + h + 2 * h + c.vocabulary(); // transform, layer norm, bias
  }

  /**
   * What backward needs of a forward pass, in values.
   *
   * @param tokens that go through all layers
   * @param rows that the last layer gives out
   */
  public static long activations(BertConfig c, long tokens, long rows) {
    return embeddings(c, tokens)
        + (c.layers() - 1) * layerActivations(c, tokens, tokens)
        + layerActivations(c, tokens, rows);
  }

  /**
   * The same where layers are computed again in backward: what each layer gives. While one is
   * computed again, its {@link #layerActivations} come on top.
   */
  public static long recomputedActivations(BertConfig c, long tokens, long rows) {
    long h = c.hidden();
    return embeddings(c, tokens) + (c.layers() - 1) * h * tokens + h * rows;
  }

  /** Normalised and result. */
  private static long embeddings(BertConfig c, long tokens) {
    return 2L * c.hidden() * tokens;
  }

  /** What backward needs of one layer of which some rows come out, in values. */
  public static long layerActivations(BertConfig c, long tokens, long rows) {
    long h = c.hidden();
    long f = c.intermediate();
    // query and attention's result and its two statistics a head; two layer norms, normalised and
    // result, with a factor each; between them before and after GELU
    long perRow = 2 * h + 2L * c.heads() + 4 * h + 2 + 2 * f;
    long keysAndValues = 2 * h;
    return rows * perRow + tokens * keysAndValues;
  }

  /**
   * What a backend keeps besides that stores attention's weights and dropout's masks instead of
   * computing them again, as ND4J's does; in values.
   *
   * @param lengths of the sequences, in tokens
   * @param rows of each sequence that the last layer gives out
   */
  public static long masks(BertConfig c, int[] lengths, int[] rows) {
    long embeddings = 0;
    for (int n : lengths) {
      embeddings += (long) n * c.hidden();
    }
    return embeddings
        + (c.layers() - 1) * layerMasks(c, lengths, lengths)
        + layerMasks(c, lengths, rows);
  }

  /** The part of {@link #masks} that belongs to one layer. */
  public static long layerMasks(BertConfig c, int[] lengths, int[] rows) {
    long sum = 0;
    for (int i = 0; i < lengths.length; i++) {
      long weights = (long) c.heads() * lengths[i]; // softmax, and as much for its mask
      sum += rows[i] * (2 * weights + 2L * c.hidden());
    }
    return sum;
  }

  /**
   * Operations of a forward pass.
   *
   * @param lengths of the sequences, in tokens
   * @param rows of each sequence that the last layer gives out
   */
  public static double operations(BertConfig c, int[] lengths, int[] rows) {
    double h = c.hidden();
    double f = c.intermediate();
    double sum = 0;
    for (int i = 0; i < lengths.length; i++) {
      double n = lengths[i];
      double perRow = 2 * (2 * h * h + 2 * h * f) + 4 * n * h; // query, output, up, down; attention
      double keysAndValues = 4 * h * h;
      sum += (c.layers() - 1) * n * (perRow + keysAndValues);
      sum += rows[i] * perRow + n * keysAndValues;
    }
    return sum;
  }

  /** Operations of an {@link MlmHead}'s forward pass: the transform, and the logits. */
  public static double headOperations(BertConfig c, long rows) {
    double h = c.hidden();
    return 2.0 * rows * (h * h + h * c.vocabulary());
  }
}
