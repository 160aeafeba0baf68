package org.realm4j.reference;

import org.realm4j.reference.kernels.KernelChoice;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;

/** Brings {@link ExactMipsIndex}. */
public final class ExactMipsIndexProvider implements MipsIndexProvider {
  @Override
  public String name() {
    return "exact";
  }

  @Override
  public MipsIndex build(float[] vectors, int dimension, int threads) {
    return new ExactMipsIndex(vectors, dimension, threads, KernelChoice.AUTO);
  }
}
