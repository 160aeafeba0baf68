package org.realm4j.tensor;

import java.util.Collection;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The operations, and the memory and threads that they run on. One per trainer, refresher or query;
 * single-threaded towards its caller.
 *
 * <p>Every operation belongs to the innermost open {@link Tape}. Its result is owned by the
 * session; its backward step adds into the gradients of its inputs, tensors and {@link Parameter}s
 * alike. Sequences of any length are packed without padding: a batch is one {@code [tokens,
 * hidden]} tensor plus {@code int[] offsets} of length sequences + 1, from 0 to the number of rows.
 * Groups (the candidates of a query, the masked tokens of an example) are described by offsets in
 * the same way.
 *
 * <p>No rows are legal rows: an operation on {@code [0, n]} gives {@code [0, m]}.
 *
 * <p>Shapes that do not fit throw {@link IllegalArgumentException}: that is an error in the network
 * that calls, not in what a user gave. Use after close throws {@link IllegalStateException}.
 */
public interface Session extends AutoCloseable {

  // ---- computations

  /** Opens a tape that records, for training. */
  Tape record();

  /** Opens a tape that only owns memory, for inference. */
  Tape infer();

  /** Runs the recorded steps backward from a {@code [1, 1]} loss. */
  default void backward(Tensor loss) {
    if (loss.rows() != 1 || loss.cols() != 1) {
      throw new IllegalArgumentException("loss: expected [1, 1], found " + loss.shape());
    }
    backward(loss, new float[] {1f});
  }

  /** Runs the recorded steps backward from a result and the gradient of something by it. */
  void backward(Tensor result, float[] gradient);

  // ---- leaves

  /** Values that no gradient is wanted for; copied. */
  Tensor constant(float[] values, int rows, int cols);

  /** Values that a gradient is wanted for: see {@link #gradient(Tensor)}; copied. */
  Tensor variable(float[] values, int rows, int cols);

  /** A parameter as a tensor, such as a free null document's vector. */
  Tensor parameter(Parameter p);

  /**
   * Says that the caller will not use a tensor again, so that its memory can be used for others
   * before the tape is closed. Backward steps are not touched: what they need stays. Reading a
   * released tensor is an error of the caller, which a session may or may not notice.
   */
  default void release(Tensor x) {}

  // ---- networks

  /**
   * BERT's input: word[ids[t]] + segment[segments[t]] + position[positions[t]], for each token.
   *
   * @return {@code [tokens, hidden]}
   */
  Tensor embeddingSum(
      int[] ids,
      int[] segments,
      int[] positions,
      Parameter word,
      Parameter segment,
      Parameter position);

  /**
   * activation(x W^T + b).
   *
   * @param x {@code [rows, in]}
   * @param weight {@code [out, in]}
   * @param bias {@code [1, out]}
   * @return {@code [rows, out]}
   */
  Tensor linear(Tensor x, Parameter weight, @Nullable Parameter bias, Activation activation);

  /**
   * Layer norm of x, or of x + residual, over each row, with the population's variance.
   *
   * @param gamma {@code [1, cols]}
   * @param beta {@code [1, cols]}
   */
  Tensor layerNorm(
      Tensor x, @Nullable Tensor residual, Parameter gamma, Parameter beta, float epsilon);

  /**
   * Multi-head scaled dot-product attention within each sequence, softmax(q k^T / sqrt(d)) v. There
   * may be fewer queries than keys in a sequence, as when only some rows of the last layer are
   * used.
   *
   * @param q {@code [queries, hidden]}, head h in columns h d to (h + 1) d
   * @param k {@code [tokens, hidden]}
   * @param v {@code [tokens, hidden]}
   * @param queryOffsets where each sequence's queries begin; length sequences + 1
   * @param keyOffsets where each sequence's tokens begin; length sequences + 1
   * @param dropout on the attention weights; its rows are those of q
   * @return {@code [queries, hidden]}
   */
  Tensor attention(
      Tensor q,
      Tensor k,
      Tensor v,
      int[] queryOffsets,
      int[] keyOffsets,
      int heads,
      @Nullable Dropout dropout);

  Tensor dropout(Tensor x, Dropout dropout);

  /** Rows of x, in any order and as often as asked. {@code [rows.length, cols]} */
  Tensor gather(Tensor x, int[] rows);

  /** The rows of a, then those of b. */
  Tensor concat(Tensor a, Tensor b);

  Tensor add(Tensor a, Tensor b);

  /** The sum of each group's rows, or their mean. {@code [groups, cols]} */
  Tensor segmentSum(Tensor x, int[] offsets, boolean mean);

  // ---- objectives

  /**
   * log softmax(hidden W^T + b)[target] of each row: what a masked token's target costs.
   *
   * @param hidden {@code [rows, hidden]}, the chosen rows only
   * @param weight {@code [vocabulary, hidden]}
   * @param bias {@code [1, vocabulary]}
   * @param targets one per row
   * @return {@code [rows, 1]}
   */
  Tensor vocabularyLogLikelihood(Tensor hidden, Parameter weight, Parameter bias, int[] targets);

  /**
   * Inner products of chosen pairs of rows, a[aRows[i]] . b[bRows[i]].
   *
   * @return {@code [pairs, 1]}
   */
  Tensor innerProducts(Tensor a, Tensor b, int[] aRows, int[] bRows);

  /** log softmax within each group of a {@code [n, 1]} tensor. */
  Tensor logSoftmax(Tensor x, int[] offsets);

  /**
   * log of the sum of exponentials of each group's marked members, all if {@code marked} is null. A
   * group without a marked member has the value negative infinity and passes no gradient on.
   *
   * @param x {@code [n, 1]}
   * @return {@code [groups, 1]}
   */
  Tensor logSumExp(Tensor x, int[] offsets, boolean @Nullable [] marked);

  /**
   * The states of spans: relu(start[starts[i]] + end[ends[i]]). With a layer norm and a linear
   * layer to one value after it, these are the reader's span scores.
   *
   * @param start {@code [tokens, d]}
   * @param end {@code [tokens, d]}
   * @return {@code [spans, d]}
   */
  Tensor spanStates(Tensor start, Tensor end, int[] starts, int[] ends);

  /**
   * sum of weights[i] x[i], for a {@code [n, 1]} tensor; a weight of 0 drops its entry, even an
   * infinite one. {@code [1, 1]}
   */
  Tensor weightedSum(Tensor x, float[] weights);

  /**
   * segment(x), without keeping what its backward needs: the segment runs a second time then. The
   * result and all gradients are the same bits as without.
   */
  Tensor recomputed(Tensor x, UnaryOperator<Tensor> segment);

  // ---- gradients and updates

  /** The gradient that reached a variable, row-major, or null if none did. */
  float @Nullable [] gradient(Tensor variable);

  /** What has been added up since {@link #clearGradients()}, or null if nothing reached it. */
  float @Nullable [] gradient(Parameter parameter);

  void clearGradients();

  /**
   * Brings parameters to where they are computed with, if that is elsewhere, so that memory runs
   * out now rather than later.
   *
   * @throws org.realm4j.io.RealmException.OutOfMemory if they do not fit
   */
  default void reserve(Collection<Parameter> parameters) {}

  /** The Euclidean norm of all gradients of these parameters together. */
  double gradientNorm(Collection<Parameter> parameters);

  /**
   * Updates a parameter and its two moments in place from its gradient. A parameter that no
   * gradient reached stays as it is, without decay.
   *
   * @param first the first moment, of the parameter's shape
   * @param second the second moment, of the parameter's shape
   */
  void adam(Parameter parameter, Parameter first, Parameter second, AdamStep step);

  /**
   * Frees everything; open tapes become unusable. A backend that holds newer values of a parameter
   * than the host brings them there first.
   */
  @Override
  void close();
}
