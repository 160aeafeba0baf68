package org.realm4j.reference.mips;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.realm4j.reference.KernelChoice;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.Vectors;

/** Brings {@code exact}: all rows, in float32. */
public final class ExactMipsIndexProvider implements MipsIndexProvider {
  /** For the service loader. */
  public ExactMipsIndexProvider() {}

  @Override
  public String name() {
    return "exact";
  }

  @Override
  public MipsIndex build(Vectors vectors, int threads) {
    return ExactMipsIndex.build(vectors, false, threads, KernelChoice.AUTO);
  }

  @Override
  public MipsIndex open(Vectors vectors, Map<String, MemorySegment> parts, int threads) {
    return ExactMipsIndex.open(vectors, parts, false, threads, KernelChoice.AUTO);
  }

  @Override
  public long estimateMemory(int rows, int dimension) {
    return BlockLengths.bytes(rows);
  }
}
