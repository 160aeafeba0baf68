package org.realm4j.retrieval;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.BlockFileWriter;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;
import org.realm4j.text.WordPiece;

/** Writes the generation that follows another. */
final class IndexChange {
  /** Rows that are copied at a time. */
  private static final int ROWS = 256;

  private final Generation before;
  private final IndexSettings settings;
  private final MipsIndexProvider provider;
  private final int threads;

  /** What is removed of each part, with what this change removes. */
  private final Map<Generation.Part, BitSet> removed = new LinkedHashMap<>();

  /** Names are never used for two segments, so that one of the same name is the same. */
  private int lastNumber;

  IndexChange(Generation before, IndexSettings settings, MipsIndexProvider provider, int threads) {
    this.before = before;
    this.settings = settings;
    this.provider = provider;
    this.threads = threads;
    for (Generation.Part part : before.parts()) {
      removed.put(part, (BitSet) part.removed().clone());
      String name = part.segment().name();
      lastNumber =
          Math.max(lastNumber, Integer.parseInt(name.substring(name.lastIndexOf('-') + 1)));
    }
  }

  /**
   * Removes passages, and the parts {@code id#1 …} of those that were split.
   *
   * @throws RealmException.BadInput if one is not there
   */
  void remove(Collection<String> ids) {
    for (String id : ids) {
      Generation.Part part = holder(id);
      if (part == null) {
        throw new RealmException.BadInput(
            "passage '%s': expected one of the index, found none".formatted(id));
      }
      for (int number : part.segment().store().partsOf(id)) {
        gone(part).set(number);
      }
    }
  }

  /** Where the passage, or parts of it, are and are not removed; null if nowhere. */
  private Generation.@Nullable Part holder(String id) {
    for (Generation.Part part : removed.keySet()) {
      for (int number : part.segment().store().partsOf(id)) {
        if (!gone(part).get(number)) {
          return part;
        }
      }
    }
    return null;
  }

  /**
   * Passages to be added.
   *
   * @param passages in their order
   */
  record Addition(List<Passage> passages, WordPiece tokenizer, PassageIndex.Embedding embedding) {}

  /**
   * Writes all files into the folder of the new generation.
   *
   * @param added null if nothing is
   * @throws RealmException.BadInput if one that is added is there already, or cannot be searched
   */
  void writeTo(Path folder, @Nullable Addition added) throws IOException {
    List<Generation.Part> kept = new ArrayList<>(before.parts());
    kept.removeIf(part -> left(part) == 0);
    List<String> names = new ArrayList<>();
    if (added == null) {
      keep(folder, kept, names);
    } else {
      Path temporary = Files.createDirectory(folder.resolve("added"));
      PassageStore.write(temporary, Corpus.of(added.passages), added.tokenizer, settings.limit());
      try (PassageStore store = PassageStore.openFiles(temporary)) {
        added.passages.forEach(passage -> refuseKnown(passage.id()));
        store.passages().forEach(part -> refuseKnown(part.id()));
        List<Generation.Part> merged = takeSmall(kept, store.size());
        keep(folder, kept, names);
        write(folder, names, merged, store, added.embedding);
      }
      delete(temporary);
    }
    new IndexManifest(settings, names).write(folder);
  }

  private void refuseKnown(String id) {
    if (holder(id) != null) {
      throw new RealmException.BadInput(
          "passage '%s': expected a new id, found one of the index: replace it".formatted(id));
    }
  }

  /**
   * Takes the last parts away that are to be merged with what is added. Afterwards each segment is
   * more than twice as large as the next, so there are few, and a passage is copied a number of
   * times that grows like the logarithm of all.
   */
  private List<Generation.Part> takeSmall(List<Generation.Part> parts, int added) {
    List<Generation.Part> small = new ArrayList<>();
    long size = added;
    while (!parts.isEmpty() && left(parts.getLast()) <= 2 * size) {
      size += left(parts.getLast());
      small.addFirst(parts.removeLast());
    }
    return small;
  }

  /** Takes segments over, with what is removed of them; those that lost more than half, anew. */
  private void keep(Path folder, List<Generation.Part> parts, List<String> names)
      throws IOException {
    for (Generation.Part part : parts) {
      IndexSegment segment = part.segment();
      if (left(part) < segment.size() / 2) {
        write(folder, names, List.of(part), null, (store, sink) -> {});
      } else {
        String name = segment.name();
        PublishedFolder.takeOver(before.folder().resolve(name), folder.resolve(name));
        if (!gone(part).isEmpty()) {
          writeRemoved(folder, segment, gone(part));
        }
        names.add(name);
      }
    }
  }

  private BitSet gone(Generation.Part part) {
    return Objects.requireNonNull(removed.get(part));
  }

  private int left(Generation.Part part) {
    return part.segment().size() - gone(part).cardinality();
  }

  /** A new segment of what is left of old ones, whose vectors are copied, and of new passages. */
  private void write(
      Path folder,
      List<String> names,
      List<Generation.Part> old,
      @Nullable PassageStore fresh,
      PassageIndex.Embedding embedding)
      throws IOException {
    String name = "segment-" + ++lastNumber;
    Path segment = Files.createDirectory(folder.resolve(name));
    List<PassageStore.Selection> selections = new ArrayList<>();
    for (Generation.Part part : old) {
      selections.add(new PassageStore.Selection(part.segment().store(), rows(part)));
    }
    if (fresh != null) {
      selections.add(new PassageStore.Selection(fresh, IntStream.range(0, fresh.size()).toArray()));
    }
    PassageStore.write(segment, selections, source(selections));
    IndexSegment.write(
        segment,
        sink -> {
          for (Generation.Part part : old) {
            copy(part, sink);
          }
          if (fresh != null) {
            embedding.embed(fresh, sink);
          }
        },
        settings.dimension(),
        provider,
        threads);
    names.add(name);
  }

  /** Where the most passages come from. */
  private static String source(List<PassageStore.Selection> selections) {
    return selections.stream()
        .max(Comparator.comparingInt(selection -> selection.passages().length))
        .map(selection -> selection.store().source())
        .orElseThrow();
  }

  /** Passages of the part that are left. */
  private int[] rows(Generation.Part part) {
    BitSet gone = gone(part);
    return IntStream.range(0, part.segment().size()).filter(row -> !gone.get(row)).toArray();
  }

  private void copy(Generation.Part part, VectorSink sink) {
    int[] rows = rows(part);
    float[] some = new float[ROWS * settings.dimension()];
    for (int i = 0; i < rows.length; i += ROWS) {
      int count = Math.min(ROWS, rows.length - i);
      for (int r = 0; r < count; r++) {
        part.segment().vectors().copy(rows[i + r], 1, some, r * settings.dimension());
      }
      sink.put(some, count);
    }
  }

  private static void writeRemoved(Path folder, IndexSegment segment, BitSet gone) {
    Path path = folder.resolve(segment.name() + Generation.REMOVED);
    try (BlockFileWriter file = new BlockFileWriter(path)) {
      ByteBuffer bytes =
          ByteBuffer.allocate(8 * gone.toLongArray().length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asLongBuffer().put(gone.toLongArray());
      file.putBytes(bytes.array());
      file.finish(Generation.REMOVED_KIND, HexFormat.of().parseHex(segment.store().fingerprint()));
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
