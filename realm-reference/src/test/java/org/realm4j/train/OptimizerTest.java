package org.realm4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.io.RealmException;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Parameter.Kind;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;

/** Invariant 38: schedules, and Adam of both kinds against a plain double loop. */
class OptimizerTest {
  private static final int SIZE = 5;

  private static Parameter parameter(String name, Kind kind) {
    float[] values = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      values[i] = 0.3f * (i + 1) - name.length() * 0.2f;
    }
    return new Parameter(name, kind, 1, SIZE, values);
  }

  /** Gives parameters exactly these gradients. */
  private static void gradients(Session s, List<Parameter> parameters, float[][] gradients) {
    for (int i = 0; i < gradients.length; i++) {
      try (Tape tape = s.record()) {
        s.backward(s.parameter(parameters.get(i)), gradients[i]);
      }
    }
  }

  private static float[] gradient(int step, int parameter) {
    float[] g = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      g[i] = (float) Math.sin(1 + 7 * step + 3 * parameter + i) * (step == 2 ? 0.01f : 1f);
    }
    return g;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void updatesAreThoseOfAPlainLoop(boolean adamW) {
    OptimizerSettings settings = adamW ? OptimizerSettings.adamW() : OptimizerSettings.bert();
    List<Parameter> all =
        List.of(
            parameter("w", Kind.WEIGHT),
            parameter("em", Kind.EMBEDDING),
            parameter("bia", Kind.BIAS),
            parameter("norm", Kind.LAYER_NORM));
    float[] rates = {0.1f, 0.1f, 0.02f, 0.02f};
    double[][] w = new double[4][];
    double[][] m = new double[4][SIZE];
    double[][] v = new double[4][SIZE];
    for (int p = 0; p < 4; p++) {
      w[p] = doubles(all.get(p).values());
    }
    Optimizer optimizer =
        new Optimizer(
            settings,
            List.of(
                new Optimizer.Group(all.subList(0, 2), 0.1f),
                new Optimizer.Group(all.subList(2, 4), 0.02f)));
    try (Session s = new ReferenceBackend().open(1)) {
      for (int step = 0; step < 6; step++) {
        float[][] g = new float[4][];
        double square = 0;
        for (int p = 0; p < 4; p++) {
          g[p] = gradient(step, p);
          square += Arrays.stream(doubles(g[p])).map(x -> x * x).sum();
        }
        gradients(s, all, g);
        double norm = optimizer.step(s, 0.5f);
        assertEquals(Math.sqrt(square), norm, 1e-5 * norm);
        double clip = Math.min(1, 1 / Math.sqrt(square));
        double c1 = adamW ? 1 - Math.pow(0.9, step + 1) : 1;
        double c2 = adamW ? 1 - Math.pow(0.999, step + 1) : 1;
        for (int p = 0; p < 4; p++) {
          double decay = p < 2 ? 0.01 : 0;
          for (int i = 0; i < SIZE; i++) {
            double x = clip * g[p][i];
            m[p][i] = 0.9 * m[p][i] + 0.1 * x;
            v[p][i] = 0.999 * v[p][i] + 0.001 * x * x;
            double u = m[p][i] / c1 / (Math.sqrt(v[p][i] / c2) + 1e-6) + decay * w[p][i];
            w[p][i] -= 0.5 * rates[p] * u;
            assertEquals(w[p][i], all.get(p).values()[i], 2e-4, all.get(p) + ", step " + step);
          }
        }
      }
      assertEquals(6, optimizer.steps());
      assertNull(s.gradient(all.getFirst()), "gradients are cleared");
    }
  }

  private static double[] doubles(float[] x) {
    double[] d = new double[x.length];
    Arrays.setAll(d, i -> x[i]);
    return d;
  }

  @Test
  void decayComesByKindAndOnlyWithAGradient() {
    List<Parameter> all = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      all.add(parameter("p", kind));
    }
    Parameter untouched = parameter("p", Kind.WEIGHT);
    all.add(untouched);
    float[] before = untouched.values().clone();
    Optimizer optimizer =
        new Optimizer(OptimizerSettings.bert(), List.of(new Optimizer.Group(all, 1f)));
    try (Session s = new ReferenceBackend().open(1)) {
      gradients(s, all, new float[4][SIZE]); // zero gradients, which are not no gradients
      assertEquals(0, optimizer.step(s, 1f));
      for (int p = 0; p < 4; p++) {
        for (int i = 0; i < SIZE; i++) {
          boolean decays = all.get(p).kind().decays();
          assertEquals(before[i] * (decays ? 0.99f : 1f), all.get(p).values()[i], 1e-7);
        }
      }
      assertArrayEquals(before, untouched.values());
      assertEquals(0, untouched.version());
    }
    assertTrue(Kind.WEIGHT.decays() && Kind.EMBEDDING.decays());
    assertTrue(!Kind.BIAS.decays() && !Kind.LAYER_NORM.decays());
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void gradientsThatAreNotFiniteChangeNothing(float bad) {
    Parameter p = parameter("w", Kind.WEIGHT);
    float[] before = p.values().clone();
    Optimizer optimizer =
        new Optimizer(OptimizerSettings.bert(), List.of(new Optimizer.Group(List.of(p), 1f)));
    try (Session s = new ReferenceBackend().open(1)) {
      gradients(s, List.of(p), new float[][] {{1, 2, bad, 4, 5}});
      RealmException e = assertThrows(RealmException.class, () -> optimizer.step(s, 1f));
      assertEquals(
          "step 0: the gradients' norm is " + (double) bad + "; nothing was updated",
          e.getMessage());
      assertArrayEquals(before, p.values());
      assertArrayEquals(new float[SIZE], optimizer.firstMoments().getFirst().values());
      assertEquals(0, optimizer.steps());
      // Whoever goes on starts from clean gradients.
      gradients(s, List.of(p), new float[][] {{1, 0, 0, 0, 0}});
      assertEquals(1, optimizer.step(s, 1f), 1e-6);
    }
  }

  @Test
  void noClippingIsInfinity() {
    Parameter p = parameter("w", Kind.BIAS);
    OptimizerSettings settings = OptimizerSettings.bert().withClip(Float.POSITIVE_INFINITY);
    Optimizer optimizer = new Optimizer(settings, List.of(new Optimizer.Group(List.of(p), 1f)));
    try (Session s = new ReferenceBackend().open(1)) {
      gradients(s, List.of(p), new float[][] {{1000, 0, 0, 0, 0}});
      optimizer.step(s, 1f);
      assertEquals(100f, optimizer.firstMoments().getFirst().values()[0], 1e-3);
    }
    assertEquals("Infinity", settings.toJson().get("clip"));
  }

  @Test
  void aParameterBelongsToOneGroup() {
    Parameter p = parameter("w", Kind.WEIGHT);
    Optimizer.Group group = new Optimizer.Group(List.of(p), 1f);
    assertThrows(
        IllegalArgumentException.class,
        () -> new Optimizer(OptimizerSettings.bert(), List.of(group, group)));
  }

  @Test
  void theScheduleRisesJumpsALittleAndFalls() {
    Schedule s = Schedule.bert(10, 100);
    assertEquals(0f, s.at(0));
    assertEquals(0.5f, s.at(5));
    assertEquals(0.9f, s.at(10), 1e-6); // BERT's jump from 1
    assertEquals(0.5f, s.at(50), 1e-6);
    assertEquals(0f, s.at(100));
    assertEquals(0f, s.at(1_000_000));
    for (long t = 11; t <= 100; t++) {
      assertEquals(s.at(t - 1) - 0.01f, s.at(t), 1e-6);
    }
    assertEquals(1f, Schedule.rampUp(10).at(1 << 20));
    assertEquals(0.1f, Schedule.rampUp(10).at(0));
    assertEquals(1f, Schedule.rampUp(10).at(9));
    // Warm-up of the released code: a tenth, at least 100, at most 10,000.
    assertEquals(0.5f, Schedule.bert(2_000).at(100), 1e-6);
    assertEquals(0.5f, Schedule.bert(300).at(50), 1e-6);
    assertEquals(0.5f, Schedule.bert(1_000_000).at(5_000), 1e-6);
    assertEquals(0.5f, Schedule.bert(40).at(20), 1e-6);
    assertThrows(RealmException.BadInput.class, () -> Schedule.bert(11, 10));
    assertThrows(RealmException.BadInput.class, () -> Schedule.bert(0, 0));
  }
}
