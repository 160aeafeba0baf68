package org.realm4j.reference;

import org.realm4j.reference.Products.Operand;
import org.realm4j.reference.Products.Target;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Shapes;

/**
 * log softmax(hidden W^T + b)[target], by blocks of rows. When recording, the logits are kept while
 * they fit a budget, else computed again in backward, with the same bits.
 */
final class Vocabulary {
  private static final int BLOCK_ROWS = 768;

  /** Logits that are kept, in floats: 512 MiB. */
  private static final long KEPT = 1L << 27;

  private final Workspace space;
  private final Kernels kernels;
  private final Values hidden;
  private final Parameter weight;
  private final Parameter bias;
  private final int[] targets;
  private final int words;
  private final Values y; // [rows, 1]
  private final float[] max; // [rows]
  private final float[] factor; // [rows], 1 / sum
  private final float[][] kept;

  private Vocabulary(
      Workspace space, Values hidden, Parameter weight, Parameter bias, int[] targets) {
    this.space = space;
    this.kernels = space.kernels();
    this.hidden = hidden;
    this.weight = weight;
    this.bias = bias;
    this.targets = targets;
    this.words = weight.rows();
    this.y = space.result(hidden.rows(), 1, true);
    this.max = space.saved(hidden.rows());
    this.factor = space.saved(hidden.rows());
    this.kept = new float[(hidden.rows() + BLOCK_ROWS - 1) / BLOCK_ROWS][];
  }

  static Values logLikelihood(
      Workspace space, Values hidden, Parameter weight, Parameter bias, int[] targets) {
    Shapes.cols("hidden", hidden, weight.cols());
    Shapes.parameter(bias, 1, weight.rows());
    Shapes.length("targets", targets.length, hidden.rows());
    Shapes.indices("targets", targets, weight.rows());
    Vocabulary v = new Vocabulary(space, hidden, weight, bias, targets);
    hidden.keep();
    v.forward();
    space.record(v.y, v::backward);
    return v.y;
  }

  private void forward() {
    boolean keep = y.wanted() && (long) hidden.rows() * words <= KEPT;
    for (int b = 0; b < kept.length; b++) {
      int rows = rows(b);
      float[] logits =
          keep ? space.saved((long) rows * words) : space.pool().take((long) rows * words);
      logits(b, logits);
      int first = b * BLOCK_ROWS;
      float[] out = y.data();
      space.split(
          rows,
          words,
          (from, to, _) -> {
            for (int r = from; r < to; r++) {
              float m = kernels.max(logits, r * words, words);
              float sum = kernels.sumExp(logits, r * words, words, m);
              max[first + r] = m;
              factor[first + r] = 1f / sum;
              float logit = logits[r * words + targets[first + r]];
              out[first + r] = (float) (((double) logit - m) - StrictMath.log(sum));
            }
          });
      if (keep) {
        kept[b] = logits;
      } else {
        space.pool().give(logits);
      }
    }
  }

  private int rows(int block) {
    return Math.min(BLOCK_ROWS, hidden.rows() - block * BLOCK_ROWS);
  }

  /** hidden W^T + b for the rows of a block. [rows, words] */
  private void logits(int block, float[] to) {
    int at = block * BLOCK_ROWS * hidden.cols();
    float[] b = bias.values();
    space
        .products()
        .multiply(
            new Operand(hidden.data(), at, hidden.cols(), false),
            rows(block),
            space.weights().forward(weight),
            new Target(to, 0, words, false),
            (rowFrom, rowTo, colFrom, colTo) -> {
              for (int r = rowFrom; r < rowTo; r++) {
                kernels.add(b, colFrom, to, r * words + colFrom, colTo - colFrom);
              }
            });
  }

  private void backward() {
    for (int b = 0; b < kept.length; b++) {
      int rows = rows(b);
      float[] logits = kept[b] != null ? kept[b] : space.pool().take((long) rows * words);
      if (kept[b] == null) {
        logits(b, logits);
      }
      logitGradient(b, logits);
      backward(b, logits);
      if (kept[b] == null) {
        space.pool().give(logits);
      }
    }
  }

  /** (onehot - softmax) times the row's gradient, in place of the logits. */
  private void logitGradient(int block, float[] logits) {
    int first = block * BLOCK_ROWS;
    float[] g = y.gradient();
    space.split(
        rows(block),
        words,
        (from, to, _) -> {
          for (int r = from; r < to; r++) {
            int row = first + r;
            kernels.exp(logits, r * words, words, max[row]);
            kernels.scale(logits, r * words, words, -g[row] * factor[row]);
            logits[r * words + targets[row]] += g[row];
          }
        });
  }

  private void backward(int block, float[] g) {
    int rows = rows(block);
    int cols = hidden.cols();
    int at = block * BLOCK_ROWS * cols;
    space.addColumnSums(g, rows, words, space.gradient(bias));
    Products products = space.products();
    boolean accumulate = space.gradientOrNull(weight) != null;
    float[] dw = space.gradientToOverwrite(weight);
    products.multiply(
        Operand.columns(g, words),
        words,
        new Operand(hidden.data(), at, cols, false),
        rows,
        cols,
        new Target(dw, 0, cols, accumulate));
    if (hidden.wanted()) {
      products.multiply(
          Operand.rows(g, words),
          rows,
          space.weights().backward(weight),
          new Target(hidden.gradient(), at, cols, true),
          null);
    }
  }
}
