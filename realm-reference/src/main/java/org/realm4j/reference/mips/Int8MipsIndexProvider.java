package org.realm4j.reference.mips;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.realm4j.reference.KernelChoice;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.Vectors;

/**
 * Brings {@code int8}: the same results as {@code exact}, through a copy in a quarter of the
 * memory.
 */
public final class Int8MipsIndexProvider implements MipsIndexProvider {
  /** For the service loader. */
  public Int8MipsIndexProvider() {}

  @Override
  public String name() {
    return "int8";
  }

  @Override
  public MipsIndex build(Vectors vectors, int threads) {
    return ExactMipsIndex.build(vectors, true, threads, KernelChoice.AUTO);
  }

  @Override
  public MipsIndex open(Vectors vectors, Map<String, MemorySegment> parts, int threads) {
    return ExactMipsIndex.open(vectors, parts, true, threads, KernelChoice.AUTO);
  }

  @Override
  public long estimateMemory(int rows, int dimension) {
    return BlockLengths.bytes(rows) + Int8Codes.bytes(rows, dimension);
  }
}
