package org.realm4j.gpu;

import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/**
 * A segment of a network that keeps its result only. It runs on a tape of its own, and in backward
 * once more, from a leaf with x's values that hands x's gradient through.
 */
final class Recomputation {
  private Recomputation() {}

  static Values recomputed(Workspace space, Values x, UnaryOperator<Tensor> segment) {
    if (!space.recording()) {
      return space.values(segment.apply(x));
    }
    x.keep();
    Tape outer = space.tape();
    Values y;
    try (Tape _ = space.open(false)) {
      Values inner = space.values(segment.apply(leaf(space, x)));
      INDArray data;
      if (inner.owner()) {
        data = inner.takeData();
      } else { // the segment gave back what it was given
        data = space.take(inner.data().shape());
        Ops.copy(inner.data(), data);
      }
      space.handTo(outer, data);
      // parameters within may want gradients even where x does not
      y = new Values(space, outer, inner.rows(), inner.cols(), data, true, true);
    }
    space.record(y, () -> backward(space, x, segment, y));
    return y;
  }

  private static Values leaf(Workspace space, Values x) {
    Tape tape = space.tape();
    boolean wanted = x.wanted() && tape.recording();
    return new Values(space, tape, x.rows(), x.cols(), x.data(), wanted, false);
  }

  private static void backward(Workspace space, Values x, UnaryOperator<Tensor> segment, Values y) {
    Tape outer = space.tape();
    try (Tape inner = space.open(true)) {
      Values leaf = leaf(space, x);
      Values again = space.values(segment.apply(leaf));
      leaf.setGradient(x.takeGradient());
      again.addGradient(y.gradient());
      inner.replay();
      INDArray g = leaf.takeGradient();
      if (g != null) {
        space.handTo(outer, g);
        x.setGradient(g);
      }
    }
  }
}
