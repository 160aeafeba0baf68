package org.realm4j.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** OpenBLAS's {@code cblas_sgemm}. */
final class OpenBlas extends NativeGemm {
  private static final int ROW_MAJOR = 101;
  private static final int STRAIGHT = 111;
  private static final int TRANSPOSED = 112;

  private final MethodHandle sgemm;
  private final MethodHandle setThreads;
  private final String version;

  OpenBlas() {
    SymbolLookup library = library("OpenBLAS", System.mapLibraryName("openblas") + ".0");
    sgemm =
        procedure(
            library,
            "cblas_sgemm",
            INT,
            INT,
            INT,
            INT,
            INT,
            INT,
            FLOAT,
            POINTER,
            INT,
            POINTER,
            INT,
            FLOAT,
            POINTER,
            INT);
    setThreads = procedure(library, "openblas_set_num_threads", INT);
    version =
        call(library, "openblas_get_config") + ", core " + call(library, "openblas_get_corename");
  }

  private static String call(SymbolLookup library, String name) {
    try {
      return string((MemorySegment) function(library, name, POINTER).invokeExact()).strip();
    } catch (Throwable t) {
      throw failed(name, t);
    }
  }

  @Override
  String name() {
    return "OpenBLAS";
  }

  @Override
  String version() {
    return version;
  }

  @Override
  double leastMean() {
    return 1.0;
  }

  @Override
  double least() {
    return 0.9;
  }

  @Override
  void setThreads(int threads) {
    try {
      setThreads.invokeExact(threads);
    } catch (Throwable t) {
      throw failed("openblas_set_num_threads", t);
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
    try {
      sgemm.invokeExact(
          ROW_MAJOR,
          transposeA ? TRANSPOSED : STRAIGHT,
          transposeB ? TRANSPOSED : STRAIGHT,
          m,
          n,
          k,
          1f,
          a,
          transposeA ? m : k,
          b,
          transposeB ? k : n,
          0f,
          c,
          n);
    } catch (Throwable t) {
      throw failed("cblas_sgemm", t);
    }
  }
}
