package org.realm4j.bench;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.bench.MiniLmOperations.Measured;
import org.realm4j.io.JsonObject;
import org.realm4j.reference.KernelChoice;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.contract.Agreement;
import org.realm4j.testkit.contract.Agreement.Deviation;
import org.realm4j.testkit.contract.Operation;
import org.realm4j.testkit.contract.OperationCase;
import org.realm4j.testkit.contract.OperationCases;
import org.realm4j.testkit.contract.Updates;

/** Single operations of a backend: how long they take, and how far they are from the oracle. */
final class OperationLoad implements Worker.Load {
  /** As for products: what a turn begins with is not timed. */
  private static final double WAKING_SECONDS = 0.06;

  private final MeasuredBackend measured;
  private final Session session;
  private final List<Measured> operations = MiniLmOperations.all();

  OperationLoad(JsonObject job, KernelChoice kernels) {
    measured = MeasuredBackend.of(job, kernels);
    session = measured.backend().open(job.int32("threads"));
  }

  /** Request: describe, or deviations, or operation with for_seconds. */
  @Override
  public Map<String, Object> run(JsonObject request) {
    if (request.has("describe")) {
      return Map.of("description", measured.backend().describe());
    }
    if (request.has("deviations")) {
      return deviations();
    }
    Measured operation = operations.get(request.int32("operation"));
    times(operation, WAKING_SECONDS);
    return times(operation, request.number("for_seconds"));
  }

  /** By operation, over all of its cases. */
  private Map<String, Object> deviations() {
    Map<Operation, Deviation> largest = new EnumMap<>(Updates.measure(session));
    for (OperationCase c : OperationCases.all()) {
      largest.merge(c.operation(), Agreement.measure(c, session), Deviation::max);
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    largest.forEach(
        (o, d) -> answer.put(o.name(), Map.of("forward", d.forward(), "backward", d.backward())));
    return answer;
  }

  /** Median seconds of both passes, repeated for so long. */
  private Map<String, Object> times(Measured operation, double seconds) {
    long until = System.nanoTime() + (long) (seconds * 1e9);
    List<double[]> passes = new java.util.ArrayList<>();
    do {
      passes.add(once(operation));
    } while (System.nanoTime() < until);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("calls", passes.size());
    answer.put("forward", median(passes, 0));
    if (operation.backward() != null) {
      answer.put("backward", median(passes, 1));
    }
    return answer;
  }

  private static double median(List<double[]> passes, int pass) {
    return Statistics.median(passes.stream().mapToDouble(p -> p[pass]).toArray());
  }

  /**
   * Seconds forward and backward. The clock of the backward pass stands on the tape, around the
   * operation's own step, since bringing the gradient in is not its work.
   */
  private double[] once(Measured m) {
    session.clearGradients();
    long[] at = new long[4];
    try (Tape tape = session.record()) {
      m.before().accept(session);
      List<Tensor> inputs =
          m.operation().inputs().stream()
              .map(x -> session.variable(x.values(), x.rows(), x.cols()))
              .toList();
      tape.record(() -> at[3] = now());
      at[0] = now();
      Tensor y = m.operation().body().apply(session, inputs);
      at[1] = now();
      tape.record(() -> at[2] = now());
      if (m.backward() != null) {
        session.backward(y, MiniLmOperations.upstream(y));
      }
    }
    return new double[] {1e-9 * (at[1] - at[0]), 1e-9 * (at[3] - at[2])};
  }

  private long now() {
    measured.finish();
    return System.nanoTime();
  }

  @Override
  public long parameters() {
    return 0;
  }

  @Override
  public void close() {
    session.close();
  }
}
