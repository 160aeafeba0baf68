package org.realm4j.gpu;

import java.nio.Buffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/**
 * What the operations of one session share: memory, tapes, parameters on the device and gradients.
 * Every array belongs to the tape that was innermost when it was taken, so that an operation that
 * fails half-way leaves nothing behind once its tape is closed.
 */
final class Workspace implements AutoCloseable {
  private final Memory memory;
  private final Deque<Tape> tapes = new ArrayDeque<>(); // the innermost first
  private final IdentityHashMap<Tape, Set<DataBuffer>> owned = new IdentityHashMap<>();
  private final IdentityHashMap<Tape, Map<Input, INDArray>> inputs = new IdentityHashMap<>();
  private final DeviceParameters parameters = new DeviceParameters(this);
  private final Map<Parameter, INDArray> gradients = new LinkedHashMap<>();
  private final Map<Integer, INDArray> numbers = new LinkedHashMap<>();
  private @Nullable DataBuffer ones;
  private long uploads;
  private boolean closed;

  /**
   * What was brought to the device.
   *
   * @param values a buffer around a copy of them, since buffers are equal by content
   */
  private record Input(Buffer values, List<Long> shape) {}

  Workspace(long limit) {
    this.memory = new Memory(limit);
  }

  Memory memory() {
    return memory;
  }

  DeviceParameters parameters() {
    return parameters;
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
      parameters.fetchAll();
      closed = true;
      gradients.clear();
      memory.close();
    }
  }

  // ---- tapes

  Tape open(boolean recording) {
    checkOpen();
    Tape[] self = new Tape[1];
    self[0] = new Tape(recording, () -> closeTape(self[0]));
    tapes.push(self[0]);
    owned.put(self[0], Collections.newSetFromMap(new IdentityHashMap<>()));
    return self[0];
  }

  private void closeTape(Tape tape) {
    tapes.removeIf(t -> t == tape);
    inputs.remove(tape);
    Set<DataBuffer> buffers = owned.remove(tape);
    if (buffers != null) {
      buffers.forEach(memory::give);
    }
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

  /** Replays a tape, which owns meanwhile what is taken, whichever is innermost. */
  void replay(Tape tape) {
    tapes.push(tape);
    try {
      tape.replay();
    } finally {
      tapes.removeFirstOccurrence(tape);
    }
  }

  // ---- memory

  /** An array with anything in it, in c order, of the innermost tape. */
  INDArray take(long... shape) {
    return array(lend(DataType.FLOAT, shape), shape);
  }

  /** The same of integers. */
  INDArray takeInts(long... shape) {
    return array(lend(DataType.INT32, shape), shape);
  }

  private DataBuffer lend(DataType type, long... shape) {
    Tape tape = tape();
    DataBuffer buffer = memory.take(type, elements(shape));
    owners(tape).add(buffer);
    return buffer;
  }

  private Set<DataBuffer> owners(Tape tape) {
    Set<DataBuffer> buffers = owned.get(tape);
    if (buffers == null) {
      throw new IllegalStateException("the tape is used after it was closed");
    }
    return buffers;
  }

  /** An array that lives as long as the session, or until it is given back. */
  INDArray takeForSession(long... shape) {
    return array(memory.take(DataType.FLOAT, elements(shape)), shape);
  }

  INDArray zeros(long... shape) {
    INDArray x = take(shape);
    x.assign(0);
    return x;
  }

  /** Gives an array back before its tape is closed; no {@link #input}, which others share. */
  void give(INDArray x) {
    DataBuffer buffer = x.data();
    for (Tape tape : tapes) {
      if (owners(tape).remove(buffer)) {
        break;
      }
    }
    memory.give(buffer);
  }

  /** From now on the array belongs to this tape. */
  void handTo(Tape tape, INDArray x) {
    DataBuffer buffer = x.data();
    tapes.forEach(t -> owners(t).remove(buffer));
    owners(tape).add(buffer);
  }

  private static long elements(long... shape) {
    long n = 1;
    for (long s : shape) {
      n = Math.multiplyExact(n, s);
    }
    return n;
  }

  private static INDArray array(DataBuffer buffer, long... shape) {
    return view(buffer, 0, shape);
  }

  /** Part of an array as one of this shape, in c order, from this element on. */
  static INDArray view(INDArray x, long offset, long... shape) {
    return view(x.data(), offset, shape);
  }

  private static INDArray view(DataBuffer buffer, long offset, long... shape) {
    long[] strides = new long[shape.length];
    long n = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = n;
      n *= shape[i];
    }
    return view(buffer, offset, shape, strides);
  }

  static INDArray view(DataBuffer buffer, long offset, long[] shape, long[] strides) {
    return Nd4j.create(buffer, shape, strides, offset, 'c', buffer.dataType());
  }

  // ---- to the device and back

  /** The caller's own array, to be written to and given back. */
  INDArray upload(float[] values, long... shape) {
    INDArray x = take(shape);
    Transfer.upload(values, x.data());
    uploads++;
    return x;
  }

  private INDArray upload(int[] values, long... shape) {
    INDArray x = takeInts(shape);
    Transfer.upload(values, x.data());
    uploads++;
    return x;
  }

  /**
   * Integers that nobody writes to. The layers of a network ask for the same ones again and again:
   * a tape brings them to the device once, and keeps them until it is closed.
   */
  INDArray input(int[] values, long... shape) {
    return input(IntBuffer.wrap(values.clone()), shape, () -> upload(values, shape));
  }

  /** The same of numbers. */
  INDArray input(float[] values, long... shape) {
    return input(FloatBuffer.wrap(values.clone()), shape, () -> upload(values, shape));
  }

  private INDArray input(Buffer values, long[] shape, Supplier<INDArray> upload) {
    return inputs
        .computeIfAbsent(tape(), _ -> new HashMap<>())
        .computeIfAbsent(
            new Input(values, Arrays.stream(shape).boxed().toList()), _ -> upload.get());
  }

  /** Indices of rows, [n]. */
  INDArray indices(int[] rows) {
    return input(rows, rows.length);
  }

  /** How often something was brought to the device, but leaves and parameters. */
  long uploads() {
    return uploads;
  }

  float[] download(INDArray x, int n) {
    float[] values = new float[n];
    if (n > 0) {
      Transfer.download(x.data(), values);
    }
    return values;
  }

  /** An integer as an array of one element. */
  INDArray number(int value) {
    return numbers.computeIfAbsent(
        value,
        v -> {
          DataBuffer buffer = memory.take(DataType.INT32, 1);
          Transfer.upload(new int[] {v}, buffer);
          return array(buffer, 1);
        });
  }

  /** n ones: a sum is a product with them, several times as fast as ND4J's reductions. */
  INDArray ones(long... shape) {
    long n = elements(shape);
    DataBuffer buffer = ones;
    if (buffer == null || buffer.length() < n) {
      if (buffer != null) {
        memory.give(buffer);
      }
      buffer = memory.take(DataType.FLOAT, n);
      array(buffer, buffer.length()).assign(1);
      ones = buffer;
    }
    return array(buffer, shape);
  }

  /** The sum of each row. [rows, cols] to [rows, 1] */
  void rowSums(INDArray x, INDArray to) {
    Ops.matmul(x, false, ones(x.size(1), 1), false, to, false);
  }

  /** Adds the sum of all rows. [rows, cols] to [1, cols] */
  void addColumnSums(INDArray x, INDArray to) {
    Ops.matmul(ones(1, x.size(0)), false, x, false, to, true);
  }

  // ---- tensors

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
    INDArray data = take(Math.max(rows, 1), cols); // ND4J has no arrays without rows
    return new Values(this, tape, rows, cols, data, wanted && tape.recording(), true);
  }

  /**
   * The backward step of an operation, skipped when no gradient reached its result or it has no
   * rows. After it nobody reads what the operation saved.
   */
  void record(Values result, Runnable step, INDArray... saved) {
    if (!result.wanted()) {
      for (INDArray x : saved) {
        give(x);
      }
      return;
    }
    List<INDArray> arrays = new ArrayList<>(List.of(saved));
    result
        .tape()
        .record(
            () -> {
              if (result.hasGradient() && result.rows() > 0) {
                step.run();
              }
              result.releaseGradient();
              arrays.forEach(this::give);
              result.passed();
            });
  }

  // ---- gradients of parameters

  @Nullable INDArray gradientOrNull(Parameter p) {
    return gradients.get(p);
  }

  /** To be added to; zeros at first. [rows, cols] */
  INDArray gradient(Parameter p) {
    return gradients.computeIfAbsent(
        p,
        _ -> {
          INDArray g = takeForSession(p.rows(), p.cols());
          g.assign(0);
          return g;
        });
  }

  /** For a product that overwrites when {@link #gradientOrNull} was null before. */
  INDArray gradientToOverwrite(Parameter p) {
    return gradients.computeIfAbsent(p, _ -> takeForSession(p.rows(), p.cols()));
  }

  void clearGradients() {
    gradients.values().forEach(this::give);
    gradients.clear();
  }

  /** to[rows[i]] += g[i] for the gradient of a parameter. */
  void scatterGradient(Parameter p, INDArray rows, INDArray g) {
    Ops.scatterAdd(gradient(p), rows, g);
  }
}
