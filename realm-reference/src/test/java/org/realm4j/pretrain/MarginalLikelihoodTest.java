package org.realm4j.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleBackend;
import org.realm4j.testkit.oracle.OracleSession;

/** The laws of equation 1 and of its gradient (appendix A), in double precision on the oracle. */
class MarginalLikelihoodTest {
  private static final double CLOSE = 1e-9;
  private static final String SEED = "20020889";
  private static final int TRIES = 60;

  /**
   * @param scores [query][candidate]
   * @param tokens log p(y_j | z, x), [query][candidate][masked token]
   */
  record Example(double[][] scores, double[][][] tokens) {
    int queries() {
      return scores.length;
    }

    int candidates() {
      return scores[0].length;
    }

    int[] masks() {
      return Arrays.stream(tokens).mapToInt(t -> t[0].length).toArray();
    }

    int divisor(Marginal kind) {
      return kind == Marginal.PER_SEQUENCE ? queries() : Arrays.stream(masks()).sum();
    }

    Example query(int b) {
      return new Example(new double[][] {scores[b]}, new double[][][] {tokens[b]});
    }

    @Override
    public String toString() {
      return Arrays.deepToString(scores) + " " + Arrays.deepToString(tokens);
    }

    Example withScores(java.util.function.DoubleUnaryOperator change) {
      return new Example(map(scores, change), tokens);
    }
  }

  record Outcome(
      double loss, double[] prior, double[] marginal, double[][] byScore, double[] byToken) {}

  private static Outcome run(Example e, Marginal kind) {
    double[] flat =
        Arrays.stream(e.tokens).flatMap(Arrays::stream).flatMapToDouble(Arrays::stream).toArray();
    try (OracleSession s = new OracleBackend().open(1);
        Tape tape = s.record()) {
      Tensor scores =
          s.variable(
              Arrays.stream(e.scores).flatMapToDouble(Arrays::stream).toArray(),
              e.queries() * e.candidates(),
              1);
      Tensor tokens = s.variable(flat, flat.length, 1);
      MarginalLikelihood likelihood =
          MarginalLikelihood.of(s, scores, tokens, e.candidates(), e.masks(), kind);
      Tensor loss = likelihood.loss(s, Math.min(1, e.divisor(kind)));
      s.backward(loss);
      // Divided here, since the weights of a sum are float32.
      double scale = 1.0 / Math.max(1, e.divisor(kind));
      double[] g = scaled(s.gradientDoubles(scores), e.queries() * e.candidates(), scale);
      double[][] byScore = new double[e.queries()][];
      for (int b = 0; b < e.queries(); b++) {
        byScore[b] = Arrays.copyOfRange(g, b * e.candidates(), (b + 1) * e.candidates());
      }
      return new Outcome(
          scale * s.doubles(loss)[0],
          s.doubles(likelihood.logPrior()),
          s.doubles(likelihood.marginal()),
          byScore,
          scaled(s.gradientDoubles(tokens), flat.length, scale));
    }
  }

  private static double[] scaled(double[] gradient, int size, double scale) {
    return gradient == null
        ? new double[size]
        : Arrays.stream(gradient).map(g -> scale * g).toArray();
  }

  private static double[][] map(double[][] x, java.util.function.DoubleUnaryOperator f) {
    return Arrays.stream(x)
        .map(row -> Arrays.stream(row).map(f).toArray())
        .toArray(double[][]::new);
  }

  // ---- the slow way

  private static double[] softmax(double[] x) {
    double max = Arrays.stream(x).max().orElseThrow();
    double[] p = Arrays.stream(x).map(v -> Math.exp(v - max)).toArray();
    double sum = Arrays.stream(p).sum();
    return Arrays.stream(p).map(v -> v / sum).toArray();
  }

  private static double sum(double[] x) {
    return Arrays.stream(x).sum();
  }

  /** Minus log of the mixture, in probabilities. */
  private static double bruteForce(Example e, Marginal kind) {
    double loss = 0;
    for (int b = 0; b < e.queries(); b++) {
      double[] p = softmax(e.scores[b]);
      int terms = kind == Marginal.PER_SEQUENCE ? 1 : e.masks()[b];
      for (int j = 0; j < terms; j++) {
        double mixture = 0;
        for (int k = 0; k < p.length; k++) {
          double[] g = e.tokens[b][k];
          mixture += p[k] * Math.exp(kind == Marginal.PER_SEQUENCE ? sum(g) : g[j]);
        }
        loss -= Math.log(mixture);
      }
    }
    int divisor = e.divisor(kind);
    return divisor == 0 ? 0 : loss / divisor;
  }

  /** p(z | x, y) of each candidate, for one log-likelihood of each. */
  private static double[] posterior(double[] scores, double[] given) {
    double[] joint = new double[scores.length];
    Arrays.setAll(joint, k -> scores[k] + given[k]);
    return softmax(joint);
  }

  // ---- examples

  @Provide
  Arbitrary<Example> examples() {
    return Arbitraries.randoms().map(r -> example(r, 1 + r.nextInt(3), 1 + r.nextInt(5), 5));
  }

  @Provide
  Arbitrary<Example> singles() {
    return Arbitraries.randoms().map(r -> example(r, 1, 2 + r.nextInt(4), 4));
  }

  private static Example example(Random r, int queries, int candidates, int mostMasks) {
    double[][] scores = new double[queries][candidates];
    double[][][] tokens = new double[queries][candidates][];
    for (int b = 0; b < queries; b++) {
      int masks = r.nextInt(mostMasks);
      for (int k = 0; k < candidates; k++) {
        scores[b][k] = 12 * r.nextDouble() - 6;
        tokens[b][k] = r.doubles(masks, -12, 0).toArray();
      }
    }
    return new Example(scores, tokens);
  }

  // ---- the value

  @Property(seed = SEED, tries = TRIES)
  void equalsTheBruteForceMixture(@ForAll("examples") Example e, @ForAll Marginal kind) {
    assertEquals(bruteForce(e, kind), run(e, kind).loss, CLOSE);
  }

  @Property(seed = SEED, tries = TRIES)
  void bothMarginalsAgreeAtOneMask(@ForAll("examples") Example e) {
    Example one = new Example(e.scores, atMost(e.tokens, 1));
    if (one.divisor(Marginal.PER_TOKEN) == one.queries()) {
      Outcome perToken = run(one, Marginal.PER_TOKEN);
      Outcome perSequence = run(one, Marginal.PER_SEQUENCE);
      assertEquals(perToken.loss, perSequence.loss, CLOSE);
      assertArrayEquals(perToken.byToken, perSequence.byToken, CLOSE);
    }
  }

  private static double[][][] atMost(double[][][] tokens, int masks) {
    return Arrays.stream(tokens)
        .map(
            q ->
                Arrays.stream(q)
                    .map(t -> Arrays.copyOf(t, Math.min(masks, t.length)))
                    .toArray(double[][]::new))
        .toArray(double[][][]::new);
  }

  @Property(seed = SEED, tries = TRIES)
  void aMixtureLiesBetweenItsWorstAndBestPart(@ForAll("singles") Example e) {
    double[] given = Arrays.stream(e.tokens[0]).mapToDouble(MarginalLikelihoodTest::sum).toArray();
    Outcome out = run(e, Marginal.PER_SEQUENCE);
    assertTrue(-out.loss >= Arrays.stream(given).min().orElseThrow() - CLOSE);
    assertTrue(-out.loss <= Arrays.stream(given).max().orElseThrow() + CLOSE);
    assertEquals(1, Arrays.stream(out.prior).map(Math::exp).sum(), CLOSE);
    assertTrue(Arrays.stream(out.prior).allMatch(p -> p <= 0 && Double.isFinite(p)));
  }

  @Property(seed = SEED, tries = TRIES)
  void aBatchIsTheWeightedMeanOfItsParts(@ForAll("examples") Example e, @ForAll Marginal kind) {
    double mean = 0;
    int divisor = Math.max(1, e.divisor(kind));
    for (int b = 0; b < e.queries(); b++) {
      mean += run(e.query(b), kind).loss * e.query(b).divisor(kind) / divisor;
    }
    assertEquals(mean, run(e, kind).loss, CLOSE);
  }

  @Property(seed = SEED, tries = TRIES)
  void aCandidateSplitInTwoChangesNothing(@ForAll("singles") Example e, @ForAll Marginal kind) {
    double[] scores = e.scores[0];
    int k = scores.length;
    double[] split = Arrays.copyOf(scores, k + 1);
    split[k - 1] -= Math.log(2);
    split[k] = split[k - 1];
    double[][] tokens = Arrays.copyOf(e.tokens[0], k + 1);
    tokens[k] = tokens[k - 1];
    Example twice = new Example(new double[][] {split}, new double[][][] {tokens});
    assertEquals(run(e, kind).loss, run(twice, kind).loss, CLOSE);
  }

  // ---- the gradient

  @Property(seed = SEED, tries = TRIES)
  void theGradientByScoresIsPriorMinusPosterior(
      @ForAll("examples") Example e, @ForAll Marginal kind) {
    Outcome out = run(e, kind);
    for (int b = 0; b < e.queries(); b++) {
      double[] prior = softmax(e.scores[b]);
      double[] expected = new double[prior.length];
      int terms = kind == Marginal.PER_SEQUENCE ? 1 : e.masks()[b];
      for (int j = 0; j < terms; j++) {
        int token = j;
        double[] given =
            Arrays.stream(e.tokens[b])
                .mapToDouble(t -> kind == Marginal.PER_SEQUENCE ? sum(t) : t[token])
                .toArray();
        double[] posterior = posterior(e.scores[b], given);
        for (int k = 0; k < prior.length; k++) {
          expected[k] += (prior[k] - posterior[k]) / e.divisor(kind);
        }
      }
      assertArrayEquals(expected, out.byScore[b], CLOSE);
      assertEquals(0, sum(out.byScore[b]), CLOSE);
      assertTrue(Arrays.stream(out.byScore[b]).allMatch(g -> Math.abs(g) <= 1 + CLOSE));
    }
  }

  @Property(seed = SEED, tries = 20)
  void theGradientMatchesFiniteDifferences(@ForAll("singles") Example e, @ForAll Marginal kind) {
    Outcome out = run(e, kind);
    double h = 1e-5;
    for (int k = 0; k < e.candidates(); k++) {
      double[] up = e.scores[0].clone();
      double[] down = e.scores[0].clone();
      up[k] += h;
      down[k] -= h;
      double slope =
          (run(new Example(new double[][] {up}, e.tokens), kind).loss
                  - run(new Example(new double[][] {down}, e.tokens), kind).loss)
              / (2 * h);
      assertEquals(slope, out.byScore[0][k], 1e-7);
    }
  }

  @Property(seed = SEED, tries = TRIES)
  void equalLikelihoodsPullAtNoScore(@ForAll("examples") Example e, @ForAll Marginal kind) {
    double[][][] same =
        Arrays.stream(e.tokens)
            .map(q -> Arrays.stream(q).map(t -> q[0]).toArray(double[][]::new))
            .toArray(double[][][]::new);
    Outcome out = run(new Example(e.scores, same), kind);
    for (double[] g : out.byScore) {
      assertArrayEquals(new double[g.length], g, CLOSE);
    }
    assertEquals(run(new Example(map(e.scores, s -> 0), same), kind).loss, out.loss, CLOSE);
  }

  @Property(seed = SEED, tries = TRIES)
  void oneUsefulPassageIsSupervisedRetrieval(@ForAll("singles") Example e, @ForAll Marginal kind) {
    double[][] tokens = new double[e.candidates()][2];
    int gold = e.candidates() - 1;
    for (int k = 0; k < gold; k++) {
      Arrays.fill(tokens[k], -200);
    }
    Outcome out = run(new Example(e.scores, new double[][][] {tokens}), kind);
    double[] expected = softmax(e.scores[0]);
    expected[gold] -= 1;
    assertArrayEquals(expected, out.byScore[0], CLOSE);
  }

  @Property(seed = SEED, tries = TRIES)
  void aSmallStepAgainstTheGradientLowersTheLoss(
      @ForAll("singles") Example e, @ForAll Marginal kind) {
    Outcome out = run(e, kind);
    double slope = Arrays.stream(out.byScore[0]).map(g -> g * g).sum();
    double[] moved = new double[e.candidates()];
    Arrays.setAll(moved, k -> e.scores[0][k] - 1e-4 * out.byScore[0][k]);
    double after = run(new Example(new double[][] {moved}, e.tokens), kind).loss;
    assertTrue(slope < 1e-12 || after < out.loss, () -> out.loss + " to " + after);
  }

  // ---- what must not matter

  @Property(seed = SEED, tries = TRIES)
  void scoresCountByTheirDifferences(@ForAll("examples") Example e, @ForAll Marginal kind) {
    Outcome plain = run(e, kind);
    for (double shift : new double[] {3.25, 1e4, -1e4}) {
      Outcome shifted = run(e.withScores(s -> s + shift), kind);
      assertEquals(plain.loss, shifted.loss, 1e-8);
      for (int b = 0; b < e.queries(); b++) {
        assertArrayEquals(plain.byScore[b], shifted.byScore[b], 1e-8);
      }
    }
  }

  @Property(seed = SEED, tries = TRIES)
  void hugeScoresStayFinite(@ForAll("examples") Example e, @ForAll Marginal kind) {
    Outcome out = run(e.withScores(s -> Math.signum(s) * 1e4), kind);
    assertTrue(Double.isFinite(out.loss));
    for (double[] g : out.byScore) {
      assertTrue(Arrays.stream(g).allMatch(Double::isFinite));
    }
    assertTrue(Arrays.stream(out.byToken).allMatch(Double::isFinite));
  }

  @Property(seed = SEED, tries = TRIES)
  void theOrderOfCandidatesDoesNotMatter(@ForAll("singles") Example e, @ForAll Marginal kind) {
    int k = e.candidates();
    double[] scores = new double[k];
    double[][] tokens = new double[k][];
    double[] expected = new double[k];
    Outcome plain = run(e, kind);
    for (int i = 0; i < k; i++) {
      scores[i] = e.scores[0][(i + 1) % k];
      tokens[i] = e.tokens[0][(i + 1) % k];
      expected[i] = plain.byScore[0][(i + 1) % k];
    }
    Outcome turned = run(new Example(new double[][] {scores}, new double[][][] {tokens}), kind);
    assertEquals(plain.loss, turned.loss, CLOSE);
    assertArrayEquals(expected, turned.byScore[0], CLOSE);
  }

  // ---- the edges

  @Property(seed = SEED, tries = TRIES)
  void theNullDocumentAloneIsAPlainMaskedLanguageModel(
      @ForAll("examples") Example e, @ForAll Marginal kind) {
    double[][] scores = map(e.scores, s -> s);
    double[][][] tokens = new double[e.queries()][][];
    double plain = 0;
    for (int b = 0; b < e.queries(); b++) {
      scores[b] = Arrays.copyOf(scores[b], 1);
      tokens[b] = new double[][] {e.tokens[b][0]};
      plain -= sum(tokens[b][0]);
    }
    Example alone = new Example(scores, tokens);
    Outcome out = run(alone, kind);
    assertEquals(plain / Math.max(1, alone.divisor(kind)), out.loss, CLOSE);
    for (double[] g : out.byScore) {
      assertArrayEquals(new double[1], g, CLOSE);
    }
  }

  @ParameterizedTest
  @EnumSource
  void withoutMasksThereIsNoLossAndNoGradient(Marginal kind) {
    Outcome out = run(new Example(new double[][] {{1, 2}, {3, -1}}, new double[2][2][0]), kind);
    assertEquals(0, out.loss, 1e-15);
    for (double[] g : out.byScore) {
      assertArrayEquals(new double[2], g, 1e-15);
    }
    try (Session s = new ReferenceBackend().open(1);
        Tape tape = s.record()) {
      Tensor scores = s.variable(new float[] {1, 2, 3, -1}, 4, 1);
      Tensor loss =
          MarginalLikelihood.of(s, scores, s.constant(new float[0], 0, 1), 2, new int[2], kind)
              .loss(s, kind == Marginal.PER_SEQUENCE ? 2 : 0);
      s.backward(loss);
      assertEquals(0, loss.scalar(), 1e-6);
      float[] g = s.gradient(scores);
      assertArrayEquals(new float[4], g == null ? new float[4] : g, 1e-6f);
    }
  }

  /** dL/dlogits = -q (onehot - softmax) before the division, also for logits of 10,000. */
  @Property(seed = SEED, tries = TRIES)
  void theGradientByLogitsIsThePosteriorTimesTheModels(
      @ForAll("singles") Example e, @ForAll Marginal kind, @ForAll boolean huge) {
    int vocabulary = 4;
    int masks = e.masks()[0];
    int rows = e.candidates() * masks;
    Random random = new Random(rows);
    double size = huge ? 1e4 : 3;
    double[] logits = random.doubles((long) rows * vocabulary, -size, size).toArray();
    int[] targets = IntStream.range(0, rows).map(i -> i % Math.max(1, masks)).toArray();
    try (OracleSession s = new OracleBackend().open(1);
        Tape tape = s.record()) {
      Parameter identity =
          new Parameter("W", Parameter.Kind.WEIGHT, vocabulary, vocabulary, identity(vocabulary));
      Tensor hidden = s.variable(logits, rows, vocabulary);
      Tensor tokens =
          s.vocabularyLogLikelihood(
              hidden, identity, Parameter.zeros("b", Parameter.Kind.BIAS, 1, vocabulary), targets);
      Tensor scores = s.constant(e.scores[0], e.candidates(), 1);
      Tensor loss =
          MarginalLikelihood.of(s, scores, tokens, e.candidates(), e.masks(), kind).loss(s, 1);
      s.backward(loss);
      assertTrue(Double.isFinite(s.doubles(loss)[0]));
      double[] g = scaled(s.gradientDoubles(hidden), rows * vocabulary, 1);
      double[] given = s.doubles(tokens);
      for (int j = 0; j < masks; j++) {
        int token = j;
        double[] q =
            posterior(
                e.scores[0],
                IntStream.range(0, e.candidates())
                    .mapToDouble(
                        k ->
                            kind == Marginal.PER_SEQUENCE
                                ? sum(Arrays.copyOfRange(given, k * masks, (k + 1) * masks))
                                : given[k * masks + token])
                    .toArray());
        for (int k = 0; k < e.candidates(); k++) {
          int row = k * masks + j;
          double[] p =
              softmax(Arrays.copyOfRange(logits, row * vocabulary, (row + 1) * vocabulary));
          for (int v = 0; v < vocabulary; v++) {
            double expected = -q[k] * ((v == targets[row] ? 1 : 0) - p[v]);
            assertEquals(expected, g[row * vocabulary + v], CLOSE);
          }
        }
      }
    }
  }

  private static float[] identity(int n) {
    float[] w = new float[n * n];
    for (int i = 0; i < n; i++) {
      w[i * n + i] = 1;
    }
    return w;
  }

  /** The production backend keeps the gradient's sum near 0 in single precision too. */
  @Property(seed = SEED, tries = 20)
  void theReferenceBackendAgrees(@ForAll("examples") Example e, @ForAll Marginal kind) {
    double[] flat =
        Arrays.stream(e.tokens).flatMap(Arrays::stream).flatMapToDouble(Arrays::stream).toArray();
    try (Session s = new ReferenceBackend().open(1);
        Tape tape = s.record()) {
      Tensor scores = s.variable(floats(e.scores), e.queries() * e.candidates(), 1);
      Tensor loss =
          MarginalLikelihood.of(
                  s,
                  scores,
                  s.constant(floats(new double[][] {flat}), flat.length, 1),
                  e.candidates(),
                  e.masks(),
                  kind)
              .loss(s, e.divisor(kind));
      s.backward(loss);
      Outcome exact = run(e, kind);
      assertEquals(exact.loss, loss.scalar(), 2e-5 * (1 + Math.abs(exact.loss)));
      float[] g = s.gradient(scores);
      for (int i = 0; g != null && i < g.length; i++) {
        assertEquals(exact.byScore[i / e.candidates()][i % e.candidates()], g[i], 2e-5);
      }
    }
  }

  private static float[] floats(double[][] x) {
    double[] flat = Arrays.stream(x).flatMapToDouble(Arrays::stream).toArray();
    float[] f = new float[flat.length];
    for (int i = 0; i < f.length; i++) {
      f[i] = (float) flat[i];
    }
    return f;
  }
}
