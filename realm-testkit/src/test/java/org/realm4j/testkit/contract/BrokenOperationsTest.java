package org.realm4j.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleBackend;

/** The contract must fail for each of these. */
class BrokenOperationsTest {
  private record Mutant(Operation operation, String name, Function<Session, Session> session) {}

  private static final List<OperationCase> CASES = OperationCases.all();

  private final List<Mutant> mutants = new ArrayList<>();

  private void mutant(Operation operation, String name, Function<Session, Session> session) {
    mutants.add(new Mutant(operation, name, session));
  }

  BrokenOperationsTest() {
    embeddings();
    linear();
    layerNorm();
    attention();
    rows();
    objectives();
  }

  @TestFactory
  Stream<DynamicTest> theContractNotices() {
    return mutants.stream()
        .map(
            m ->
                DynamicTest.dynamicTest(
                    m.operation + ": " + m.name,
                    () -> {
                      try (Session s = m.session.apply(new OracleBackend().open(1))) {
                        assertThrows(
                            AssertionError.class,
                            () -> {
                              for (OperationCase c : CASES) {
                                if (c.operation() == m.operation) {
                                  Agreement.check(c, s, Tolerances.float32());
                                }
                              }
                            });
                      }
                    }));
  }

  @Test
  void everyOperationIsBrokenOnce() {
    Set<Operation> broken = EnumSet.noneOf(Operation.class);
    mutants.forEach(m -> broken.add(m.operation));
    Set<Operation> all = EnumSet.allOf(Operation.class);
    all.removeAll(Set.of(Operation.ADAM, Operation.GRADIENT_NORM)); // BrokenUpdatesTest
    assertTrue(broken.containsAll(all), "missing: " + all + " but " + broken);
  }

  private void embeddings() {
    mutant(
        Operation.EMBEDDING_SUM,
        "segments ignored",
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor embeddingSum(
                  int[] i, int[] s, int[] p, Parameter word, Parameter seg, Parameter pos) {
                return to.embeddingSum(i, new int[s.length], p, word, seg, pos);
              }
            });
    mutant(
        Operation.EMBEDDING_SUM,
        "no gradient for positions",
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor embeddingSum(
                  int[] i, int[] s, int[] p, Parameter word, Parameter seg, Parameter pos) {
                return to.embeddingSum(i, s, p, word, seg, pos.copy());
              }
            });
  }

  private interface Linear {
    Tensor apply(DelegatingSession s, Tensor x, Parameter w, @Nullable Parameter b, Activation f);
  }

  private void linear(String name, Linear broken) {
    for (Operation o : List.of(Operation.LINEAR, Operation.NETWORK)) {
      mutant(
          o,
          name,
          oracle ->
              new DelegatingSession(oracle) {
                @Override
                public Tensor linear(Tensor x, Parameter w, @Nullable Parameter b, Activation f) {
                  return broken.apply(this, x, w, b, f);
                }
              });
    }
  }

  private void linear() {
    linear("bias forgotten", (s, x, w, b, f) -> s.to.linear(x, w, null, f));
    linear("no gradient for x", (s, x, w, b, f) -> s.to.linear(s.detached(x), w, b, f));
    linear("no gradient for the weight", (s, x, w, b, f) -> s.to.linear(x, w.copy(), b, f));
    linear(
        "no gradient for the bias",
        (s, x, w, b, f) -> s.to.linear(x, w, b == null ? null : b.copy(), f));
    linear(
        "one gelu for the other",
        (s, x, w, b, f) -> s.to.linear(x, w, b, f == Activation.GELU ? Activation.GELU_TANH : f));
  }

  private interface LayerNorm {
    Tensor apply(
        Session s, Tensor x, @Nullable Tensor residual, Parameter g, Parameter b, float epsilon);
  }

  private void layerNorm(String name, LayerNorm broken) {
    mutant(
        Operation.LAYER_NORM,
        name,
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor layerNorm(
                  Tensor x, @Nullable Tensor r, Parameter g, Parameter b, float epsilon) {
                return broken.apply(this, x, r, g, b, epsilon);
              }
            });
  }

  private static Tensor plain(
      Session s, Tensor x, @Nullable Tensor r, Parameter g, Parameter b, float epsilon) {
    return ((DelegatingSession) s).to.layerNorm(x, r, g, b, epsilon);
  }

  private static @Nullable Tensor detachedOrNull(Session s, @Nullable Tensor x) {
    return x == null ? null : ((DelegatingSession) s).detached(x);
  }

  private void layerNorm() {
    layerNorm("epsilon 1e-12 always", (s, x, r, g, b, e) -> plain(s, x, r, g, b, 1e-12f));
    layerNorm("epsilon 1e-5 more", (s, x, r, g, b, e) -> plain(s, x, r, g, b, e + 1e-5f));
    layerNorm("residual forgotten", (s, x, r, g, b, e) -> plain(s, x, null, g, b, e));
    layerNorm(
        "no gradient for the residual",
        (s, x, r, g, b, e) -> plain(s, x, detachedOrNull(s, r), g, b, e));
    layerNorm("no gradient for gamma", (s, x, r, g, b, e) -> plain(s, x, r, g.copy(), b, e));
    layerNorm("no gradient for beta", (s, x, r, g, b, e) -> plain(s, x, r, g, b.copy(), e));
    layerNorm(
        "no gradient for x",
        (s, x, r, g, b, e) -> plain(s, ((DelegatingSession) s).detached(x), r, g, b, e));
  }

  private interface Attend {
    Tensor apply(
        DelegatingSession s,
        List<Tensor> qkv,
        int[] qo,
        int[] ko,
        int heads,
        @Nullable Dropout dropout);
  }

  private void attention(String name, Attend broken) {
    mutant(
        Operation.ATTENTION,
        name,
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor attention(
                  Tensor q, Tensor k, Tensor v, int[] a, int[] b, int h, @Nullable Dropout d) {
                return broken.apply(this, List.of(q, k, v), a, b, h, d);
              }
            });
  }

  private static Tensor attend(
      DelegatingSession s,
      Tensor q,
      Tensor k,
      Tensor v,
      int[] a,
      int[] b,
      int h,
      @Nullable Dropout d) {
    return s.to.attention(q, k, v, a, b, h, d);
  }

  private void attention() {
    attention(
        "wrong scale",
        (s, t, a, b, h, d) ->
            attend(s, s.to.add(t.get(0), t.get(0)), t.get(1), t.get(2), a, b, h, d));
    attention(
        "dropout forgotten",
        (s, t, a, b, h, d) -> attend(s, t.get(0), t.get(1), t.get(2), a, b, h, null));
    attention(
        "dropout by packed row",
        (s, t, a, b, h, d) -> attend(s, t.get(0), t.get(1), t.get(2), a, b, h, byRow(d)));
    attention(
        "over everything",
        (s, t, a, b, h, d) -> attend(s, t.get(0), t.get(1), t.get(2), ends(a), ends(b), h, d));
    for (int i = 0; i < 3; i++) {
      int without = i;
      attention(
          "no gradient for input " + i,
          (s, t, a, b, h, d) -> {
            List<Tensor> x = new ArrayList<>(t);
            x.set(without, s.detached(t.get(without)));
            return attend(s, x.get(0), x.get(1), x.get(2), a, b, h, d);
          });
    }
  }

  private static int[] ends(int[] offsets) {
    return new int[] {0, offsets[offsets.length - 1]};
  }

  private static @Nullable Dropout byRow(@Nullable Dropout d) {
    if (d == null) {
      return null;
    }
    int[] rows = new int[d.rows().length];
    Arrays.setAll(rows, i -> i);
    return new Dropout(d.rate(), d.key(), rows);
  }

  private void rows() {
    dropout("by packed row", d -> byRow(d));
    dropout("another key", BrokenOperationsTest::otherKey);
    for (Operation o :
        List.of(
            Operation.DROPOUT,
            Operation.GATHER,
            Operation.CONCAT,
            Operation.ADD,
            Operation.SEGMENT_SUM,
            Operation.VOCABULARY_LOG_LIKELIHOOD,
            Operation.INNER_PRODUCTS,
            Operation.LOG_SOFTMAX,
            Operation.LOG_SUM_EXP,
            Operation.SPAN_STATES,
            Operation.WEIGHTED_SUM,
            Operation.RECOMPUTED)) {
      mutant(o, "no gradient for the first input", s -> new FirstChanged(s, true, false));
      mutant(o, "first input's values changed", s -> new FirstChanged(s, false, true));
    }
    for (Operation o :
        List.of(Operation.CONCAT, Operation.ADD, Operation.INNER_PRODUCTS, Operation.SPAN_STATES)) {
      mutant(o, "no gradient for the second input", SecondDetached::new);
      mutant(o, "the first input twice", FirstTwice::new);
    }
    mutant(
        Operation.GATHER,
        "rows shifted",
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor gather(Tensor x, int[] rows) {
                return to.gather(x, Arrays.stream(rows).map(r -> (r + 1) % x.rows()).toArray());
              }
            });
    mutant(
        Operation.SEGMENT_SUM,
        "never the mean",
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor segmentSum(Tensor x, int[] offsets, boolean mean) {
                return to.segmentSum(x, offsets, false);
              }
            });
    mutant(
        Operation.PARAMETER,
        "no gradient",
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor parameter(Parameter p) {
                return to.parameter(p.copy());
              }
            });
  }

  private static Dropout otherKey(Dropout d) {
    return new Dropout(d.rate(), d.key() + 1, d.rows());
  }

  private void dropout(String name, UnaryOperator<Dropout> broken) {
    mutant(
        Operation.DROPOUT,
        name,
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor dropout(Tensor x, Dropout d) {
                return to.dropout(x, broken.apply(d));
              }
            });
  }

  private void objectives() {
    mutant(
        Operation.VOCABULARY_LOG_LIKELIHOOD,
        "bias ignored",
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor vocabularyLogLikelihood(Tensor h, Parameter w, Parameter b, int[] t) {
                Parameter zero = Parameter.zeros(b.name(), b.kind(), 1, b.cols());
                return to.vocabularyLogLikelihood(h, w, zero, t);
              }
            });
    mutant(
        Operation.VOCABULARY_LOG_LIKELIHOOD,
        "no gradient for the weight",
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor vocabularyLogLikelihood(Tensor h, Parameter w, Parameter b, int[] t) {
                return to.vocabularyLogLikelihood(h, w.copy(), b, t);
              }
            });
    mutant(
        Operation.LOG_SOFTMAX,
        "over everything",
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor logSoftmax(Tensor x, int[] offsets) {
                return to.logSoftmax(x, ends(offsets));
              }
            });
    mutant(
        Operation.LOG_SUM_EXP,
        "marks ignored",
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor logSumExp(Tensor x, int[] offsets, boolean @Nullable [] marked) {
                return to.logSumExp(x, offsets, null);
              }
            });
    mutant(
        Operation.WEIGHTED_SUM,
        "weights without their sign",
        o ->
            new DelegatingSession(o) {
              @Override
              public Tensor weightedSum(Tensor x, float[] weights) {
                float[] w = weights.clone();
                for (int i = 0; i < w.length; i++) {
                  w[i] = Math.abs(w[i]);
                }
                return to.weightedSum(x, w);
              }
            });
  }

  /** The first tensor of every operation without its gradient, or doubled. */
  private static final class FirstChanged extends DelegatingSession {
    private final boolean detach;
    private final boolean twice;

    FirstChanged(Session to, boolean detach, boolean twice) {
      super(to);
      this.detach = detach;
      this.twice = twice;
    }

    private Tensor changed(Tensor x) {
      return detach ? detached(x) : twice ? to.add(x, x) : x;
    }

    @Override
    public Tensor dropout(Tensor x, Dropout dropout) {
      return to.dropout(changed(x), dropout);
    }

    @Override
    public Tensor gather(Tensor x, int[] rows) {
      return to.gather(changed(x), rows);
    }

    @Override
    public Tensor concat(Tensor a, Tensor b) {
      return to.concat(changed(a), b);
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
      return to.add(changed(a), b);
    }

    @Override
    public Tensor segmentSum(Tensor x, int[] offsets, boolean mean) {
      return to.segmentSum(changed(x), offsets, mean);
    }

    @Override
    public Tensor vocabularyLogLikelihood(Tensor h, Parameter w, Parameter b, int[] targets) {
      return to.vocabularyLogLikelihood(changed(h), w, b, targets);
    }

    @Override
    public Tensor innerProducts(Tensor a, Tensor b, int[] aRows, int[] bRows) {
      return to.innerProducts(changed(a), b, aRows, bRows);
    }

    @Override
    public Tensor logSoftmax(Tensor x, int[] offsets) {
      return to.logSoftmax(changed(x), offsets);
    }

    @Override
    public Tensor logSumExp(Tensor x, int[] offsets, boolean @Nullable [] marked) {
      return to.logSumExp(changed(x), offsets, marked);
    }

    @Override
    public Tensor spanStates(Tensor start, Tensor end, int[] starts, int[] ends) {
      return to.spanStates(changed(start), end, starts, ends);
    }

    @Override
    public Tensor weightedSum(Tensor x, float[] weights) {
      return to.weightedSum(changed(x), weights);
    }

    @Override
    public Tensor recomputed(Tensor x, UnaryOperator<Tensor> segment) {
      return to.recomputed(changed(x), segment);
    }
  }

  private static final class SecondDetached extends DelegatingSession {
    SecondDetached(Session to) {
      super(to);
    }

    @Override
    public Tensor concat(Tensor a, Tensor b) {
      return to.concat(a, detached(b));
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
      return to.add(a, detached(b));
    }

    @Override
    public Tensor innerProducts(Tensor a, Tensor b, int[] aRows, int[] bRows) {
      return to.innerProducts(a, detached(b), aRows, bRows);
    }

    @Override
    public Tensor spanStates(Tensor start, Tensor end, int[] starts, int[] ends) {
      return to.spanStates(start, detached(end), starts, ends);
    }
  }

  private static final class FirstTwice extends DelegatingSession {
    FirstTwice(Session to) {
      super(to);
    }

    @Override
    public Tensor concat(Tensor a, Tensor b) {
      return to.concat(a, a);
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
      return to.add(a, a);
    }

    @Override
    public Tensor innerProducts(Tensor a, Tensor b, int[] aRows, int[] bRows) {
      return to.innerProducts(a, a, aRows, aRows);
    }

    @Override
    public Tensor spanStates(Tensor start, Tensor end, int[] starts, int[] ends) {
      return to.spanStates(start, start, starts, starts);
    }
  }
}
