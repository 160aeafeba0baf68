package org.realm4j.testkit.contract;

import java.util.Collection;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** Passes everything on, so that a test can break one thing. */
class DelegatingSession implements Session {
  final Session to;

  DelegatingSession(Session to) {
    this.to = to;
  }

  /** The same values, but no gradient passes. */
  final Tensor detached(Tensor x) {
    return to.constant(x.toArray(), x.rows(), x.cols());
  }

  @Override
  public Tape record() {
    return to.record();
  }

  @Override
  public Tape infer() {
    return to.infer();
  }

  @Override
  public void backward(Tensor result, float[] gradient) {
    to.backward(result, gradient);
  }

  @Override
  public Tensor constant(float[] values, int rows, int cols) {
    return to.constant(values, rows, cols);
  }

  @Override
  public Tensor variable(float[] values, int rows, int cols) {
    return to.variable(values, rows, cols);
  }

  @Override
  public Tensor parameter(Parameter p) {
    return to.parameter(p);
  }

  @Override
  public void release(Tensor x) {
    to.release(x);
  }

  @Override
  public Tensor embeddingSum(
      int[] ids, int[] segments, int[] positions, Parameter w, Parameter s, Parameter p) {
    return to.embeddingSum(ids, segments, positions, w, s, p);
  }

  @Override
  public Tensor linear(Tensor x, Parameter w, @Nullable Parameter b, Activation f) {
    return to.linear(x, w, b, f);
  }

  @Override
  public Tensor layerNorm(
      Tensor x, @Nullable Tensor residual, Parameter gamma, Parameter beta, float epsilon) {
    return to.layerNorm(x, residual, gamma, beta, epsilon);
  }

  @Override
  public Tensor attention(
      Tensor q, Tensor k, Tensor v, int[] qo, int[] ko, int heads, @Nullable Dropout d) {
    return to.attention(q, k, v, qo, ko, heads, d);
  }

  @Override
  public Tensor dropout(Tensor x, Dropout dropout) {
    return to.dropout(x, dropout);
  }

  @Override
  public Tensor gather(Tensor x, int[] rows) {
    return to.gather(x, rows);
  }

  @Override
  public Tensor concat(Tensor a, Tensor b) {
    return to.concat(a, b);
  }

  @Override
  public Tensor add(Tensor a, Tensor b) {
    return to.add(a, b);
  }

  @Override
  public Tensor segmentSum(Tensor x, int[] offsets, boolean mean) {
    return to.segmentSum(x, offsets, mean);
  }

  @Override
  public Tensor vocabularyLogLikelihood(Tensor h, Parameter w, Parameter b, int[] targets) {
    return to.vocabularyLogLikelihood(h, w, b, targets);
  }

  @Override
  public Tensor innerProducts(Tensor a, Tensor b, int[] aRows, int[] bRows) {
    return to.innerProducts(a, b, aRows, bRows);
  }

  @Override
  public Tensor logSoftmax(Tensor x, int[] offsets) {
    return to.logSoftmax(x, offsets);
  }

  @Override
  public Tensor logSumExp(Tensor x, int[] offsets, boolean @Nullable [] marked) {
    return to.logSumExp(x, offsets, marked);
  }

  @Override
  public Tensor spanStates(Tensor start, Tensor end, int[] starts, int[] ends) {
    return to.spanStates(start, end, starts, ends);
  }

  @Override
  public Tensor weightedSum(Tensor x, float[] weights) {
    return to.weightedSum(x, weights);
  }

  @Override
  public Tensor recomputed(Tensor x, UnaryOperator<Tensor> segment) {
    return to.recomputed(x, segment);
  }

  @Override
  public float @Nullable [] gradient(Tensor variable) {
    return to.gradient(variable);
  }

  @Override
  public float @Nullable [] gradient(Parameter parameter) {
    return to.gradient(parameter);
  }

  @Override
  public void clearGradients() {
    to.clearGradients();
  }

  @Override
  public double gradientNorm(Collection<Parameter> parameters) {
    return to.gradientNorm(parameters);
  }

  @Override
  public void adam(Parameter parameter, Parameter first, Parameter second, AdamStep step) {
    to.adam(parameter, first, second, step);
  }

  @Override
  public void close() {
    to.close();
  }
}
