package org.realm4j.tensor;

import java.util.Collection;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;

/**
 * A session that looks at every result before it goes on, for naming the operation in which a value
 * stopped being a number: each is brought to the host, which on a device is slow. Uses another
 * session and does not own it. Values that are negative infinity are let pass in columns, where
 * they stand for a probability of zero.
 */
public final class CheckedSession implements Session {
  /** A value is NaN or infinite; the message names the operation, the shape, row and column. */
  public static final class NotFinite extends RealmException {
    private static final long serialVersionUID = 1L;

    NotFinite(String message) {
      super(message);
    }
  }

  private final Session session;
  private int operations;

  public CheckedSession(Session session) {
    this.session = session;
  }

  private Tensor checked(String operation, Tensor y) {
    operations++;
    float[] values = y.toArray();
    int bad = firstBad(values, y.cols() == 1);
    if (bad >= 0) {
      throw new NotFinite(
          "operation "
              + operations
              + ", "
              + operation
              + " "
              + y.shape()
              + ": row "
              + bad / y.cols()
              + ", column "
              + bad % y.cols()
              + " is "
              + values[bad]);
    }
    return y;
  }

  private static int firstBad(float[] values, boolean column) {
    for (int i = 0; i < values.length; i++) {
      float v = values[i];
      if (!Float.isFinite(v) && !(column && v == Float.NEGATIVE_INFINITY)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * After backward, which runs through without a look in between.
   *
   * @throws NotFinite for the last parameter whose gradient is not finite, in the order given: the
   *     one nearest to the loss where they are in the order of the network
   */
  public void checkGradients(Collection<Parameter> parameters) {
    NotFinite found = null;
    for (Parameter p : parameters) {
      float[] g = session.gradient(p);
      int bad = g == null ? -1 : firstBad(g, false);
      if (g != null && bad >= 0) {
        String where = ": row " + bad / p.cols() + ", column " + bad % p.cols() + " is " + g[bad];
        found = new NotFinite("the gradient of " + p + where);
      }
    }
    if (found != null) {
      throw found;
    }
  }

  @Override
  public Tape record() {
    return session.record();
  }

  @Override
  public Tape infer() {
    return session.infer();
  }

  @Override
  public void backward(Tensor result, float[] gradient) {
    session.backward(result, gradient);
  }

  @Override
  public Tensor constant(float[] values, int rows, int cols) {
    return checked("constant", session.constant(values, rows, cols));
  }

  @Override
  public Tensor variable(float[] values, int rows, int cols) {
    return checked("variable", session.variable(values, rows, cols));
  }

  @Override
  public Tensor parameter(Parameter p) {
    return checked("parameter " + p.name(), session.parameter(p));
  }

  @Override
  public void release(Tensor x) {
    session.release(x);
  }

  @Override
  public Tensor embeddingSum(
      int[] ids,
      int[] segments,
      int[] positions,
      Parameter word,
      Parameter segment,
      Parameter position) {
    return checked(
        "embeddingSum of " + word.name(),
        session.embeddingSum(ids, segments, positions, word, segment, position));
  }

  @Override
  public Tensor linear(
      Tensor x, Parameter weight, @Nullable Parameter bias, Activation activation) {
    return checked("linear by " + weight.name(), session.linear(x, weight, bias, activation));
  }

  @Override
  public Tensor layerNorm(
      Tensor x, @Nullable Tensor residual, Parameter gamma, Parameter beta, float epsilon) {
    return checked(
        "layerNorm by " + gamma.name(), session.layerNorm(x, residual, gamma, beta, epsilon));
  }

  @Override
  public Tensor attention(
      Tensor q,
      Tensor k,
      Tensor v,
      int[] queryOffsets,
      int[] keyOffsets,
      int heads,
      @Nullable Dropout dropout) {
    return checked(
        "attention", session.attention(q, k, v, queryOffsets, keyOffsets, heads, dropout));
  }

  @Override
  public Tensor dropout(Tensor x, Dropout dropout) {
    return checked("dropout", session.dropout(x, dropout));
  }

  @Override
  public Tensor gather(Tensor x, int[] rows) {
    return checked("gather", session.gather(x, rows));
  }

  @Override
  public Tensor concat(Tensor a, Tensor b) {
    return checked("concat", session.concat(a, b));
  }

  @Override
  public Tensor add(Tensor a, Tensor b) {
    return checked("add", session.add(a, b));
  }

  @Override
  public Tensor segmentSum(Tensor x, int[] offsets, boolean mean) {
    return checked("segmentSum", session.segmentSum(x, offsets, mean));
  }

  @Override
  public Tensor vocabularyLogLikelihood(
      Tensor hidden, Parameter weight, Parameter bias, int[] targets) {
    return checked(
        "vocabularyLogLikelihood by " + weight.name(),
        session.vocabularyLogLikelihood(hidden, weight, bias, targets));
  }

  @Override
  public Tensor innerProducts(Tensor a, Tensor b, int[] aRows, int[] bRows) {
    return checked("innerProducts", session.innerProducts(a, b, aRows, bRows));
  }

  @Override
  public Tensor logSoftmax(Tensor x, int[] offsets) {
    return checked("logSoftmax", session.logSoftmax(x, offsets));
  }

  @Override
  public Tensor logSumExp(Tensor x, int[] offsets, boolean @Nullable [] marked) {
    return checked("logSumExp", session.logSumExp(x, offsets, marked));
  }

  @Override
  public Tensor spanStates(Tensor start, Tensor end, int[] starts, int[] ends) {
    return checked("spanStates", session.spanStates(start, end, starts, ends));
  }

  @Override
  public Tensor weightedSum(Tensor x, float[] weights) {
    return checked("weightedSum", session.weightedSum(x, weights));
  }

  /** As the segment itself, each of whose operations is looked at. */
  @Override
  public Tensor recomputed(Tensor x, UnaryOperator<Tensor> segment) {
    return segment.apply(x);
  }

  @Override
  public float @Nullable [] gradient(Tensor variable) {
    return session.gradient(variable);
  }

  @Override
  public float @Nullable [] gradient(Parameter parameter) {
    return session.gradient(parameter);
  }

  @Override
  public void clearGradients() {
    session.clearGradients();
  }

  @Override
  public void reserve(Collection<Parameter> parameters) {
    session.reserve(parameters);
  }

  @Override
  public double gradientNorm(Collection<Parameter> parameters) {
    return session.gradientNorm(parameters);
  }

  @Override
  public void adam(Parameter parameter, Parameter first, Parameter second, AdamStep step) {
    session.adam(parameter, first, second, step);
  }

  /** Leaves the session open that it uses. */
  @Override
  public void close() {}
}
