package org.realm4j.testkit.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Tape;
import org.realm4j.testkit.oracle.OracleAdamStep;
import org.realm4j.testkit.oracle.OracleBackend;
import org.realm4j.testkit.oracle.OracleSession;

/** The optimizer alone, against other code, to the last bits. */
@EnabledIfSystemProperty(named = "realm.goldens", matches = ".+")
class AdamGoldenTest {
  private static final List<String> NAMES =
      List.of("dense.weight", "dense.bias", "LayerNorm.weight");

  @ParameterizedTest
  @ValueSource(strings = {"adamw", "adamw_clip1", "bert_adam"})
  void followsTheTrajectory(String name) {
    Path folder = Path.of(System.getProperty("realm.goldens"));
    GoldenCase c = GoldenCase.read(folder.resolve("h_adamw"), name);
    List<Parameter[]> all = new ArrayList<>(); // the parameter and its moments
    for (String n : NAMES) {
      float[] values = c.floats("p." + n).values();
      Parameter.Kind kind = n.equals("dense.weight") ? Parameter.Kind.WEIGHT : Parameter.Kind.BIAS;
      all.add(
          new Parameter[] {
            new Parameter(n, kind, 1, values.length, values.clone()),
            Parameter.zeros(n + " first", kind, 1, values.length),
            Parameter.zeros(n + " second", kind, 1, values.length)
          });
    }
    try (OracleSession s = new OracleBackend().open(1)) {
      for (int t = 0; t < 6; t++) {
        s.clearGradients();
        for (Parameter[] p : all) {
          float[] g = c.floats("g." + p[0].name()).values();
          int n = p[0].size();
          try (Tape tape = s.record()) {
            s.backward(s.parameter(p[0]), Arrays.copyOfRange(g, t * n, (t + 1) * n));
          }
        }
        double norm = s.gradientNorm(all.stream().map(p -> p[0]).toList());
        double scale = 1;
        if (name.equals("adamw_clip1")) {
          assertEquals(c.expected("grad_global_norm").values()[t], norm, 1e-10 * norm);
          scale = Math.min(1, 1 / norm);
        }
        boolean bert = name.equals("bert_adam");
        double first = bert ? 1 : 1 - Math.pow(0.9, t + 1);
        double second = bert ? 1 : 1 - Math.pow(0.999, t + 1);
        for (Parameter[] p : all) {
          double decay = p[0].kind().decays() ? 0.1 : 0;
          s.adam(
              p[0],
              p[1],
              p[2],
              new OracleAdamStep(1e-2, 0.9, 0.999, 1e-6, decay, first, second, scale));
          double[] truth = c.expected("p." + p[0].name()).values();
          int n = p[0].size();
          double[] step = Arrays.copyOfRange(truth, t * n, (t + 1) * n);
          Comparison comparison = Comparison.of(p[0].name(), s.doubles(p[0]), step, 2e-15);
          assertTrue(comparison.passed(), comparison.toString());
        }
      }
    }
  }
}
