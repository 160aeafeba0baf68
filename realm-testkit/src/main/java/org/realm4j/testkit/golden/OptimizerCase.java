package org.realm4j.testkit.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Parameter.Kind;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.train.Optimizer;
import org.realm4j.train.OptimizerSettings;

/** The optimiser alone, on given gradients. */
final class OptimizerCase {
  private static final float RATE = 1e-2f;
  private static final float DECAY = 0.1f;

  private OptimizerCase() {}

  static void run(GoldenCase golden, Session s, Findings findings) {
    Values values = new Values(s);
    List<Parameter> parameters = new ArrayList<>();
    for (Map.Entry<String, Kind> e : kinds().entrySet()) {
      int[] shape = golden.floats("p." + e.getKey()).shape();
      int rows = shape.length == 1 ? 1 : shape[0];
      parameters.add(
          new Parameter(
              e.getKey(),
              e.getValue(),
              rows,
              shape[shape.length - 1],
              golden.floats("p." + e.getKey()).values()));
    }
    Optimizer optimizer =
        new Optimizer(settings(golden.name()), List.of(new Optimizer.Group(parameters, RATE)));
    int steps = golden.floats("g." + parameters.getFirst().name()).shape()[0];
    double[] norms = new double[steps];
    List<double[]> after = new ArrayList<>();
    parameters.forEach(p -> after.add(new double[steps * p.size()]));
    for (int step = 0; step < steps; step++) {
      for (Parameter p : parameters) {
        float[] all = golden.floats("g." + p.name()).values();
        give(s, p, Arrays.copyOfRange(all, step * p.size(), (step + 1) * p.size()));
      }
      norms[step] = optimizer.step(s, 1f);
      for (int i = 0; i < parameters.size(); i++) {
        Parameter p = parameters.get(i);
        System.arraycopy(values.of(p), 0, after.get(i), step * p.size(), p.size());
      }
    }
    for (int i = 0; i < parameters.size(); i++) {
      findings.checkUpdated("p." + parameters.get(i).name(), after.get(i));
    }
    if (golden.expected().containsKey("grad_global_norm")) {
      findings.check("grad_global_norm", norms);
    }
  }

  private static Map<String, Kind> kinds() {
    Map<String, Kind> kinds = new LinkedHashMap<>();
    kinds.put("dense.weight", Kind.WEIGHT);
    kinds.put("dense.bias", Kind.BIAS);
    kinds.put("LayerNorm.weight", Kind.LAYER_NORM);
    return kinds;
  }

  private static OptimizerSettings settings(String name) {
    OptimizerSettings settings =
        name.startsWith("bert") ? OptimizerSettings.bert() : OptimizerSettings.adamW();
    return settings
        .withWeightDecay(DECAY)
        .withClip(name.endsWith("clip1") ? 1f : Float.POSITIVE_INFINITY);
  }

  /** Adds a gradient to a parameter. */
  private static void give(Session s, Parameter p, float[] gradient) {
    try (Tape tape = s.record()) {
      s.backward(s.parameter(p), gradient);
    }
  }
}
