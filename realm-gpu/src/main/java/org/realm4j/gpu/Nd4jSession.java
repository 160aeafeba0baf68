package org.realm4j.gpu;

import java.util.Collection;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Shapes;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** Checks whose tensors they are and hands over to the operations. */
final class Nd4jSession implements Session {
  private final Workspace space;

  /**
   * @param memoryLimit bytes that the session may hold on the device
   */
  Nd4jSession(long memoryLimit) {
    this.space = new Workspace(memoryLimit);
  }

  /** Bytes that the session holds, in use or to be used again. */
  long memory() {
    return space.memory().allocated();
  }

  /** Arrays of indices, masks and the like that were brought to the device so far. */
  long uploads() {
    return space.uploads();
  }

  // ---- computations

  @Override
  public Tape record() {
    return space.open(true);
  }

  @Override
  public Tape infer() {
    return space.open(false);
  }

  @Override
  public void backward(Tensor result, float[] gradient) {
    space.checkOpen();
    Values v = space.values(result);
    Shapes.length("gradient", gradient.length, v.size());
    if (!v.tape().recording()) {
      throw new IllegalStateException("the result was computed on a tape that does not record");
    }
    if (v.wanted() && v.rows() > 0) {
      INDArray g = space.upload(gradient, v.rows(), v.cols());
      space.handTo(v.tape(), g);
      v.takeOver(g);
    }
    space.replay(v.tape());
  }

  // ---- leaves

  @Override
  public Tensor constant(float[] values, int rows, int cols) {
    return leaf(values, rows, cols, false);
  }

  @Override
  public Tensor variable(float[] values, int rows, int cols) {
    return leaf(values, rows, cols, true);
  }

  private Values leaf(float[] values, int rows, int cols, boolean wanted) {
    Shapes.length("values", values.length, Math.multiplyExact(rows, cols));
    Values v = space.result(rows, cols, wanted);
    Transfer.upload(values, v.data().data());
    return v;
  }

  @Override
  public Tensor parameter(Parameter p) {
    Values v = space.result(p.rows(), p.cols(), true);
    Ops.copy(space.parameters().value(p), v.data()); // an alias would change with an update
    space.record(v, () -> Ops.add(space.gradient(p), v.gradient(), space.gradient(p)));
    return v;
  }

  @Override
  public void release(Tensor x) {
    space.values(x).discard();
  }

  // ---- networks

  @Override
  public Tensor embeddingSum(
      int[] ids,
      int[] segments,
      int[] positions,
      Parameter word,
      Parameter segment,
      Parameter position) {
    return Rows.embeddingSum(space, ids, segments, positions, word, segment, position);
  }

  @Override
  public Tensor linear(
      Tensor x, Parameter weight, @Nullable Parameter bias, Activation activation) {
    return Linear.linear(space, space.values(x), weight, bias, activation);
  }

  @Override
  public Tensor layerNorm(
      Tensor x, @Nullable Tensor residual, Parameter gamma, Parameter beta, float epsilon) {
    Values other = residual == null ? null : space.values(residual);
    return LayerNorm.layerNorm(space, space.values(x), other, gamma, beta, epsilon);
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
    return Attention.attention(
        space,
        space.values(q),
        space.values(k),
        space.values(v),
        queryOffsets,
        keyOffsets,
        heads,
        dropout);
  }

  @Override
  public Tensor dropout(Tensor x, Dropout dropout) {
    return Rows.dropout(space, space.values(x), dropout);
  }

  @Override
  public Tensor gather(Tensor x, int[] rows) {
    return Rows.gather(space, space.values(x), rows);
  }

  @Override
  public Tensor concat(Tensor a, Tensor b) {
    return Rows.concat(space, space.values(a), space.values(b));
  }

  @Override
  public Tensor add(Tensor a, Tensor b) {
    return Rows.add(space, space.values(a), space.values(b));
  }

  @Override
  public Tensor segmentSum(Tensor x, int[] offsets, boolean mean) {
    return Rows.segmentSum(space, space.values(x), offsets, mean);
  }

  @Override
  public Tensor spanStates(Tensor start, Tensor end, int[] starts, int[] ends) {
    return Rows.spanStates(space, space.values(start), space.values(end), starts, ends);
  }

  // ---- objectives

  @Override
  public Tensor vocabularyLogLikelihood(
      Tensor hidden, Parameter weight, Parameter bias, int[] targets) {
    return Vocabulary.logLikelihood(space, space.values(hidden), weight, bias, targets);
  }

  @Override
  public Tensor innerProducts(Tensor a, Tensor b, int[] aRows, int[] bRows) {
    return Scores.innerProducts(space, space.values(a), space.values(b), aRows, bRows);
  }

  @Override
  public Tensor logSoftmax(Tensor x, int[] offsets) {
    return Scores.logSoftmax(space, space.values(x), offsets);
  }

  @Override
  public Tensor logSumExp(Tensor x, int[] offsets, boolean @Nullable [] marked) {
    return Scores.logSumExp(space, space.values(x), offsets, marked);
  }

  @Override
  public Tensor weightedSum(Tensor x, float[] weights) {
    return Scores.weightedSum(space, space.values(x), weights);
  }

  @Override
  public Tensor recomputed(Tensor x, UnaryOperator<Tensor> segment) {
    return Recomputation.recomputed(space, space.values(x), segment);
  }

  // ---- gradients and updates

  @Override
  public float @Nullable [] gradient(Tensor variable) {
    space.checkOpen();
    Values v = space.values(variable);
    return v.hasGradient() ? space.download(v.gradient(), v.size()) : null;
  }

  @Override
  public float @Nullable [] gradient(Parameter parameter) {
    space.checkOpen();
    INDArray g = space.gradientOrNull(parameter);
    return g == null ? null : space.download(g, parameter.size());
  }

  @Override
  public void clearGradients() {
    space.checkOpen();
    space.clearGradients();
  }

  @Override
  public void reserve(Collection<Parameter> parameters) {
    space.checkOpen();
    parameters.forEach(space.parameters()::value);
  }

  @Override
  public double gradientNorm(Collection<Parameter> parameters) {
    space.checkOpen();
    return Optimizer.norm(space, parameters);
  }

  @Override
  public void adam(Parameter parameter, Parameter first, Parameter second, AdamStep step) {
    space.checkOpen();
    Optimizer.adam(space, parameter, first, second, step);
  }

  @Override
  public void close() {
    space.close();
  }
}
