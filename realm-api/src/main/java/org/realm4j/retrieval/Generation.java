package org.realm4j.retrieval;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.realm4j.io.BlockFile;
import org.realm4j.io.RealmException;

/** One immutable state of a {@link PassageIndex}: segments, and what is removed of each. */
final class Generation extends Shared {
  static final String REMOVED = ".removed";
  static final int REMOVED_KIND = BlockFile.kind("RMVD");

  /**
   * A segment in this generation.
   *
   * @param removed passages that are gone; never written to
   * @param first the row of its first passage among those of all segments
   */
  record Part(IndexSegment segment, BitSet removed, int first) {
    int left() {
      return segment.size() - removed.cardinality();
    }
  }

  private final Path folder;
  private final List<Part> parts;

  private Generation(Path folder, List<Part> parts) {
    this.folder = folder;
    this.parts = parts;
  }

  /**
   * Opens what was published.
   *
   * @param opened segments that are held anyway: one of the same name is shared with them
   */
  static Generation open(
      Path folder, MipsIndexProvider provider, int threads, List<IndexSegment> opened) {
    IndexManifest manifest = IndexManifest.read(folder);
    List<Part> parts = new ArrayList<>();
    try {
      long first = 0;
      for (String name : manifest.segments()) {
        IndexSegment segment =
            shared(name, opened, folder, manifest.settings().dimension(), provider, threads);
        parts.add(new Part(segment, new BitSet(), (int) first));
        BitSet removed = removed(folder, segment);
        parts.set(parts.size() - 1, new Part(segment, removed, (int) first));
        first += segment.size();
        if (first > Integer.MAX_VALUE) {
          throw new RealmException.CorruptFile(
              "%s: expected at most %,d passages, found %,d"
                  .formatted(folder, Integer.MAX_VALUE, first));
        }
      }
      return new Generation(folder, List.copyOf(parts));
    } catch (RuntimeException | Error e) {
      parts.forEach(part -> part.segment().giveBack());
      throw e;
    }
  }

  private static IndexSegment shared(
      String name,
      List<IndexSegment> opened,
      Path folder,
      int dimension,
      MipsIndexProvider provider,
      int threads) {
    for (IndexSegment segment : opened) {
      if (segment.name().equals(name) && segment.take()) {
        return segment;
      }
    }
    return IndexSegment.open(folder.resolve(name), dimension, provider, threads);
  }

  private static BitSet removed(Path folder, IndexSegment segment) {
    Path path = folder.resolve(segment.name() + REMOVED);
    if (!Files.exists(path)) {
      return new BitSet();
    }
    try (Arena arena = Arena.ofConfined()) {
      BlockFile file = BlockFile.open(path, REMOVED_KIND, arena);
      file.check();
      BitSet removed = BitSet.valueOf(file.payload().asByteBuffer());
      if (!file.generation().equals(segment.store().fingerprint())
          || removed.length() > segment.size()) {
        throw file.corrupt(
            "removals among the %,d passages %s"
                .formatted(segment.size(), segment.store().fingerprint()),
            "up to %,d of %s".formatted(removed.length(), file.generation()));
      }
      return removed;
    }
  }

  /** The name of its folder, different for each publication. */
  String id() {
    return folder.getFileName().toString();
  }

  Path folder() {
    return folder;
  }

  List<Part> parts() {
    return parts;
  }

  List<IndexSegment> segments() {
    return parts.stream().map(Part::segment).toList();
  }

  @Override
  void free() {
    parts.forEach(part -> part.segment().giveBack());
  }
}
