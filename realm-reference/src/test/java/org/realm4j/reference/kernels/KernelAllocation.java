package org.realm4j.reference.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import org.realm4j.reference.KernelChoice;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.AdamStep;

/** Prints the kernels of one width that still allocate when they should be compiled. */
public final class KernelAllocation {
  private static final int N = 1024;

  /** Long enough for the compiler also where it has much else to do. */
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  /** Reading the counter allocates a few bytes itself; a boxed kernel some thousand a call. */
  private static final long NOISE = 64;

  /** These keep the lanes of four rows in an array of their own, a few hundred bytes. */
  private static final String DOTS = "dots, ";

  private static final long LANES = 1024;

  private static final int MOST = 3;

  private final float[] a = filled(0.01f);
  private final float[] b = filled(0.02f);
  private final float[] c = filled(0.03f);
  private final float[] d = filled(0.04f);
  private final int[] bases = new int[N];
  private final byte[] codes = new byte[ScanKernels.CODES + 64 * 128];
  private final MemorySegment outside = Arena.global().allocate(4 * 64 * 128, 4);

  private static float[] filled(float scale) {
    float[] x = new float[48 * N];
    for (int i = 0; i < x.length; i++) {
      x[i] = scale * (i % 13 - 6);
    }
    return x;
  }

  private Map<String, Runnable> calls(Kernels k) {
    Map<String, Runnable> calls = new LinkedHashMap<>();
    TileKernels t = k.tiles();
    for (int rows : new int[] {t.tileRows(), Math.min(6, t.tileRows())}) {
      for (int v = 1; v <= 2; v++) {
        int vectors = v;
        calls.put(
            "tile of " + rows + " rows, " + v + " vectors",
            () -> t.tile(96, rows, vectors, a, 0, b, 0, c, 0, t.tileCols(), false));
      }
    }
    calls.put("transpose", () -> t.transpose(a, 0, 96, 43, 96, c, 0, 48));
    int cols = t.tileCols();
    calls.put("panels of B", () -> t.panels(a, 0, 4 * cols, 32, cols, 4, c, 0, cols));
    calls.put("tiles of A", () -> t.panels(a, 0, 64, 32, t.tileRows(), 4, c, 0, t.rowStep()));
    for (Activation f : Activation.values()) {
      calls.put(f + "", () -> k.activations().activate(f, a, 0, c, 0, N));
      calls.put(f + " gradient", () -> k.activations().activationGradient(f, a, 0, c, 0, N));
    }
    calls.put("sum", () -> k.sum(a, 0, N));
    calls.put("dot", () -> k.dot(a, 0, b, 0, N));
    calls.put("max", () -> k.max(a, 0, N));
    calls.put("add", () -> k.add(a, 0, c, 0, N));
    calls.put("addScaled", () -> k.addScaled(0.1f, a, 0, c, 0, N));
    calls.put("addProduct", () -> k.addProduct(a, 0, b, 0, c, 0, N));
    calls.put("addRelu", () -> k.addRelu(a, 0, b, 0, c, 0, N));
    calls.put("scale", () -> k.scale(c, 0, N, 0.5f));
    calls.put("dropout", () -> k.dropout(a, 0, c, 0, N, 1, 0, 1 << 22, 1.3f));
    calls.put("exp", () -> k.exp(c, 0, N, 1f));
    calls.put("layerNorm", () -> k.layerNorm(c, 0, N, a, b, 1e-6f, d, 0));
    calls.put("layerNormGradient", () -> k.layerNormGradient(c, 0, a, 0, 0.1f, N, b));
    calls.put("maxColumns", () -> k.maxColumns(a, 0, 32, 48, 48, 0.1f, c));
    calls.put("expColumns", () -> k.expColumns(c, 0, 32, 48, 48, 0.1f, a, d, 0));
    calls.put(
        "softmaxGradientColumns", () -> k.softmaxGradientColumns(a, c, 0, 32, 48, 48, b, 0.1f));
    calls.put("dropoutColumns", () -> k.dropoutColumns(a, 0, c, 0, N, bases, 3, 1 << 22, 1.3f));
    calls.put(DOTS + "rows in an array", () -> k.dots(a, 0, 64, b, 3, 128, c));
    calls.put(DOTS + "rows outside the heap", () -> k.dots(outside, 0, 64, b, 128, c));
    ScanKernels s = k.scans();
    calls.put(
        "codeProducts", () -> s.codeProducts(codes, ScanKernels.CODES, a, 0, 128, c, 0, true));
    calls.put("decode", () -> s.decode(codes, 128, cols, c));
    calls.put("boundsReaching", () -> s.boundsReaching(codes, a, 0, 1f, 0.1f, bases));
    calls.put("reaching", () -> s.reaching(a, 16, 48, b, bases));
    AdamStep step = new AdamStep(1e-3f, 0.9f, 0.999f, 1e-6f, 0.01f, 0.5f, 0.25f, 0.8f);
    float[] second = new float[N];
    calls.put("adam", () -> k.adam(c, a, d, second, 0, N, step));
    return calls;
  }

  public static void main(String[] args) {
    int found = 0;
    Kernels kernels = KernelChoice.valueOf(args[0]).kernels();
    for (var kernel : new KernelAllocation().calls(kernels).entrySet()) {
      long allowed = kernel.getKey().startsWith(DOTS) ? LANES : NOISE;
      long bytes = untilNoMoreIsAllocated(kernel.getValue(), allowed);
      if (bytes > allowed && found++ < MOST) {
        System.out.println(kernel.getKey() + ": " + bytes + " bytes a call");
      }
      if (found == MOST) {
        break;
      }
    }
  }

  /** What a call allocates once that is as little, or after the compiler had time enough. */
  private static long untilNoMoreIsAllocated(Runnable call, long allowed) {
    long begun = System.nanoTime();
    long each;
    do {
      for (int i = 0; i < 1_000; i++) {
        call.run();
      }
      long before = allocated();
      for (int i = 0; i < 100; i++) {
        call.run();
      }
      each = (allocated() - before) / 100;
    } while (each > allowed && System.nanoTime() - begun < PATIENCE_NANOS);
    return each;
  }

  private static long allocated() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }
}
