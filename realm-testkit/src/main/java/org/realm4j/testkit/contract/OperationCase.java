package org.realm4j.testkit.contract;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleSession;

/**
 * A computation with its inputs that can run on any session, forward and backward.
 *
 * @param name what is special about it, such as its sizes
 * @param inputs become variables
 * @param parameters whose gradients are compared; the body has them in scope
 * @param body uses the session and the variables, in the order of the inputs
 */
public record OperationCase(
    Operation operation, String name, List<Matrix> inputs, List<Parameter> parameters, Body body) {

  /** What is computed. */
  public interface Body {
    Tensor apply(Session session, List<Tensor> variables);
  }

  /**
   * What came out.
   *
   * @param gradients of the inputs, then of the parameters; null where none reached it
   */
  public record Outcome(int rows, int cols, double[] result, List<double @Nullable []> gradients) {}

  /** The gradient of something by the result, so that every entry of it matters. */
  public static float[] upstream(Tensor result) {
    return Samples.normal(result.rows() * result.cols(), 1, 4711);
  }

  /** Runs it forward and backward on a tape of its own, from cleared gradients. */
  public Outcome run(Session session) {
    session.clearGradients();
    try (Tape tape = session.record()) {
      List<Tensor> variables = variables(session);
      Tensor y = body.apply(session, variables);
      double[] result = values(session, y);
      session.backward(y, upstream(y));
      List<double @Nullable []> gradients = new ArrayList<>();
      for (Tensor v : variables) {
        gradients.add(gradient(session, v));
      }
      for (Parameter p : parameters) {
        gradients.add(gradient(session, p));
      }
      return new Outcome(y.rows(), y.cols(), result, gradients);
    }
  }

  /** Only the values of the result, on a tape for inference. */
  public double[] infer(Session session) {
    try (Tape tape = session.infer()) {
      return values(session, body.apply(session, variables(session)));
    }
  }

  private List<Tensor> variables(Session session) {
    List<Tensor> variables = new ArrayList<>();
    for (Matrix m : inputs) {
      variables.add(session.variable(m.values(), m.rows(), m.cols()));
    }
    return variables;
  }

  /** What the i-th gradient of an outcome is the gradient of. */
  public String nameOfGradient(int i) {
    return i < inputs.size() ? "input " + i : parameters.get(i - inputs.size()).name();
  }

  static double[] values(Session session, Tensor x) {
    return session instanceof OracleSession o ? o.doubles(x) : widened(x.toArray());
  }

  private static double @Nullable [] gradient(Session session, Tensor x) {
    return session instanceof OracleSession o ? o.gradientDoubles(x) : widen(session.gradient(x));
  }

  private static double @Nullable [] gradient(Session session, Parameter p) {
    return session instanceof OracleSession o ? o.gradientDoubles(p) : widen(session.gradient(p));
  }

  private static double @Nullable [] widen(float @Nullable [] x) {
    return x == null ? null : widened(x);
  }

  static double[] widened(float[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i];
    }
    return y;
  }

  @Override
  public String toString() {
    return operation + " " + name;
  }
}
