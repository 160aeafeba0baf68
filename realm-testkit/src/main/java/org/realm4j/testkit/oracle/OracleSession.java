package org.realm4j.testkit.oracle;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Dropout;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Shapes;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/**
 * The oracle's session: beside what every session has, values and gradients go in and out as
 * doubles, so that finite differences and comparisons to ten digits are possible.
 */
public final class OracleSession implements Session {
  /** A backward step: adds into the inputs' gradients, given the gradient of the result. */
  interface Backward {
    void run(double[] dy);
  }

  /** A parameter's values at one version, not rounded to float32 between updates. */
  private record Master(long version, double[] values) {}

  private final Deque<Tape> tapes = new ArrayDeque<>(); // the innermost first
  private final Map<Parameter, Master> masters = new WeakHashMap<>();
  private final IdentityHashMap<Parameter, double[]> gradients = new IdentityHashMap<>();
  private boolean closed;

  OracleSession() {}

  // ---- computations

  @Override
  public Tape record() {
    return openTape(true);
  }

  @Override
  public Tape infer() {
    return openTape(false);
  }

  private Tape openTape(boolean recording) {
    checkOpen();
    Tape[] self = new Tape[1];
    Tape tape = new Tape(recording, () -> tapes.remove(self[0]));
    self[0] = tape;
    tapes.push(tape);
    return tape;
  }

  @Override
  public void backward(Tensor result, float[] gradient) {
    backward(result, widened(gradient));
  }

  /** As {@link #backward(Tensor, float[])}, with a gradient in double precision. */
  public void backward(Tensor result, double[] gradient) {
    OracleTensor y = own(result);
    Shapes.length("gradient", gradient.length, y.values().length);
    if (!y.tape.recording()) {
      throw new IllegalStateException("backward: the tape was opened with infer(), not record()");
    }
    add(gradient, y.gradientToAddTo());
    y.tape.replay();
  }

  // ---- values in and out

  @Override
  public Tensor constant(float[] values, int rows, int cols) {
    return leaf(widened(values), rows, cols, true);
  }

  @Override
  public Tensor variable(float[] values, int rows, int cols) {
    return leaf(widened(values), rows, cols, false);
  }

  /** As {@link #constant(float[], int, int)}, in double precision. */
  public Tensor constant(double[] values, int rows, int cols) {
    return leaf(values.clone(), rows, cols, true);
  }

  /** As {@link #variable(float[], int, int)}, in double precision. */
  public Tensor variable(double[] values, int rows, int cols) {
    return leaf(values.clone(), rows, cols, false);
  }

  private OracleTensor leaf(double[] values, int rows, int cols, boolean constant) {
    Shapes.check(
        rows >= 0 && cols >= 1, "shape", "at least [0, 1]", "[" + rows + ", " + cols + "]");
    Shapes.check((long) rows * cols == values.length, "values", rows + " x " + cols, values.length);
    return new OracleTensor(this, tape(), rows, cols, values, constant);
  }

  @Override
  public Tensor parameter(Parameter p) {
    return result(p.rows(), p.cols(), values(p).clone(), dy -> add(dy, gradientToAddTo(p)));
  }

  /** The values without rounding. */
  public double[] doubles(Tensor x) {
    return own(x).values().clone();
  }

  /** The values without the rounding of the float32 master, while nobody else changed it. */
  public double[] doubles(Parameter p) {
    return values(p).clone();
  }

  /** Sets a parameter in double precision for this session; others see it rounded to float32. */
  public void set(Parameter p, double[] values) {
    checkOpen();
    Shapes.length(p.name(), values.length, p.size());
    p.set(rounded(values));
    masters.put(p, new Master(p.version(), values.clone()));
  }

  /** The gradient that reached a tensor, without rounding, or null if none did. */
  public double @Nullable [] gradientDoubles(Tensor x) {
    OracleTensor t = own(x);
    return t.constant || t.gradient == null ? null : t.gradient.clone();
  }

  /** The gradient that reached a parameter, without rounding, or null if none did. */
  public double @Nullable [] gradientDoubles(Parameter p) {
    checkOpen();
    double[] g = gradients.get(p);
    return g == null ? null : g.clone();
  }

  @Override
  public float @Nullable [] gradient(Tensor variable) {
    double[] g = gradientDoubles(variable);
    return g == null ? null : rounded(g);
  }

  @Override
  public float @Nullable [] gradient(Parameter parameter) {
    double[] g = gradientDoubles(parameter);
    return g == null ? null : rounded(g);
  }

  // ---- what the operations use

  /** The parameter's values themselves, not to be written to. */
  double[] values(Parameter p) {
    checkOpen();
    Master m = masters.get(p);
    if (m == null || m.version != p.version()) {
      m = new Master(p.version(), widened(p.values()));
      masters.put(p, m);
    }
    return m.values;
  }

  /** Where a backward step adds a parameter's gradient; calling it means that one reached it. */
  double[] gradientToAddTo(Parameter p) {
    return gradients.computeIfAbsent(p, q -> new double[q.size()]);
  }

  /** A result on the innermost tape. Its backward step is skipped when no gradient reached it. */
  OracleTensor result(int rows, int cols, double[] values, Backward backward) {
    Tape tape = tape();
    OracleTensor y = new OracleTensor(this, tape, rows, cols, values, false);
    tape.record(
        () -> {
          if (y.gradient != null) {
            backward.run(y.gradient);
          }
        });
    return y;
  }

  private Tape tape() {
    checkOpen();
    Tape tape = tapes.peek();
    if (tape == null) {
      throw new IllegalStateException("no open tape: use record() or infer() first");
    }
    return tape;
  }

  private OracleTensor own(Tensor x) {
    checkOpen();
    if (!(x instanceof OracleTensor t) || t.session != this) {
      throw new IllegalArgumentException("tensor " + x.shape() + " belongs to another session");
    }
    t.values(); // throws after its tape was closed
    return t;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the session is closed");
    }
  }

  static float[] rounded(double[] x) {
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = (float) x[i];
    }
    return y;
  }

  static double[] widened(float[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i];
    }
    return y;
  }

  static void add(double[] from, double[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] += from[i];
    }
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
    return Layers.embeddingSum(
        this,
        List.of(ids.clone(), segments.clone(), positions.clone()),
        List.of(word, segment, position));
  }

  @Override
  public Tensor linear(
      Tensor x, Parameter weight, @Nullable Parameter bias, Activation activation) {
    return Layers.linear(this, own(x), weight, bias, activation);
  }

  @Override
  public Tensor layerNorm(
      Tensor x, @Nullable Tensor residual, Parameter gamma, Parameter beta, float epsilon) {
    OracleTensor other = residual == null ? null : own(residual);
    return Layers.layerNorm(this, own(x), other, gamma, beta, epsilon);
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
    return new Attention(this, own(q), own(k), own(v), queryOffsets, keyOffsets, heads, dropout)
        .forward();
  }

  @Override
  public Tensor dropout(Tensor x, Dropout dropout) {
    return Layers.dropout(this, own(x), dropout);
  }

  @Override
  public Tensor gather(Tensor x, int[] rows) {
    return Rows.gather(this, own(x), rows.clone());
  }

  @Override
  public Tensor concat(Tensor a, Tensor b) {
    return Rows.concat(this, own(a), own(b));
  }

  @Override
  public Tensor add(Tensor a, Tensor b) {
    return Rows.add(this, own(a), own(b));
  }

  @Override
  public Tensor segmentSum(Tensor x, int[] offsets, boolean mean) {
    return Rows.segmentSum(this, own(x), offsets.clone(), mean);
  }

  // ---- objectives

  @Override
  public Tensor vocabularyLogLikelihood(
      Tensor hidden, Parameter weight, Parameter bias, int[] targets) {
    return Objectives.vocabularyLogLikelihood(this, own(hidden), weight, bias, targets.clone());
  }

  @Override
  public Tensor innerProducts(Tensor a, Tensor b, int[] aRows, int[] bRows) {
    return Rows.innerProducts(this, own(a), own(b), aRows.clone(), bRows.clone());
  }

  @Override
  public Tensor logSoftmax(Tensor x, int[] offsets) {
    return Objectives.logSoftmax(this, own(x), offsets.clone());
  }

  @Override
  public Tensor logSumExp(Tensor x, int[] offsets, boolean @Nullable [] marked) {
    boolean[] copy = marked == null ? null : marked.clone();
    return Objectives.logSumExp(this, own(x), offsets.clone(), copy);
  }

  @Override
  public Tensor spanStates(Tensor start, Tensor end, int[] starts, int[] ends) {
    return Rows.spanStates(this, own(start), own(end), starts.clone(), ends.clone());
  }

  @Override
  public Tensor weightedSum(Tensor x, float[] weights) {
    return Objectives.weightedSum(this, own(x), weights.clone());
  }

  /** Simply runs the segment: the oracle has no need to save memory. */
  @Override
  public Tensor recomputed(Tensor x, UnaryOperator<Tensor> segment) {
    return segment.apply(own(x));
  }

  // ---- updates

  @Override
  public void clearGradients() {
    checkOpen();
    gradients.clear();
  }

  @Override
  public double gradientNorm(Collection<Parameter> parameters) {
    checkOpen();
    double sum = 0;
    for (Parameter p : parameters) {
      double[] gradient = gradients.get(p);
      if (gradient != null) {
        for (double g : gradient) {
          sum += g * g;
        }
      }
    }
    return Math.sqrt(sum);
  }

  @Override
  public void adam(Parameter parameter, Parameter first, Parameter second, AdamStep step) {
    adam(parameter, first, second, OracleAdamStep.of(step));
  }

  /** As {@link #adam(Parameter, Parameter, Parameter, AdamStep)}, with settings in double. */
  public void adam(Parameter parameter, Parameter first, Parameter second, OracleAdamStep s) {
    checkOpen();
    Shapes.parameter(first, parameter.rows(), parameter.cols());
    Shapes.parameter(second, parameter.rows(), parameter.cols());
    double[] gradient = gradients.get(parameter);
    if (gradient == null) {
      return;
    }
    double[] w = doubles(parameter);
    double[] m = doubles(first);
    double[] v = doubles(second);
    for (int i = 0; i < w.length; i++) {
      double g = s.gradientScale() * gradient[i];
      m[i] = s.beta1() * m[i] + (1 - s.beta1()) * g;
      v[i] = s.beta2() * v[i] + (1 - s.beta2()) * g * g;
      double update = m[i] / s.correction1() / (Math.sqrt(v[i] / s.correction2()) + s.epsilon());
      w[i] -= s.learningRate() * (update + s.weightDecay() * w[i]);
    }
    set(parameter, w);
    set(first, m);
    set(second, v);
  }

  @Override
  public void close() {
    if (!closed) {
      List.copyOf(tapes).forEach(Tape::close); // the innermost first
      closed = true;
      gradients.clear();
      masters.clear();
    }
  }
}
