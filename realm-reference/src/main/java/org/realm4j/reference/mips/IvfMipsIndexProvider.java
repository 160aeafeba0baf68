package org.realm4j.reference.mips;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.realm4j.io.RealmException;
import org.realm4j.reference.KernelChoice;
import org.realm4j.reference.kernels.Workers;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.Vectors;

/**
 * Brings {@code ivf}: approximate search with a measured recall. Options: {@code lists}, {@code
 * probes} and {@code recall}, 0.95 if not given; without probes, a build takes as few as reach the
 * recall.
 */
public final class IvfMipsIndexProvider implements MipsIndexProvider {
  private final IvfOptions options;

  /** For the service loader. */
  public IvfMipsIndexProvider() {
    this(IvfOptions.DEFAULT);
  }

  private IvfMipsIndexProvider(IvfOptions options) {
    this.options = options;
  }

  @Override
  public String name() {
    return "ivf";
  }

  @Override
  public MipsIndexProvider with(Map<String, String> settings) {
    return new IvfMipsIndexProvider(IvfOptions.of(settings));
  }

  @Override
  public MipsIndex build(Vectors vectors, int threads) {
    return IvfBuilder.build(vectors, options, null, threads, KernelChoice.AUTO);
  }

  /** Keeps the centroids: costs little more than a pass over the vectors. */
  @Override
  public MipsIndex rebuild(MipsIndex before, Vectors vectors, int threads) {
    IvfMipsIndex kept =
        before instanceof IvfMipsIndex ivf && ivf.dimension() == vectors.dimension() ? ivf : null;
    return IvfBuilder.build(vectors, options, kept, threads, KernelChoice.AUTO);
  }

  @Override
  public MipsIndex open(Vectors vectors, Map<String, MemorySegment> parts, int threads) {
    if (threads < 1) {
      throw new RealmException.BadInput("threads: expected at least 1, found " + threads);
    }
    return new IvfMipsIndex(
        vectors,
        InvertedFile.open(parts, vectors.dimension()),
        KernelChoice.AUTO.kernels(),
        new Workers(threads, "realm-mips"),
        Arena.ofShared());
  }

  /** Every list ends with half a block that is not full, in the mean. */
  @Override
  public long estimateMemory(int rows, int dimension) {
    int lists = options.lists(rows);
    long full = Math.addExact(rows, lists * (Scan.BLOCK / 2));
    return Int8Codes.bytes((int) full, dimension) + 4L * full + 8L * lists * (dimension + 1L);
  }
}
