package org.realm4j.testkit.contract;

import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.testkit.arbitrary.RealmArbitraries;

/**
 * Every operation and its gradients agree with the oracle for any sizes, packings, rates and
 * values: the property tests beside {@link BackendContract}'s chosen cases, for jqwik, which runs
 * classes of the top level that implement this.
 */
public interface OperationProperties extends BackendUnderTest {
  String SEED = "2020";

  private void agree(
      Operation operation,
      List<Matrix> inputs,
      List<Parameter> parameters,
      OperationCase.Body body) {
    try (Session session = backend().open(threads())) {
      OperationCase c = new OperationCase(operation, "property", inputs, parameters, body);
      Agreement.check(c, session, tolerances());
    }
  }

  @Property(tries = 60, seed = SEED)
  default void linear(
      @ForAll @IntRange(min = 1, max = 40) int rows,
      @ForAll @IntRange(min = 1, max = 90) int in,
      @ForAll @IntRange(min = 1, max = 90) int out,
      @ForAll Activation activation,
      @ForAll boolean biased,
      @ForAll int seed) {
    Parameter w = Samples.weight("weight" + seed, out, in);
    Parameter b = Samples.bias("bias" + seed, out);
    agree(
        Operation.LINEAR,
        List.of(Samples.matrix(rows, in, seed)),
        biased ? List.of(w, b) : List.of(w),
        (s, v) -> s.linear(v.get(0), w, biased ? b : null, activation));
  }

  @Property(tries = 40, seed = SEED)
  default void layerNorm(
      @ForAll @IntRange(min = 1, max = 40) int rows,
      @ForAll @IntRange(min = 2, max = 90) int cols,
      @ForAll boolean residual,
      @ForAll int seed) {
    Parameter gamma = Samples.norm("gamma" + seed, cols);
    Parameter beta = Samples.norm("beta" + seed, cols);
    Matrix x = Samples.matrix(rows, cols, seed);
    Matrix r = Samples.matrix(rows, cols, seed + 1L);
    agree(
        Operation.LAYER_NORM,
        residual ? List.of(x, r) : List.of(x),
        List.of(gamma, beta),
        (s, v) -> s.layerNorm(v.get(0), residual ? v.get(1) : null, gamma, beta, 1e-3f));
  }

  @Provide
  default Arbitrary<int[]> packings() {
    return RealmArbitraries.packings(5, 70);
  }

  /** The first rows of each sequence are its queries, none of some. */
  @Property(tries = 60, seed = SEED)
  default void attention(
      @ForAll("packings") int[] keys,
      @ForAll @IntRange(min = 1, max = 4) int heads,
      @ForAll @IntRange(min = 1, max = 20) int size,
      @ForAll @IntRange(max = 70) int most,
      @ForAll @IntRange(max = 9) int tenths,
      @ForAll int seed) {
    int[] queries = new int[keys.length];
    for (int s = 0; s + 1 < keys.length; s++) {
      queries[s + 1] = queries[s] + Math.min(keys[s + 1] - keys[s], (most + 31 * s) % 71);
    }
    int rows = queries[queries.length - 1];
    if (rows == 0) {
      return; // the contract has a test for that
    }
    int tokens = keys[keys.length - 1];
    int hidden = heads * size;
    Dropout dropout =
        tenths == 0
            ? null
            : new Dropout(tenths / 10f, seed, Samples.indices(rows, Integer.MAX_VALUE, seed));
    agree(
        Operation.ATTENTION,
        List.of(
            Samples.matrix(rows, hidden, seed),
            Samples.matrix(tokens, hidden, seed + 1L),
            Samples.matrix(tokens, hidden, seed + 2L)),
        List.of(),
        (s, v) -> s.attention(v.get(0), v.get(1), v.get(2), queries, keys, heads, dropout));
  }

  @Property(tries = 40, seed = SEED)
  default void dropout(
      @ForAll @IntRange(min = 1, max = 40) int rows,
      @ForAll @IntRange(min = 1, max = 90) int cols,
      @ForAll @IntRange(max = 99) int percent,
      @ForAll int seed) {
    Dropout d = new Dropout(percent / 100f, seed, Samples.indices(rows, Integer.MAX_VALUE, seed));
    agree(
        Operation.DROPOUT,
        List.of(Samples.matrix(rows, cols, seed)),
        List.of(),
        (s, v) -> s.dropout(v.get(0), d));
  }

  @Property(tries = 40, seed = SEED)
  default void vocabulary(
      @ForAll @IntRange(min = 1, max = 40) int rows,
      @ForAll @IntRange(min = 1, max = 60) int hidden,
      @ForAll @IntRange(min = 2, max = 300) int words,
      @ForAll int seed) {
    Parameter w = Samples.weight("decoder" + seed, words, hidden);
    Parameter b = Samples.bias("bias" + seed, words);
    int[] targets = Samples.indices(rows, words, seed);
    agree(
        Operation.VOCABULARY_LOG_LIKELIHOOD,
        List.of(Samples.matrix(rows, hidden, seed)),
        List.of(w, b),
        (s, v) -> s.vocabularyLogLikelihood(v.get(0), w, b, targets));
  }

  @Provide
  default Arbitrary<int[]> groups() {
    return RealmArbitraries.groups(9, 12).filter(offsets -> offsets[offsets.length - 1] > 0);
  }

  /** Some groups are empty, some have no mark. */
  @Property(tries = 60, seed = SEED)
  default void groupedScores(
      @ForAll("groups") int[] offsets, @ForAll boolean marked, @ForAll int seed) {
    int n = offsets[offsets.length - 1];
    List<Matrix> x = List.of(new Matrix(n, 1, Samples.normal(n, 4, seed)));
    boolean[] marks = marked ? Samples.marks(n, seed) : null;
    agree(Operation.LOG_SUM_EXP, x, List.of(), (s, v) -> s.logSumExp(v.get(0), offsets, marks));
    agree(Operation.LOG_SOFTMAX, x, List.of(), (s, v) -> s.logSoftmax(v.get(0), offsets));
  }

  @Property(tries = 40, seed = SEED)
  default void segmentSum(
      @ForAll("groups") int[] offsets,
      @ForAll @IntRange(min = 1, max = 90) int cols,
      @ForAll boolean mean,
      @ForAll int seed) {
    int n = offsets[offsets.length - 1];
    agree(
        Operation.SEGMENT_SUM,
        List.of(Samples.matrix(n, cols, seed)),
        List.of(),
        (s, v) -> s.segmentSum(v.get(0), offsets, mean));
  }

  /** Chosen rows, as often as they come: gathered, multiplied, added as spans. */
  @Property(tries = 40, seed = SEED)
  default void chosenRows(
      @ForAll @IntRange(min = 1, max = 30) int rows,
      @ForAll @IntRange(min = 1, max = 60) int cols,
      @ForAll @IntRange(min = 1, max = 60) int chosen,
      @ForAll int seed) {
    int[] first = Samples.indices(chosen, rows, seed);
    int[] second = Samples.indices(chosen, rows, seed + 1L);
    List<Matrix> one = List.of(Samples.matrix(rows, cols, seed));
    List<Matrix> two = List.of(one.get(0), Samples.matrix(rows, cols, seed + 1L));
    agree(Operation.GATHER, one, List.of(), (s, v) -> s.gather(v.get(0), first));
    agree(
        Operation.INNER_PRODUCTS,
        two,
        List.of(),
        (s, v) -> s.innerProducts(v.get(0), v.get(1), first, second));
    agree(
        Operation.SPAN_STATES,
        two,
        List.of(),
        (s, v) -> s.spanStates(v.get(0), v.get(1), first, second));
  }

  @Property(tries = 40, seed = SEED)
  default void embeddingSum(
      @ForAll @IntRange(min = 1, max = 60) int tokens,
      @ForAll @IntRange(min = 1, max = 60) int hidden,
      @ForAll int seed) {
    Parameter word = Samples.embedding("word" + seed, 23, hidden);
    Parameter segment = Samples.embedding("segment" + seed, 2, hidden);
    Parameter position = Samples.embedding("position" + seed, 64, hidden);
    int[] ids = Samples.indices(tokens, 23, seed);
    int[] segments = Samples.indices(tokens, 2, seed + 1L);
    int[] positions = Samples.indices(tokens, 64, seed + 2L);
    agree(
        Operation.EMBEDDING_SUM,
        List.of(),
        List.of(word, segment, position),
        (s, v) -> s.embeddingSum(ids, segments, positions, word, segment, position));
  }
}
