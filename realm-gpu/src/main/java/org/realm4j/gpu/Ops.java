package org.realm4j.gpu;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.impl.reduce.same.Max;
import org.nd4j.linalg.api.ops.impl.scalar.RectifiedLinear;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarMax;
import org.nd4j.linalg.api.ops.impl.scalar.Step;
import org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Erf;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Tanh;
import org.nd4j.linalg.api.ops.impl.updaters.AdamUpdater;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The operations of ND4J that this backend is made of, each with its output given. The last
 * argument is the output, which may be one of the inputs where the operation is element by element.
 *
 * <p>Left out on purpose, since they are wrong in 1.0.0-M2.1: {@code addi(Number)} and {@code
 * muli(Number)} with NaN and {@code addiRowVector} on one element (NaN becomes 1e-5), {@code
 * segment_sum} of one row, {@code Nd4j.gemm} of no rows and of views, {@code layer_norm} (no
 * epsilon), {@code GELU} and {@code PreciseGELU} (other functions), {@code top_k} (takes seconds),
 * and everything that SameDiff differentiates by itself. {@code gather} and {@code scatter_add} do
 * not check their indices: the caller has; {@code scatter_add} loses additions to the same row when
 * it has several threads and is not told to lock.
 */
final class Ops {
  private Ops() {}

  private static void run(String name, INDArray to, INDArray... in) {
    Nd4j.exec(DynamicCustomOp.builder(name).addInputs(in).addOutputs(to).build());
  }

  private static void along(String name, int argument, INDArray to, INDArray... in) {
    Nd4j.exec(
        DynamicCustomOp.builder(name)
            .addInputs(in)
            .addOutputs(to)
            .addIntegerArguments(argument)
            .build());
  }

  // ---- products; batched above two dimensions, and of views with any strides

  /** to = a b, or to += a b, each of the two transposed in its last two dimensions if so said. */
  static void matmul(
      INDArray a, boolean transposeA, INDArray b, boolean transposeB, INDArray to, boolean add) {
    Nd4j.exec(
        DynamicCustomOp.builder("matmul")
            .addInputs(a, b)
            .addOutputs(to)
            .addIntegerArguments(transposeA ? 1 : 0, transposeB ? 1 : 0, 0)
            .addFloatingPointArguments(1.0, add ? 1.0 : 0.0)
            .build());
  }

  // ---- element by element; b may be a row, a column or one element of a's shape

  static void add(INDArray a, INDArray b, INDArray to) {
    run("add", to, a, b);
  }

  static void subtract(INDArray a, INDArray b, INDArray to) {
    run("subtract", to, a, b);
  }

  static void multiply(INDArray a, INDArray b, INDArray to) {
    run("multiply", to, a, b);
  }

  static void divide(INDArray a, INDArray b, INDArray to) {
    run("divide", to, a, b);
  }

  /** By a finite number. */
  static void scale(INDArray x, double by, INDArray to) {
    x.muli(by, to);
  }

  /** A finite number to each element. */
  static void plus(INDArray x, double number, INDArray to) {
    x.addi(number, to);
  }

  /** number - x */
  static void from(double number, INDArray x, INDArray to) {
    x.rsubi(number, to);
  }

  static void reciprocal(INDArray x, INDArray to) {
    x.rdivi(1, to);
  }

  static void copy(INDArray from, INDArray to) {
    to.assign(from);
  }

  static void exp(INDArray x, INDArray to) {
    Nd4j.exec(new Exp(x, to));
  }

  static void log(INDArray x, INDArray to) {
    Nd4j.exec(new Log(x, to));
  }

  static void sqrt(INDArray x, INDArray to) {
    Nd4j.exec(new Sqrt(x, to));
  }

  static void erf(INDArray x, INDArray to) {
    Nd4j.exec(new Erf(x, to));
  }

  static void tanh(INDArray x, INDArray to) {
    Nd4j.exec(new Tanh(x, to));
  }

  static void relu(INDArray x, INDArray to) {
    Nd4j.exec(new RectifiedLinear(x, to, 0));
  }

  /** 1 where x is above the cut-off, else 0. */
  static void step(INDArray x, double cutOff, INDArray to) {
    Nd4j.exec(new Step(x, to, cutOff));
  }

  /** The larger of x and a number. */
  static void max(INDArray x, double number, INDArray to) {
    Nd4j.exec(new ScalarMax(x, null, to, number));
  }

  // ---- along rows

  /** The largest of each row, passing over NaN. [rows, cols] to [rows, 1] */
  static void rowMax(INDArray x, INDArray to) {
    Nd4j.exec(new Max(x, to, 1));
  }

  /** Over the last dimension. */
  static void softmax(INDArray x, INDArray to) {
    along("softmax", x.rank() - 1, to, x);
  }

  /** Rows of x. */
  static void gather(INDArray x, INDArray rows, INDArray to) {
    along("gather", 0, to, x, rows);
  }

  /** to[rows[i]] += from[i], with rows as often as they come. */
  static void scatterAdd(INDArray to, INDArray rows, INDArray from) {
    Nd4j.exec(
        DynamicCustomOp.builder("scatter_add")
            .addInputs(to, rows, from)
            .addBooleanArguments(true) // locked: threads would lose additions to the same row
            .callInplace(true)
            .build());
  }

  /** The rows of a, then those of b. */
  static void concat(INDArray a, INDArray b, INDArray to) {
    along("concat", 0, to, a, b);
  }

  // ---- integers of 32 bits; numbers are arrays of one element

  static void shiftRight(INDArray x, INDArray bits, INDArray to) {
    run("rshift_bits", to, x, bits);
  }

  static void and(INDArray x, INDArray bits, INDArray to) {
    run("bitwise_and", to, x, bits);
  }

  static void xor(INDArray x, INDArray y, INDArray to) {
    run("bitwise_xor", to, x, y);
  }

  static void toFloat(INDArray x, INDArray to) {
    along("cast", DataType.FLOAT.toInt(), to, x);
  }

  // ---- optimiser

  /** The update of Adam with both corrections at 1 in place of the gradient, and new moments. */
  static void adam(
      INDArray gradient,
      INDArray first,
      INDArray second,
      double learningRate,
      double beta1,
      double beta2,
      double epsilon) {
    // at this iteration, both of the operation's own corrections are exactly 1
    int late = 100_000_000;
    Nd4j.exec(
        new AdamUpdater(
            gradient,
            second,
            first,
            gradient,
            second,
            first,
            learningRate,
            beta1,
            beta2,
            epsilon,
            late));
  }
}
