package org.realm4j.testkit.contract;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/**
 * A computation on packed sequences, each of which is a function of its number only.
 *
 * @param perSequence whether a sequence has one row in the result, not one for each token
 */
record PackedCase(String name, int cols, boolean perSequence, Body body) {
  private static final int[] LENGTHS = {5, 1, 8, 3, 17, 31, 2, 49, 13};
  private static final int[][] COMPANIES = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8}, {7, 4, 2, 0}, {8, 6, 5, 3, 1}, {2, 2, 7, 2}, {6, 0, 5}
  };

  interface Body {
    Tensor apply(Session s, Tensor x, Pack pack);
  }

  /** Which sequences, where they begin, and their rows' dropout counters. */
  record Pack(int[] numbers, int[] offsets, int[] counters) {
    static Pack of(int[] numbers) {
      int[] lengths = Arrays.stream(numbers).map(n -> LENGTHS[n]).toArray();
      int[] counters = new int[Samples.total(lengths)];
      int[] offsets = Samples.offsets(lengths);
      for (int i = 0; i < numbers.length; i++) {
        for (int t = 0; t < lengths[i]; t++) {
          counters[offsets[i] + t] = numbers[i] * 512 + t;
        }
      }
      return new Pack(numbers, offsets, counters);
    }

    /** Something per row that the row's sequence and position decide. */
    int[] perRow(int bound) {
      return Arrays.stream(counters).map(c -> c * 7 % bound).toArray();
    }

    Dropout dropout() {
      return new Dropout(0.3f, 8, counters);
    }
  }

  /** Each sequence of each company has the bits that it has alone. */
  void check(Session session) {
    float[][] alone = new float[LENGTHS.length][];
    for (int n = 0; n < LENGTHS.length; n++) {
      alone[n] = run(session, new int[] {n}).get(0);
    }
    for (int[] company : COMPANIES) {
      List<float[]> together = run(session, company);
      for (int i = 0; i < company.length; i++) {
        if (!Arrays.equals(alone[company[i]], together.get(i))) {
          throw new AssertionError(
              name
                  + ": sequence "
                  + company[i]
                  + " has other bits in "
                  + Arrays.toString(company)
                  + " than alone");
        }
      }
    }
  }

  /** The rows of each sequence. */
  private List<float[]> run(Session session, int[] numbers) {
    Pack pack = Pack.of(numbers);
    int tokens = pack.counters.length;
    float[] values = new float[tokens * cols];
    for (int i = 0; i < numbers.length; i++) {
      int length = LENGTHS[numbers[i]] * cols;
      float[] own = Samples.normal(length, 1, 1000 + numbers[i]);
      System.arraycopy(own, 0, values, pack.offsets[i] * cols, length);
    }
    try (Tape tape = session.infer()) {
      Tensor y = body.apply(session, session.constant(values, tokens, cols), pack);
      float[] all = y.toArray();
      List<float[]> rows = new ArrayList<>();
      for (int i = 0; i < numbers.length; i++) {
        int from = perSequence ? i : pack.offsets[i];
        int to = perSequence ? i + 1 : pack.offsets[i + 1];
        rows.add(Arrays.copyOfRange(all, from * y.cols(), to * y.cols()));
      }
      return rows;
    }
  }

  static List<PackedCase> all() {
    List<PackedCase> cases = new ArrayList<>();
    for (int cols : new int[] {1, 12, 33, 48, 100}) {
      forWidth(cases, cols);
    }
    cases.add(new PackedCase("logSoftmax", 1, false, (s, x, p) -> s.logSoftmax(x, p.offsets)));
    cases.add(new PackedCase("logSumExp", 1, true, (s, x, p) -> s.logSumExp(x, p.offsets, null)));
    cases.add(new PackedCase("network", 1, false, (s, x, p) -> NetworkCases.states(s, p.numbers)));
    return cases;
  }

  private static void forWidth(List<PackedCase> cases, int cols) {
    Parameter w = Samples.weight("w", 49, cols);
    Parameter b = Samples.bias("b", 49);
    Parameter gamma = Samples.norm("gamma", cols);
    Parameter beta = Samples.norm("beta", cols);
    Parameter table = Samples.embedding("table", 61, cols);
    String of = " of " + cols;
    for (Activation a : Activation.values()) {
      cases.add(new PackedCase("linear " + a + of, cols, false, (s, x, p) -> s.linear(x, w, b, a)));
    }
    cases.add(
        new PackedCase(
            "embeddingSum" + of,
            cols,
            false,
            (s, x, p) ->
                s.embeddingSum(p.perRow(61), p.perRow(2), p.perRow(31), table, table, table)));
    cases.add(
        new PackedCase(
            "layerNorm" + of, cols, false, (s, x, p) -> s.layerNorm(x, null, gamma, beta, 1e-3f)));
    cases.add(
        new PackedCase(
            "layerNorm with a residual" + of,
            cols,
            false,
            (s, x, p) -> s.layerNorm(x, x, gamma, beta, 1e-12f + (cols == 1 ? 1e-3f : 0))));
    for (int heads : new int[] {1, 3, 4}) {
      if (cols % heads == 0) {
        cases.add(
            new PackedCase(
                "attention with " + heads + " heads" + of,
                cols,
                false,
                (s, x, p) -> s.attention(x, x, x, p.offsets, p.offsets, heads, p.dropout())));
      }
    }
    cases.add(
        new PackedCase(
            "attention of the first row" + of,
            cols,
            true,
            (s, x, p) -> {
              int[] first = Arrays.copyOf(p.offsets, p.offsets.length - 1);
              int[] queries = new int[p.offsets.length];
              Arrays.setAll(queries, i -> i);
              return s.attention(s.gather(x, first), x, x, queries, p.offsets, 1, null);
            }));
    cases.add(new PackedCase("dropout" + of, cols, false, (s, x, p) -> s.dropout(x, p.dropout())));
    cases.add(
        new PackedCase("mean" + of, cols, true, (s, x, p) -> s.segmentSum(x, p.offsets, true)));
    cases.add(
        new PackedCase(
            "vocabularyLogLikelihood" + of,
            cols,
            false,
            (s, x, p) -> s.vocabularyLogLikelihood(x, w, b, p.perRow(49))));
    cases.add(
        new PackedCase(
            "innerProducts" + of,
            cols,
            false,
            (s, x, p) -> {
              int[] own = new int[x.rows()];
              Arrays.setAll(own, i -> i);
              return s.innerProducts(x, x, own, own);
            }));
    cases.add(
        new PackedCase(
            "spanStates" + of,
            cols,
            false,
            (s, x, p) -> {
              int[] own = new int[x.rows()];
              Arrays.setAll(own, i -> i);
              return s.spanStates(x, x, own, own);
            }));
  }
}
