package org.realm4j.reference;

import java.util.Arrays;
import org.realm4j.reference.Products.Operand;
import org.realm4j.reference.Products.Panels;
import org.realm4j.reference.Products.Target;
import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.Workers;

/** The backend's matrix product by itself, for measuring it. */
public final class GemmProbe implements AutoCloseable {
  /** How the operands lie in memory. */
  public enum Form {
    /** A as {@code [m, k]}, B as {@code [n, k]} packed before: a linear layer. */
    NT_PACKED,
    /** A as {@code [m, k]}, B as {@code [n, k]}. */
    NT,
    /** A as {@code [m, k]}, B as {@code [k, n]}: the gradient by a layer's input. */
    NN,
    /** A as {@code [k, m]}, B as {@code [k, n]}: the gradient by a layer's weight. */
    TN
  }

  private final Workers workers;
  private final Products products;

  public GemmProbe(KernelChoice choice, int threads) {
    Kernels kernels = choice.kernels();
    workers = new Workers(threads, "gemm-probe");
    Scratch[] scratch = new Scratch[threads];
    Arrays.setAll(scratch, _ -> new Scratch());
    products = new Products(kernels, workers, scratch, new FloatPool());
  }

  /** One product of an {@code [m, k]} and a {@code [k, n]} matrix, ready to be run repeatedly. */
  public Runnable product(Form form, int m, int k, int n) {
    return product(form, m, k, n, filled(m * k), filled(k * n), new float[m * n]);
  }

  /** The same of given matrices, C overwritten. */
  public Runnable product(Form form, int m, int k, int n, float[] a, float[] b, float[] c) {
    boolean straight = form == Form.NN || form == Form.TN;
    Operand left = form == Form.TN ? Operand.columns(a, m) : Operand.rows(a, k);
    Operand right = straight ? Operand.rows(b, n) : Operand.columns(b, k);
    Target target = new Target(c, 0, n, false);
    if (form == Form.NT_PACKED) {
      float[] packed = new float[Math.toIntExact(products.packedSize(k, n))];
      Panels panels = products.pack(right, k, n, packed);
      return () -> products.multiply(left, m, panels, target, null);
    }
    return () -> products.multiply(left, m, right, k, n, target);
  }

  private static float[] filled(int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (i % 13 - 6) * 0.125f;
    }
    return x;
  }

  @Override
  public void close() {
    workers.close();
  }
}
