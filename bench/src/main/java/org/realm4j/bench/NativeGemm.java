package org.realm4j.bench;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** The matrix product of a native library, row-major, C = A B. */
@SuppressWarnings("restricted") // Calling native code is what it is for.
abstract class NativeGemm {
  static final AddressLayout POINTER = ValueLayout.ADDRESS;
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  static final ValueLayout.OfByte CHAR = ValueLayout.JAVA_BYTE;

  private static final long HUGE_PAGE = 2 << 20;
  private static final int MADV_DONTNEED = 4;
  private static final int MADV_HUGEPAGE = 14;

  /** How it is called in the table. */
  abstract String name();

  abstract String version();

  /** What the geometric mean of this library's speed over its own shall be at least. */
  abstract double leastMean();

  /** The same for a single shape; 0 if that does not matter. */
  abstract double least();

  abstract void setThreads(int threads);

  /**
   * C = op(A) op(B), {@code [m, k] x [k, n]}; a transposed operand lies as {@code [k, m]} or {@code
   * [n, k]}.
   */
  abstract void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      MemorySegment a,
      MemorySegment b,
      MemorySegment c);

  static SymbolLookup library(String what, String file) {
    try {
      return SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new Peer.Missing(what + ": the library " + file + " is not there", e);
    }
  }

  static MethodHandle function(
      SymbolLookup library, String name, MemoryLayout result, MemoryLayout... arguments) {
    return function(library, name, FunctionDescriptor.of(result, arguments));
  }

  static MethodHandle procedure(SymbolLookup library, String name, MemoryLayout... arguments) {
    return function(library, name, FunctionDescriptor.ofVoid(arguments));
  }

  private static MethodHandle function(
      SymbolLookup library, String name, FunctionDescriptor descriptor) {
    MemorySegment symbol =
        library
            .find(name)
            .orElseThrow(() -> new Peer.Missing("a native library has no function " + name));
    return Linker.nativeLinker().downcallHandle(symbol, descriptor);
  }

  static String string(MemorySegment pointer) {
    return pointer.reinterpret(4096).getString(0);
  }

  /** What a method handle throws is an error of this program. */
  static IllegalStateException failed(String function, Throwable t) {
    return new IllegalStateException("calling " + function, t);
  }

  /** A copy outside of the heap, in large pages where the system has them, as the heap is. */
  static MemorySegment copy(Arena arena, float[] values) {
    return largePages(arena, 4L * values.length).copyFrom(MemorySegment.ofArray(values));
  }

  /**
   * Memory outside of the heap, zeros, in large pages where the system has them. An arena has
   * cleared it already, in small pages: these are given back, and the next who writes there gets
   * large ones.
   */
  static MemorySegment largePages(Arena arena, long bytes) {
    long whole = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    MemorySegment memory = arena.allocate(whole, HUGE_PAGE);
    if (advise(memory, MADV_HUGEPAGE)) {
      advise(memory, MADV_DONTNEED);
    }
    return memory.asSlice(0, bytes);
  }

  /** False where the system has no huge pages; nothing else is lost. */
  private static boolean advise(MemorySegment memory, int advice) {
    Optional<MemorySegment> madvise = Linker.nativeLinker().defaultLookup().find("madvise");
    if (madvise.isEmpty()) {
      return false;
    }
    MethodHandle call =
        Linker.nativeLinker()
            .downcallHandle(madvise.get(), FunctionDescriptor.of(INT, POINTER, LONG, INT));
    try {
      return (int) call.invokeExact(memory, memory.byteSize(), advice) == 0;
    } catch (Throwable t) {
      throw failed("madvise", t);
    }
  }
}
