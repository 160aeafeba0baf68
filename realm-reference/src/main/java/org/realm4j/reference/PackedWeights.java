package org.realm4j.reference;

import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;
import org.realm4j.reference.Products.Operand;
import org.realm4j.reference.Products.Panels;
import org.realm4j.tensor.Parameter;

/**
 * Weights as panels, packed once per version, in the two forms that products need: W^T for x W^T
 * and W for its gradient by x. Parameters are held weakly.
 */
final class PackedWeights {
  private static final class Entry {
    private long forwardVersion = -1;
    private long backwardVersion = -1;
    private @Nullable Panels forward;
    private @Nullable Panels backward;
  }

  private final Products products;
  private final Map<Parameter, Entry> entries = new WeakHashMap<>();

  PackedWeights(Products products) {
    this.products = products;
  }

  /** W^T as {@code [in, out]}. */
  Panels forward(Parameter w) {
    Entry e = entries.computeIfAbsent(w, _ -> new Entry());
    Panels panels = e.forward;
    if (panels == null || e.forwardVersion != w.version()) {
      Operand operand = Operand.columns(w.values(), w.cols());
      panels = pack(operand, w.cols(), w.rows(), panels);
      e.forward = panels;
      e.forwardVersion = w.version();
    }
    return panels;
  }

  /** W as {@code [out, in]}. */
  Panels backward(Parameter w) {
    Entry e = entries.computeIfAbsent(w, _ -> new Entry());
    Panels panels = e.backward;
    if (panels == null || e.backwardVersion != w.version()) {
      Operand operand = Operand.rows(w.values(), w.cols());
      panels = pack(operand, w.rows(), w.cols(), panels);
      e.backward = panels;
      e.backwardVersion = w.version();
    }
    return panels;
  }

  private Panels pack(Operand operand, int k, int n, @Nullable Panels old) {
    float[] to = old != null ? old.data() : FloatPool.allocate(products.packedSize(k, n));
    return products.pack(operand, k, n, to);
  }

  void clear() {
    entries.clear();
  }
}
