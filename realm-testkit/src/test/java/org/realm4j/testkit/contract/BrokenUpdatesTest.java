package org.realm4j.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleBackend;

/** Backends that train wrongly or keep what they should give back: the contract must fail. */
class BrokenUpdatesTest {
  /** A backend made of broken sessions. */
  private record Broken(Function<Session, Session> session)
      implements BackendContract, DeterministicBackendContract {
    @Override
    public Backend backend() {
      return new Backend() {
        @Override
        public String name() {
          return "broken";
        }

        @Override
        public String describe() {
          return "broken on purpose";
        }

        @Override
        public Session open(int threads) {
          return session.apply(new OracleBackend().open(threads));
        }
      };
    }
  }

  private static List<String> failures(Broken b) {
    return ContractRun.failures(
        ContractRun.test("bert", b::adamOfBert),
        ContractRun.test("adamw", b::adamWithBiasCorrection),
        ContractRun.test("alone", b::adamLeavesAloneWhatNoGradientReached),
        ContractRun.test("zero decays", b::aZeroGradientStillDecays),
        ContractRun.test("norm", b::gradientNormIsOverAllTogether),
        ContractRun.test("training", b::trainingFollowsTheOracle),
        ContractRun.test("versions", b::versionsGrowWithUpdates),
        ContractRun.test("add up", b::gradientsAddUpOverBackwardPasses),
        ContractRun.test("clear", b::clearedGradientsStartAgain),
        ContractRun.test("tied", b::tiedParametersGetOneSum),
        ContractRun.test("unused", b::nothingReachesWhatWasNotUsed),
        ContractRun.test("zero", b::aZeroGradientIsAGradient),
        ContractRun.test("nest", b::tapesNest),
        ContractRun.test("marks", b::groupsWithoutAMarkPassNothingOn),
        ContractRun.test("dropout", b::dropoutDropsWhatTheCounterSays),
        ContractRun.test("attention", b::attentionDropsWhatTheCounterSays),
        ContractRun.test("copies", b::valuesAreCopiedInAndOut),
        ContractRun.test("tape", b::aTensorEndsWithItsTape),
        ContractRun.test("inner", b::innerTapesEndFirst),
        ContractRun.test("no tape", b::nothingIsComputedWithoutATape),
        ContractRun.test("closed", b::aClosedSessionRefusesEverything),
        ContractRun.tests("shapes", b.shapesThatDoNotFitAreRefused()),
        ContractRun.tests("indices", b.indicesOutOfRangeAreRefused()),
        ContractRun.tests("recomputed", b.recomputedGivesTheSameBits()),
        ContractRun.tests("infer", b.inferenceGivesTheSameBitsAsRecording()),
        ContractRun.tests("large", b.largeScoresStayFinite()),
        ContractRun.tests("nan", b.nanStaysNan().filter(t -> t.getDisplayName().contains("7, 8"))),
        ContractRun.tests(
            "packing", b.packingDoesNotChangeABit().filter(t -> t.getDisplayName().contains("12"))),
        ContractRun.test("update bits", b::updatesAreTheSameBitsForAnyNumberOfThreads));
  }

  private static DynamicTest noticed(String name, String by, Function<Session, Session> session) {
    return DynamicTest.dynamicTest(
        name,
        () -> {
          List<String> failed = failures(new Broken(session));
          assertFalse(failed.isEmpty(), "unnoticed");
          assertTrue(failed.contains(by), "expected '" + by + "' to notice, found " + failed);
        });
  }

  private static DynamicTest adam(String name, String by, UnaryOperator<AdamStep> broken) {
    return noticed(
        name,
        by,
        o ->
            new DelegatingSession(o) {
              @Override
              public void adam(Parameter p, Parameter first, Parameter second, AdamStep s) {
                to.adam(p, first, second, broken.apply(s));
              }
            });
  }

  private static AdamStep step(
      AdamStep s, float beta1, float epsilon, float decay, float c1, float c2, float scale) {
    return new AdamStep(s.learningRate(), beta1, s.beta2(), epsilon, decay, c1, c2, scale);
  }

  @TestFactory
  Stream<DynamicTest> wrongAdams() {
    return Stream.of(
        adam(
            "no decay",
            "bert",
            s -> step(s, s.beta1(), s.epsilon(), 0, s.correction1(), s.correction2(), 1)),
        adam(
            "no clipping",
            "bert",
            s ->
                step(
                    s,
                    s.beta1(),
                    s.epsilon(),
                    s.weightDecay(),
                    s.correction1(),
                    s.correction2(),
                    1)),
        adam(
            "no bias correction",
            "adamw",
            s -> step(s, s.beta1(), s.epsilon(), s.weightDecay(), 1, 1, s.gradientScale())),
        adam(
            "another epsilon",
            "bert",
            s ->
                step(
                    s,
                    s.beta1(),
                    1e-8f,
                    s.weightDecay(),
                    s.correction1(),
                    s.correction2(),
                    s.gradientScale())),
        noticed(
            "moments exchanged",
            "bert",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public void adam(Parameter p, Parameter m, Parameter v, AdamStep s) {
                    to.adam(p, v, m, s);
                  }
                }),
        noticed(
            "no gradient taken for zero",
            "alone",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public void adam(Parameter p, Parameter m, Parameter v, AdamStep s) {
                    if (gradient(p) == null) {
                      try (Tape tape = to.record()) {
                        to.backward(to.parameter(p), new float[p.size()]);
                      }
                    }
                    to.adam(p, m, v, s);
                  }
                }),
        noticed(
            "no version",
            "versions",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public void adam(Parameter p, Parameter m, Parameter v, AdamStep s) {}
                }));
  }

  @TestFactory
  Stream<DynamicTest> wrongGradients() {
    return Stream.of(
        noticed(
            "sum of the norms",
            "norm",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public double gradientNorm(Collection<Parameter> all) {
                    return all.stream().mapToDouble(p -> to.gradientNorm(List.of(p))).sum();
                  }
                }),
        noticed(
            "never cleared",
            "clear",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public void clearGradients() {}
                }),
        noticed(
            "cleared by every pass",
            "add up",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public void backward(Tensor result, float[] gradient) {
                    to.clearGradients();
                    to.backward(result, gradient);
                  }
                }),
        noticed(
            "zero for none",
            "unused",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public float @Nullable [] gradient(Parameter p) {
                    float[] g = to.gradient(p);
                    return g == null ? new float[p.size()] : g;
                  }
                }),
        noticed(
            "none for zero",
            "zero",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public float @Nullable [] gradient(Parameter p) {
                    float[] g = to.gradient(p);
                    boolean zero = g != null && to.gradientNorm(List.of(p)) == 0;
                    return zero ? null : g;
                  }
                }),
        noticed(
            "decoder not tied",
            "tied",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public Tensor vocabularyLogLikelihood(
                      Tensor h, Parameter w, Parameter b, int[] targets) {
                    return to.vocabularyLogLikelihood(h, w.copy(), b, targets);
                  }
                }));
  }

  @TestFactory
  Stream<DynamicTest> otherFaults() {
    return Stream.of(
        noticed(
            "old copies of parameters",
            "training",
            o ->
                new DelegatingSession(o) {
                  private final IdentityHashMap<Parameter, Parameter> kept =
                      new IdentityHashMap<>();

                  @Override
                  public Tensor vocabularyLogLikelihood(
                      Tensor h, Parameter w, Parameter b, int[] targets) {
                    Parameter old = kept.computeIfAbsent(w, Parameter::copy);
                    return to.vocabularyLogLikelihood(h, old, b, targets);
                  }
                }),
        noticed(
            "everything fits",
            "shapes",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public Tensor add(Tensor a, Tensor b) {
                    try {
                      return to.add(a, b);
                    } catch (IllegalArgumentException e) {
                      return a;
                    }
                  }
                }),
        noticed(
            "indices clamped",
            "indices",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public Tensor gather(Tensor x, int[] rows) {
                    int[] clamped = rows.clone();
                    for (int i = 0; i < rows.length; i++) {
                      clamped[i] = Math.clamp(rows[i], 0, x.rows() - 1);
                    }
                    return to.gather(x, clamped);
                  }
                }),
        noticed(
            "recomputed without dropout",
            "recomputed",
            o ->
                new DelegatingSession(o) {
                  private boolean inside;

                  @Override
                  public Tensor recomputed(Tensor x, UnaryOperator<Tensor> segment) {
                    inside = true;
                    Tensor y = to.recomputed(x, segment);
                    inside = false;
                    return y;
                  }

                  @Override
                  public Tensor dropout(Tensor x, Dropout d) {
                    return inside ? x : to.dropout(x, d);
                  }
                }),
        noticed(
            "NaN becomes zero",
            "nan",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public Tensor linear(Tensor x, Parameter w, @Nullable Parameter b, Activation f) {
                    float[] y = to.linear(x, w, b, f).toArray();
                    for (int i = 0; i < y.length; i++) {
                      y[i] = Float.isNaN(y[i]) ? 0 : y[i];
                    }
                    return to.constant(y, x.rows(), w.rows());
                  }
                }),
        noticed(
            "large scores overflow",
            "large",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public Tensor logSumExp(Tensor x, int[] offsets, boolean @Nullable [] marked) {
                    float[] y = to.logSumExp(x, offsets, marked).toArray();
                    for (int i = 0; i < y.length; i++) {
                      y[i] = (float) Math.log((float) Math.exp(y[i]));
                    }
                    return to.constant(y, y.length, 1);
                  }
                }),
        noticed(
            "bits depend on the company",
            "packing",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public Tensor layerNorm(
                      Tensor x, @Nullable Tensor r, Parameter g, Parameter b, float epsilon) {
                    return to.layerNorm(x, r, g, b, epsilon + 1e-6f * x.rows());
                  }
                }),
        noticed(
            "bits depend on the run",
            "update bits",
            new Function<Session, Session>() {
              private final Map<String, Integer> runs = new HashMap<>();

              @Override
              public Session apply(Session o) {
                int run = runs.merge("run", 1, Integer::sum);
                return new DelegatingSession(o) {
                  @Override
                  public void adam(Parameter p, Parameter m, Parameter v, AdamStep s) {
                    float rate = s.learningRate() * (1 + 1e-5f * (run % 7));
                    to.adam(
                        p,
                        m,
                        v,
                        new AdamStep(
                            rate,
                            s.beta1(),
                            s.beta2(),
                            s.epsilon(),
                            s.weightDecay(),
                            s.correction1(),
                            s.correction2(),
                            s.gradientScale()));
                  }
                };
              }
            }),
        noticed(
            "tensors outlive their tape",
            "tape",
            o ->
                new DelegatingSession(o) {
                  @Override
                  public Tape record() {
                    to.record(); // closing the other one releases nothing
                    return new Tape(false, () -> {});
                  }
                }));
  }
}
