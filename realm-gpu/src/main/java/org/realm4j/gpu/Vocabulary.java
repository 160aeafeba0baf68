package org.realm4j.gpu;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Shapes;

/** log softmax(hidden W^T + b)[target] of each row, in blocks of rows. */
final class Vocabulary {
  /** Logits of one block, 256 MiB; a second block means that backward computes them again. */
  private static final long BLOCK = 1L << 26;

  private final Workspace space;
  private final Values hidden; // [rows, hidden]
  private final Parameter weight; // [words, hidden]
  private final Parameter bias; // [1, words]
  private final int[] targets;
  private final Values y; // [rows, 1]
  private final int blockRows;

  private Vocabulary(
      Workspace space, Values hidden, Parameter weight, Parameter bias, int[] targets) {
    this.space = space;
    this.hidden = hidden;
    this.weight = weight;
    this.bias = bias;
    this.targets = targets.clone();
    this.y = space.result(hidden.rows(), 1, true);
    this.blockRows = (int) Math.max(1, Math.min(hidden.rows(), BLOCK / weight.rows()));
  }

  static Values logLikelihood(
      Workspace space, Values hidden, Parameter weight, Parameter bias, int[] targets) {
    Shapes.cols("hidden", hidden, weight.cols());
    Shapes.parameter(bias, 1, weight.rows());
    Shapes.length("targets", targets.length, hidden.rows());
    Shapes.indices("targets", targets, weight.rows());
    return new Vocabulary(space, hidden, weight, bias, targets).forward();
  }

  private Values forward() {
    hidden.keep();
    boolean single = blockRows == hidden.rows();
    INDArray[] saved = {};
    for (int first = 0; first < hidden.rows(); first += blockRows) {
      Block block = new Block(first);
      block.logLikelihood();
      if (single && y.wanted()) {
        saved = new INDArray[] {block.exponentials, block.sums, block.target};
        space.record(y, block::backward, saved);
      } else {
        block.give();
      }
    }
    if (saved.length == 0) {
      space.record(y, this::backwardAgain);
    }
    return y;
  }

  private void backwardAgain() {
    for (int first = 0; first < hidden.rows(); first += blockRows) {
      Block block = new Block(first);
      block.backward();
      block.give();
    }
  }

  /** Some rows: exp(logit - max), their sums, and where the targets are. */
  private final class Block {
    private final int first;
    private final int rows;
    private final int words = weight.rows();
    private final INDArray h; // [rows, hidden]
    private final INDArray exponentials; // [rows, words]
    private final INDArray sums; // [rows, 1]
    private final INDArray places; // [rows] of all the block's elements
    private final INDArray target; // [rows, 1], the target's logit less the maximum

    Block(int first) {
      this.first = first;
      this.rows = Math.min(blockRows, hidden.rows() - first);
      this.h = part(hidden.data(), hidden.cols());
      int[] place = new int[rows]; // a block has at most 2^26 elements
      for (int r = 0; r < rows; r++) {
        place[r] = r * words + targets[first + r];
      }
      this.places = space.indices(place);
      this.exponentials = space.take(rows, words);
      this.sums = space.take(rows, 1);
      this.target = space.take(rows, 1);
      INDArray x = exponentials; // logits at first
      Ops.matmul(h, false, space.parameters().value(weight), true, x, false);
      Ops.add(x, space.parameters().value(bias), x);
      Ops.rowMax(x, sums);
      Ops.subtract(x, sums, x);
      Ops.gather(flat(), places, target);
      Ops.exp(x, x);
      space.rowSums(x, sums);
    }

    private INDArray part(INDArray x, int cols) {
      return Workspace.view(x, (long) first * cols, rows, cols);
    }

    private INDArray flat() {
      return Workspace.view(exponentials, 0, (long) rows * words, 1);
    }

    void logLikelihood() {
      INDArray log = space.take(rows, 1);
      Ops.log(sums, log);
      Ops.subtract(target, log, part(y.data(), 1));
      space.give(log);
    }

    /** (onehot - softmax) times the row's gradient, and on to the inputs. */
    void backward() {
      INDArray g = part(y.gradient(), 1);
      INDArray factor = space.take(rows, 1);
      Ops.divide(g, sums, factor);
      Ops.scale(factor, -1, factor);
      INDArray d = exponentials;
      Ops.multiply(d, factor, d);
      Ops.scatterAdd(flat(), places, g);
      space.give(factor);
      space.addColumnSums(d, space.gradient(bias));
      boolean add = space.gradientOrNull(weight) != null;
      Ops.matmul(d, true, h, false, space.gradientToOverwrite(weight), add);
      if (hidden.wanted()) {
        INDArray w = space.parameters().value(weight);
        Ops.matmul(d, false, w, false, part(hidden.gradient(), hidden.cols()), true);
      }
    }

    void give() {
      space.give(exponentials);
      space.give(sums);
      space.give(target);
    }
  }
}
