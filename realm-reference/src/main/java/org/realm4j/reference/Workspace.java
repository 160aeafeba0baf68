package org.realm4j.reference;

import it.unimi.dsi.fastutil.objects.Reference2ObjectLinkedOpenHashMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.Workers;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** What the operations of one session share: kernels, threads, memory, tapes and gradients. */
final class Workspace implements AutoCloseable {
  /** Elements per task where a task is a piece of simple work along rows. */
  private static final int GRAIN = 16_384;

  /** Part {@code from} to {@code to} of some work. */
  interface Part {
    void run(int from, int to, Scratch scratch);
  }

  private final Kernels kernels;
  private final Workers workers;
  private final Scratch[] scratch;
  private final FloatPool pool = new FloatPool();
  private final Products products;
  private final PackedWeights weights;
  private final Deque<Tape> tapes = new ArrayDeque<>();
  private final Reference2ObjectLinkedOpenHashMap<Parameter, float[]> gradients =
      new Reference2ObjectLinkedOpenHashMap<>();
  private List<float[]> savedByOperation = new ArrayList<>();
  private boolean closed;

  Workspace(Kernels kernels, int threads, String name) {
    this.kernels = kernels;
    this.workers = new Workers(threads, name);
    this.scratch = new Scratch[threads];
    Arrays.setAll(scratch, _ -> new Scratch());
    this.products = new Products(kernels, workers, scratch, pool);
    this.weights = new PackedWeights(products);
  }

  Kernels kernels() {
    return kernels;
  }

  FloatPool pool() {
    return pool;
  }

  Products products() {
    return products;
  }

  PackedWeights weights() {
    return weights;
  }

  // ---- life

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the session is used after it was closed");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      while (!tapes.isEmpty()) {
        tapes.peek().close();
      }
      closed = true;
      gradients.clear();
      weights.clear();
      workers.close();
    }
  }

  // ---- tapes and tensors

  Tape open(boolean recording) {
    checkOpen();
    Tape[] self = new Tape[1];
    self[0] = new Tape(recording, () -> tapes.remove(self[0]));
    tapes.push(self[0]);
    return self[0];
  }

  /** The innermost open tape. */
  Tape tape() {
    checkOpen();
    Tape tape = tapes.peek();
    if (tape == null) {
      throw new IllegalStateException("no tape is open: call record() or infer() first");
    }
    return tape;
  }

  boolean recording() {
    return tape().recording();
  }

  /** The session's own view of a tensor, checked to be alive. */
  Values values(Tensor tensor) {
    if (!(tensor instanceof Values v) || !v.belongsTo(this)) {
      throw new IllegalArgumentException("tensor " + tensor.shape() + " is of another session");
    }
    v.data();
    return v;
  }

  /** A result with anything in it; {@code wanted} is ignored where nothing is recorded. */
  Values result(int rows, int cols, boolean wanted) {
    Tape tape = tape();
    float[] data = pool.take((long) rows * cols);
    return new Values(this, tape, rows, cols, data, wanted && tape.recording(), true);
  }

  /**
   * The backward step of an operation, skipped when no gradient reached its result. After it nobody
   * reads what the operation saved, nor its result where the caller has released it: the memory
   * serves for the gradients that come next.
   */
  void record(Values result, Runnable step) {
    Saved saved = new Saved(pool, savedByOperation);
    savedByOperation = new ArrayList<>();
    result.tape().onRelease(saved::release);
    if (result.wanted()) {
      result
          .tape()
          .record(
              () -> {
                if (result.hasGradient()) {
                  step.run();
                  result.releaseGradient();
                }
                saved.release();
                result.passed();
              });
    }
  }

  /** Memory that the backward step of the operation at hand needs; see {@link #record}. */
  float[] saved(long n) {
    float[] array = pool.take(n);
    savedByOperation.add(array);
    return array;
  }

  /** What one operation saved, given back once. */
  private record Saved(FloatPool pool, List<float[]> arrays) {
    void release() {
      arrays.forEach(pool::give);
      arrays.clear();
    }
  }

  float[] zeros(int n) {
    float[] array = pool.take(n);
    split(n, 1, (from, to, _) -> Arrays.fill(array, from, to, 0f));
    return array;
  }

  /**
   * Adds the gradient of a result to that of its inputs as it is; the last of them takes the array
   * over when it has none yet.
   */
  void passGradient(Values result, @Nullable Values... inputs) {
    for (int i = 0; i < inputs.length; i++) {
      Values input = inputs[i];
      if (input == null || !input.wanted()) {
        continue;
      }
      if (i == inputs.length - 1 && !input.hasGradient()) {
        input.setGradient(result.takeGradient());
        return;
      }
      float[] from = result.gradient();
      float[] to = input.gradient();
      split(input.size(), 1, (a, b, _) -> kernels.add(from, a, to, a, b - a));
    }
  }

  // ---- gradients of parameters

  float @Nullable [] gradientOrNull(Parameter p) {
    return gradients.get(p);
  }

  /** To be added to; zeros at first. */
  float[] gradient(Parameter p) {
    float[] g = gradients.get(p);
    if (g == null) {
      g = zeros(p.size());
      gradients.put(p, g);
    }
    return g;
  }

  /** For a product that overwrites when {@link #gradientOrNull} was null before. */
  float[] gradientToOverwrite(Parameter p) {
    float[] g = gradients.get(p);
    if (g == null) {
      g = pool.take(p.size());
      gradients.put(p, g);
    }
    return g;
  }

  void clearGradients() {
    gradients.values().forEach(pool::give);
    gradients.clear();
  }

  // ---- threads

  /** Runs tasks 0 to tasks - 1 of unequal size, each claimed by whoever is free. */
  void each(int tasks, Part task) {
    workers.run(tasks, (i, worker) -> task.run(i, i + 1, scratch[worker]));
  }

  /** Splits n items of so many elements each into parts that are worth a task. */
  void split(int n, int elements, Part part) {
    int perTask = Math.max(1, GRAIN / Math.max(elements, 1));
    // bounds of parts are multiples of 16, so that vectors and cache lines are not cut
    int step = elements == 1 ? Math.max(perTask & -16, 16) : perTask;
    int tasks = (int) (((long) n + step - 1) / step);
    workers.run(
        tasks,
        (i, worker) -> {
          int from = i * step;
          part.run(from, Math.min(n, from + step), scratch[worker]);
        });
  }

  /** Splits columns, for sums over rows in order: at least a vector, at most a share per thread. */
  void splitColumns(int cols, int rows, Part part) {
    long work = (long) cols * rows;
    int share = work < 2 * GRAIN ? cols : (cols + workers.count() - 1) / workers.count();
    int step = Math.max((share + 15) & -16, 16);
    workers.run(
        (cols + step - 1) / step,
        (i, worker) -> {
          int from = i * step;
          part.run(from, Math.min(cols, from + step), scratch[worker]);
        });
  }

  /** Column sums in row order: to[c] += sum of from[r][c]. */
  void addColumnSums(float[] from, int rows, int cols, float[] to) {
    splitColumns(
        cols,
        rows,
        (a, b, _) -> {
          for (int r = 0; r < rows; r++) {
            kernels.add(from, r * cols + a, to, a, b - a);
          }
        });
  }
}
