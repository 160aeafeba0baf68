package org.realm4j.pretrain;

import java.util.Arrays;
import org.realm4j.nn.BertOnPaper;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.RealmConfig;

/**
 * What a pre-training step needs by its formulas, in the units of {@link BertOnPaper}: float32
 * values of memory, and operations. The pooler, the projection and the scores of the candidates are
 * left out, as they are less than a thousandth of the work; so is the search.
 *
 * @param queries tokens of each query, as all lengths with special tokens
 * @param documents tokens of each passage that is embedded, but for the null document
 * @param joint tokens of query and passage together, by query, the null document first
 * @param masked tokens of each query that are predicted
 */
public record StepOnPaper(
    RealmConfig model, int[] queries, int[] documents, int[] joint, int[] masked) {

  /**
   * Everything as long as the model's limits allow, and no passage found by two queries: the most
   * that a step can need. The null document is as short as it is.
   *
   * @param candidates K, the null document included
   * @param masked tokens of each query
   */
  public static StepOnPaper full(RealmConfig model, int queries, int candidates, int masked) {
    int query = model.queryLimit();
    int passage = model.passageLimit();
    int[] joint = filled(queries * candidates, query + passage - 1); // one [CLS], one [SEP] less
    for (int q = 0; q < queries; q++) {
      joint[q * candidates] = query + 1;
    }
    return new StepOnPaper(
        model,
        filled(queries, query),
        filled(queries * (candidates - 1), passage),
        joint,
        filled(queries, masked));
  }

  private static int[] filled(int n, int value) {
    int[] a = new int[n];
    Arrays.fill(a, value);
    return a;
  }

  /** Trained values of a REALM; gradients are as many, Adam's two moments twice as many. */
  public static long parameters(RealmConfig model) {
    long tower = BertOnPaper.embedderParameters(model.retriever(), model.embedder());
    boolean free = model.nullDocument() == RealmConfig.NullDocument.FREE_VECTOR;
    return (model.sharedTowers() ? tower : 2 * tower)
        + BertOnPaper.encoderParameters(model.encoder())
        + (free ? model.embedder().projection() : 0);
  }

  /** Operations to embed one passage as long as the model's limit. */
  public static double embeddingOperations(RealmConfig model) {
    int[] lengths = {model.passageLimit()};
    return BertOnPaper.operations(model.retriever(), lengths, pooled(model, lengths));
  }

  /** What backward needs of the three networks' forward passes, in values. */
  public long activations() {
    return BertOnPaper.activations(model.retriever(), sum(queries), sum(pooled(queries)))
        + BertOnPaper.activations(model.retriever(), sum(documents), sum(pooled(documents)))
        + BertOnPaper.activations(model.encoder(), sum(joint), sum(maskedRows()));
  }

  /**
   * The same where layers are computed again in backward: what each layer gave, and all of the one
   * layer that needs most.
   */
  public long recomputedActivations() {
    long kept =
        BertOnPaper.recomputedActivations(model.retriever(), sum(queries), sum(pooled(queries)))
            + BertOnPaper.recomputedActivations(
                model.retriever(), sum(documents), sum(pooled(documents)))
            + BertOnPaper.recomputedActivations(model.encoder(), sum(joint), sum(maskedRows()));
    return kept + largestLayer(false);
  }

  /** Attention's weights and dropout's masks, where the backend stores them, in values. */
  public long masks() {
    return BertOnPaper.masks(model.retriever(), queries, pooled(queries))
        + BertOnPaper.masks(model.retriever(), documents, pooled(documents))
        + BertOnPaper.masks(model.encoder(), joint, maskedRows());
  }

  /** {@link #recomputedActivations} and the masks that are stored beside them, in values. */
  public long recomputedActivationsAndMasks() {
    long embeddings =
        model.retriever().hidden() * (sum(queries) + sum(documents))
            + model.encoder().hidden() * sum(joint);
    return recomputedActivations() - largestLayer(false) + embeddings + largestLayer(true);
  }

  /** The layer that needs most: of more than one layer, the first is whole. */
  private long largestLayer(boolean masks) {
    boolean whole = model.retriever().layers() > 1;
    int[] documentRows = whole ? documents : pooled(documents);
    int[] jointRows = model.encoder().layers() > 1 ? joint : maskedRows();
    long embedder =
        BertOnPaper.layerActivations(model.retriever(), sum(documents), sum(documentRows))
            + (masks ? BertOnPaper.layerMasks(model.retriever(), documents, documentRows) : 0);
    long encoder =
        BertOnPaper.layerActivations(model.encoder(), sum(joint), sum(jointRows))
            + (masks ? BertOnPaper.layerMasks(model.encoder(), joint, jointRows) : 0);
    return Math.max(embedder, encoder);
  }

  /** What the head of the masked language model keeps, in values. */
  public long head() {
    // transform: before and after GELU, normalised and result; logits, kept or computed again
    return sum(maskedRows()) * (4L * model.encoder().hidden() + model.encoder().vocabulary());
  }

  /** Operations of the step: forward once, backward twice as much. */
  public double operations() {
    return 3 * (networks() + BertOnPaper.headOperations(model.encoder(), sum(maskedRows())));
  }

  /** The same where layers are computed again in backward. */
  public double recomputedOperations() {
    return operations() + networks();
  }

  private double networks() {
    return BertOnPaper.operations(model.retriever(), queries, pooled(queries))
        + BertOnPaper.operations(model.retriever(), documents, pooled(documents))
        + BertOnPaper.operations(model.encoder(), joint, maskedRows());
  }

  private int[] pooled(int[] lengths) {
    return pooled(model, lengths);
  }

  /** Rows of the retriever's last layer: [CLS], or all where their mean is taken. */
  private static int[] pooled(RealmConfig model, int[] lengths) {
    return model.embedder().pooling() == EmbedderConfig.Pooling.MEAN
        ? lengths
        : filled(lengths.length, 1);
  }

  private int[] maskedRows() {
    int candidates = joint.length / queries.length;
    int[] rows = new int[joint.length];
    Arrays.setAll(rows, i -> masked[i / candidates]);
    return rows;
  }

  private static long sum(int[] values) {
    return Arrays.stream(values).asLongStream().sum();
  }
}
