package org.realm4j.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** Who owns what until when, and what is refused. */
public interface LifecycleContract extends BackendUnderTest {

  @Test
  default void saysWhatItIs() {
    assertFalse(backend().name().isBlank());
    assertFalse(backend().describe().isBlank());
    assertFalse(backend().describe().contains("\n"));
  }

  @Test
  default void valuesAreCopiedInAndOut() {
    try (Session s = backend().open(threads());
        Tape tape = s.infer()) {
      float[] values = {1, 2, 3, 4, 5, 6};
      Tensor constant = s.constant(values, 2, 3);
      Tensor variable = s.variable(values, 3, 2);
      values[0] = 99;
      constant.toArray()[1] = 99;
      assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, constant.toArray());
      assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, variable.toArray());
      assertEquals("[2, 3]", constant.shape());
    }
  }

  @Test
  default void aTensorEndsWithItsTape() {
    try (Session s = backend().open(threads())) {
      Tensor x;
      Tensor y;
      try (Tape tape = s.record()) {
        x = s.variable(new float[] {1, 2}, 2, 1);
        y = s.add(x, x);
      }
      assertThrows(IllegalStateException.class, x::toArray);
      assertThrows(IllegalStateException.class, y::toArray);
      try (Tape tape = s.record()) {
        assertThrows(IllegalStateException.class, () -> s.add(x, x));
        assertThrows(IllegalStateException.class, () -> s.backward(y, new float[] {1, 1}));
      }
    }
  }

  /** The result of an inner tape ends with it, what was made outside does not. */
  @Test
  default void innerTapesEndFirst() {
    try (Session s = backend().open(threads());
        Tape outer = s.infer()) {
      Tensor x = s.constant(new float[] {1, 2}, 2, 1);
      Tensor y;
      try (Tape inner = s.infer()) {
        y = s.add(x, x);
      }
      assertThrows(IllegalStateException.class, y::toArray);
      assertArrayEquals(new float[] {2, 4}, s.add(x, x).toArray());
    }
  }

  @Test
  default void nothingIsComputedWithoutATape() {
    try (Session s = backend().open(threads())) {
      assertThrows(IllegalStateException.class, () -> s.constant(new float[] {1}, 1, 1));
      Parameter p = Samples.weight("p", 2, 2);
      assertThrows(IllegalStateException.class, () -> s.parameter(p));
    }
  }

  @Test
  default void aClosedSessionRefusesEverything() {
    Session s = backend().open(threads());
    Parameter p = Samples.weight("p", 2, 2);
    Tape tape = s.record();
    Tensor x = s.variable(new float[] {1, 2}, 1, 2);
    s.close();
    s.close(); // idempotent
    assertThrows(IllegalStateException.class, s::record);
    assertThrows(IllegalStateException.class, s::infer);
    assertThrows(IllegalStateException.class, x::toArray);
    assertThrows(IllegalStateException.class, () -> s.add(x, x));
    assertThrows(IllegalStateException.class, () -> s.constant(new float[] {1}, 1, 1));
    assertThrows(IllegalStateException.class, () -> s.linear(x, p, null, Activation.NONE));
    assertThrows(IllegalStateException.class, () -> s.gradient(p));
    assertThrows(IllegalStateException.class, () -> s.gradient(x));
    assertThrows(IllegalStateException.class, s::clearGradients);
    assertDoesNotThrow(tape::close);
  }

  @TestFactory
  default Stream<DynamicTest> shapesThatDoNotFitAreRefused() {
    return Misfits.shapes()
        .map(
            m ->
                DynamicTest.dynamicTest(
                    m.name(), () -> refused(m, List.of(IllegalArgumentException.class))));
  }

  /** Reading beside an array must not happen, whichever exception says so. */
  @TestFactory
  default Stream<DynamicTest> indicesOutOfRangeAreRefused() {
    return Misfits.indices()
        .map(
            m ->
                DynamicTest.dynamicTest(
                    m.name(),
                    () ->
                        refused(
                            m,
                            List.of(
                                IllegalArgumentException.class, IndexOutOfBoundsException.class))));
  }

  private void refused(Misfits.Misfit m, List<Class<?>> expected) {
    try (Session s = backend().open(threads());
        Tape tape = s.record()) {
      Tensor x = s.variable(Samples.normal(6, 1, 1), 2, 3);
      Tensor column = s.variable(Samples.normal(4, 1, 2), 4, 1);
      RuntimeException e =
          assertThrows(RuntimeException.class, () -> m.call().apply(s, x, column).toArray());
      if (expected.stream().noneMatch(c -> c.isInstance(e))) {
        throw new AssertionError(m.name() + ": expected " + expected + ", found " + e, e);
      }
    }
  }

  @Test
  default void noThreadsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> backend().open(0));
  }
}
