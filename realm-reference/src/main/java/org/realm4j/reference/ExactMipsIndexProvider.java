package org.realm4j.reference;

import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;

/** Brings {@link ExactMipsIndex}. */
public final class ExactMipsIndexProvider implements MipsIndexProvider {
  /** For the service loader. */
  public ExactMipsIndexProvider() {}

  @Override
  public String name() {
    return "exact";
  }

  @Override
  public MipsIndex build(float[] vectors, int dimension, int threads) {
    return new ExactMipsIndex(vectors, dimension, threads, KernelChoice.AUTO);
  }
}
