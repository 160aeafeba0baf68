package org.realm4j.reference;

import java.util.function.UnaryOperator;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/**
 * A segment of a network that keeps its result only. It runs on a tape of its own, and in backward
 * once more, from a leaf with x's values that hands x's gradient through: gradients then add up in
 * the same order as without, hence the same bits.
 */
final class Recomputation {
  private Recomputation() {}

  static Values recomputed(Workspace space, Values x, UnaryOperator<Tensor> segment) {
    if (!space.recording()) {
      return space.values(segment.apply(x));
    }
    x.keep();
    float[] copy;
    int rows;
    int cols;
    try (Tape _ = space.open(false)) {
      Values inner = space.values(segment.apply(leaf(space, x)));
      rows = inner.rows();
      cols = inner.cols();
      copy = space.pool().take(inner.size());
      System.arraycopy(inner.data(), 0, copy, 0, inner.size());
    }
    // parameters within may want gradients even where x does not
    Values y = new Values(space, space.tape(), rows, cols, copy, true, true);
    space.record(y, () -> backward(space, x, segment, y));
    return y;
  }

  private static Values leaf(Workspace space, Values x) {
    Tape tape = space.tape();
    boolean wanted = x.wanted() && tape.recording();
    return new Values(space, tape, x.rows(), x.cols(), x.data(), wanted, false);
  }

  private static void backward(Workspace space, Values x, UnaryOperator<Tensor> segment, Values y) {
    try (Tape tape = space.open(true)) {
      Values leaf = leaf(space, x);
      Values again = space.values(segment.apply(leaf));
      leaf.setGradient(x.takeGradient());
      again.setGradient(y.takeGradient());
      tape.replay();
      x.setGradient(leaf.takeGradient());
    }
  }
}
