package org.realm4j.retrieval;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.BlockFile;
import org.realm4j.io.BlockFileWriter;
import org.realm4j.io.RealmException;

/**
 * Passages that came together, with their vectors and an index over them: files that never change,
 * mapped as long as somebody holds this.
 *
 * <pre>
 * passages.data, passages.index   a {@link PassageStore}
 * vectors.data                    [passages, dimension], floats
 * index-NAME.data                 the parts of the {@link MipsIndex}
 * </pre>
 *
 * All files carry the fingerprint of the passages, so that none is taken for another's.
 */
final class IndexSegment extends Shared {
  private static final String VECTORS = "vectors.data";
  private static final String PART = "index-";
  private static final String DATA = ".data";
  private static final int VECTORS_KIND = BlockFile.kind("VECS");
  private static final int PART_KIND = BlockFile.kind("MIPS");

  private final String name;
  private final PassageStore store;
  private final Vectors vectors;
  private final MipsIndex index;
  private final Arena arena;

  private IndexSegment(
      String name, PassageStore store, Vectors vectors, MipsIndex index, Arena arena) {
    this.name = name;
    this.store = store;
    this.vectors = vectors;
    this.index = index;
    this.arena = arena;
  }

  /** Where the vectors of a new segment come from. */
  interface Source {
    /** Puts the vectors of all passages, in their order. */
    void writeTo(VectorSink sink);
  }

  /**
   * Writes vectors and index beside the passages that are in the folder.
   *
   * @throws RealmException.BadInput if a vector cannot be searched
   */
  static void write(
      Path folder, Source source, int dimension, MipsIndexProvider provider, int threads)
      throws IOException {
    try (PassageStore store = PassageStore.openFiles(folder);
        Arena arena = Arena.ofShared()) {
      byte[] id = HexFormat.of().parseHex(store.fingerprint());
      try (BlockFileWriter file = new BlockFileWriter(folder.resolve(VECTORS))) {
        source.writeTo((values, count) -> file.putFloats(values, count * dimension));
        file.finish(VECTORS_KIND, id);
      }
      Vectors vectors = vectors(folder, store, dimension, arena);
      try (MipsIndex index = provider.build(vectors, threads)) {
        for (Map.Entry<String, MemorySegment> part : index.parts().entrySet()) {
          Path path = folder.resolve(PART + part.getKey() + DATA);
          try (BlockFileWriter file = new BlockFileWriter(path)) {
            file.putBytes(part.getValue());
            file.finish(PART_KIND, id);
          }
        }
      }
    }
  }

  /** Maps the files of a segment; reads none of them. */
  static IndexSegment open(Path folder, int dimension, MipsIndexProvider provider, int threads) {
    Arena arena = Arena.ofShared();
    try {
      PassageStore store = PassageStore.openFiles(folder);
      try {
        Vectors vectors = vectors(folder, store, dimension, arena);
        MipsIndex index = provider.open(vectors, parts(folder, store, arena), threads);
        return new IndexSegment(folder.getFileName().toString(), store, vectors, index, arena);
      } catch (RuntimeException | Error e) {
        store.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static Vectors vectors(Path folder, PassageStore store, int dimension, Arena arena) {
    BlockFile file = map(folder.resolve(VECTORS), VECTORS_KIND, store, arena);
    long expected = 4L * store.size() * dimension;
    if (file.payload().byteSize() != expected) {
      throw file.corrupt(
          "%,d vectors of %d, %,d bytes".formatted(store.size(), dimension, expected),
          "%,d bytes".formatted(file.payload().byteSize()));
    }
    return Vectors.of(file.payload(), dimension);
  }

  private static Map<String, MemorySegment> parts(Path folder, PassageStore store, Arena arena) {
    Map<String, MemorySegment> parts = new LinkedHashMap<>();
    for (Path path : parts(folder)) {
      String file = path.getFileName().toString();
      String part = file.substring(PART.length(), file.length() - DATA.length());
      parts.put(part, map(path, PART_KIND, store, arena).payload());
    }
    return parts;
  }

  private static List<Path> parts(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(path -> path.getFileName().toString().startsWith(PART)).sorted().toList();
    } catch (IOException e) {
      throw new RealmException(folder + ": cannot be listed: " + e, e);
    }
  }

  private static BlockFile map(Path path, int kind, PassageStore store, Arena arena) {
    BlockFile file = BlockFile.open(path, kind, arena);
    if (!file.generation().equals(store.fingerprint())) {
      throw file.corrupt("the passages " + store.fingerprint(), file.generation());
    }
    return file;
  }

  /** Of its folder, within a generation. */
  String name() {
    return name;
  }

  PassageStore store() {
    return store;
  }

  Vectors vectors() {
    return vectors;
  }

  MipsIndex index() {
    return index;
  }

  int size() {
    return store.size();
  }

  @Override
  void free() {
    index.close();
    store.close();
    arena.close();
  }
}
