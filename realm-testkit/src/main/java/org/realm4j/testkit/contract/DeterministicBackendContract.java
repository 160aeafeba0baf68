package org.realm4j.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;

/**
 * For backends that promise bits: the same for any number of threads and in every run, and a
 * sequence's forward result the same whatever it is packed with. Beside {@link BackendContract}.
 */
public interface DeterministicBackendContract extends BackendUnderTest {

  @TestFactory
  default Stream<DynamicTest> threadsAndRunsDoNotChangeABit() {
    return OperationCases.all().stream()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.toString(),
                    () -> {
                      OperationCase.Outcome one = run(c, 1);
                      assertSameBits(one, run(c, 1), "another run");
                      assertSameBits(one, run(c, 2), "two threads");
                      assertSameBits(one, run(c, 4), "four threads");
                    }));
  }

  private OperationCase.Outcome run(OperationCase c, int threads) {
    try (Session session = backend().open(threads)) {
      return c.run(session);
    }
  }

  private static void assertSameBits(
      OperationCase.Outcome a, OperationCase.Outcome b, String what) {
    assertArrayEquals(a.result(), b.result(), what + ": result");
    for (int i = 0; i < a.gradients().size(); i++) {
      assertArrayEquals(a.gradients().get(i), b.gradients().get(i), what + ": gradient " + i);
    }
  }

  /** The second run of one session finds warm pools and packed weights: the same bits again. */
  @TestFactory
  default Stream<DynamicTest> asSessionsAgeNoBitChanges() {
    return Stream.of(1, 4)
        .map(
            threads ->
                DynamicTest.dynamicTest(
                    threads + " threads",
                    () -> {
                      try (Session session = backend().open(threads)) {
                        List<OperationCase> cases = OperationCases.all();
                        List<OperationCase.Outcome> first =
                            cases.stream().map(c -> c.run(session)).toList();
                        for (int i = cases.size() - 1; i >= 0; i--) {
                          OperationCase c = cases.get(i);
                          assertSameBits(first.get(i), c.run(session), c.toString());
                        }
                      }
                    }));
  }

  /** Alone, in any company, first or last: a sequence's rows are the same bits. */
  @TestFactory
  default Stream<DynamicTest> packingDoesNotChangeABit() {
    return PackedCase.all().stream()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.name(),
                    () -> {
                      try (Session session = backend().open(threads())) {
                        c.check(session);
                      }
                    }));
  }

  @Test
  default void updatesAreTheSameBitsForAnyNumberOfThreads() {
    AdamStep step = new AdamStep(1e-2f, 0.9f, 0.999f, 1e-6f, 0.1f, 0.3f, 0.2f, 0.7f);
    for (int cols : new int[] {1, 7, 31, 193, 4099}) {
      List<Parameter> one = update(1, cols, step);
      for (int threads : new int[] {1, 2, 4}) {
        List<Parameter> other = update(threads, cols, step);
        for (int i = 0; i < one.size(); i++) {
          String what = threads + " threads, " + one.get(i);
          assertArrayEquals(one.get(i).values(), other.get(i).values(), what);
        }
      }
    }
  }

  private List<Parameter> update(int threads, int cols, AdamStep step) {
    try (Session session = backend().open(threads)) {
      List<Parameter> updated = Updates.run(session, cols, List.of(step, step));
      updated.forEach(Parameter::values); // wherever they are, before the session ends
      return updated;
    }
  }

  @Test
  default void normsAreTheSameBitsForAnyNumberOfThreads() {
    List<Parameter> parameters =
        List.of(Samples.weight("a", 31, 4099), Samples.weight("b", 1, 7), Samples.bias("c", 193));
    double one = norm(1, parameters);
    for (int threads : new int[] {1, 2, 4}) {
      assertEquals(one, norm(threads, parameters));
    }
  }

  private double norm(int threads, List<Parameter> parameters) {
    try (Session s = backend().open(threads)) {
      for (Parameter p : parameters) {
        try (var tape = s.record()) {
          s.backward(s.parameter(p), p.values());
        }
      }
      return s.gradientNorm(parameters);
    }
  }

  /** Whole trainings, with updates in between, follow the same bits. */
  @Test
  default void trainingIsTheSameBitsForAnyNumberOfThreads() {
    double[] one = train(1);
    assertArrayEquals(one, train(1));
    assertArrayEquals(one, train(2));
    assertArrayEquals(one, train(4));
  }

  private double[] train(int threads) {
    try (Session s = backend().open(threads)) {
      return Updates.train(s, Samples.weight("w", 17, 13), Samples.bias("b", 17));
    }
  }
}
