package org.realm4j.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** oneDNN's {@code dnnl_sgemm}, with threads of GNU's OpenMP as Debian builds it. */
@SuppressWarnings("restricted")
final class OneDnn extends NativeGemm {
  private final MethodHandle sgemm;
  private final MethodHandle setThreads;
  private final String version;

  OneDnn() {
    SymbolLookup library = library("oneDNN", System.mapLibraryName("dnnl") + ".2");
    sgemm =
        function(
            library,
            "dnnl_sgemm",
            INT,
            CHAR,
            CHAR,
            LONG,
            LONG,
            LONG,
            FLOAT,
            POINTER,
            LONG,
            POINTER,
            LONG,
            FLOAT,
            POINTER,
            LONG);
    // Of the calling thread, as OpenMP counts.
    setThreads =
        procedure(
            library("oneDNN's OpenMP", System.mapLibraryName("gomp") + ".1"),
            "omp_set_num_threads",
            INT);
    try {
      MemorySegment numbers =
          ((MemorySegment) function(library, "dnnl_version", POINTER).invokeExact())
              .reinterpret(3 * INT.byteSize());
      version =
          numbers.getAtIndex(INT, 0)
              + "."
              + numbers.getAtIndex(INT, 1)
              + "."
              + numbers.getAtIndex(INT, 2);
    } catch (Throwable t) {
      throw failed("dnnl_version", t);
    }
  }

  @Override
  String name() {
    return "oneDNN";
  }

  @Override
  String version() {
    return version;
  }

  @Override
  double leastMean() {
    return 0.95;
  }

  @Override
  double least() {
    return 0.0;
  }

  @Override
  void setThreads(int threads) {
    try {
      setThreads.invokeExact(threads);
    } catch (Throwable t) {
      throw failed("omp_set_num_threads", t);
    }
  }

  @Override
  void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      MemorySegment a,
      MemorySegment b,
      MemorySegment c) {
    int status;
    try {
      status =
          (int)
              sgemm.invokeExact(
                  (byte) (transposeA ? 'T' : 'N'),
                  (byte) (transposeB ? 'T' : 'N'),
                  (long) m,
                  (long) n,
                  (long) k,
                  1f,
                  a,
                  (long) (transposeA ? m : k),
                  b,
                  (long) (transposeB ? k : n),
                  0f,
                  c,
                  (long) n);
    } catch (Throwable t) {
      throw failed("dnnl_sgemm", t);
    }
    if (status != 0) {
      throw new IllegalStateException("dnnl_sgemm: status " + status);
    }
  }
}
