package org.realm4j.gpu;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Dropout;

/**
 * What dropout multiplies by, drawn on the device: only a counter for each row and one for each
 * channel are brought there. The same bits as {@link CounterRandom}.
 */
final class DropoutMask {
  private DropoutMask() {}

  /**
   * 0 where dropped, 1 / (1 - rate) where kept.
   *
   * @param rowBases {@link CounterRandom#rowBase} of each row, in the shape of rows
   * @param channels the channels, in the shape of channels
   * @param rowShape such as [rows, 1]
   * @param channelShape such as [1, cols]
   * @param shape the two broadcast to each other, such as [rows, cols]
   */
  static INDArray multipliers(
      Workspace space,
      Dropout dropout,
      int[] rowBases,
      int[] channels,
      long[] rowShape,
      long[] channelShape,
      long[] shape) {
    INDArray x = space.takeInts(shape);
    INDArray y = space.takeInts(shape);
    int[] spread = new int[channels.length];
    for (int i = 0; i < spread.length; i++) {
      spread[i] = channels[i] * CounterRandom.GOLDEN;
    }
    INDArray rows = space.input(rowBases, rowShape);
    INDArray cols = space.input(spread, channelShape);
    Ops.add(rows, cols, x);
    // CounterRandom.mix
    xorShift(space, x, 16, y);
    Ops.multiply(x, space.number(0x7feb352d), x);
    xorShift(space, x, 15, y);
    Ops.multiply(x, space.number(0x846ca68b), x);
    xorShift(space, x, 16, y);
    shift(space, x, 8, x);
    Ops.subtract(x, space.number(dropout.threshold()), x); // kept where not negative; 25 bits
    INDArray kept = space.take(shape);
    Ops.toFloat(x, kept);
    space.give(x);
    space.give(y);
    Ops.step(kept, -0.5, kept);
    Ops.scale(kept, dropout.scale(), kept);
    return kept;
  }

  private static void xorShift(Workspace space, INDArray x, int bits, INDArray room) {
    shift(space, x, bits, room);
    Ops.xor(x, room, x);
  }

  /** x >>> bits: ND4J has signed integers only here, so the sign's copies are cut off. */
  private static void shift(Workspace space, INDArray x, int bits, INDArray to) {
    Ops.shiftRight(x, space.number(bits), to);
    Ops.and(to, space.number(-1 >>> bits), to);
  }
}
