package org.realm4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.JsonObject;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.Vectors;

/** This library's indexes over vectors outside the heap, by the names that requests give them. */
final class MipsLoad implements Worker.Load {
  private final Arena arena = Arena.ofShared();
  private final Map<String, MipsIndex> indexes = new HashMap<>();
  private final int threads;
  private final Vectors vectors;
  private final @Nullable Vectors later;
  private final QueryCycle queries;

  /** Job: threads, dimension, vectors, queries, perhaps later (files of float32). */
  MipsLoad(JsonObject job) {
    threads = job.int32("threads");
    int dimension = job.int32("dimension");
    vectors = read(job.string("vectors"), dimension);
    later = job.has("later") ? read(job.string("later"), dimension) : null;
    queries = QueryCycle.read(Path.of(job.string("queries")), dimension);
  }

  /** In large pages where the system has them, as the heap of the limits is. */
  private Vectors read(String file, int dimension) {
    try (FileChannel channel = FileChannel.open(Path.of(file));
        Arena mapping = Arena.ofConfined()) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), mapping);
      MemorySegment memory = NativeGemm.largePages(arena, mapped.byteSize());
      return Vectors.of(memory.copyFrom(mapped), dimension);
    } catch (IOException e) {
      throw new UncheckedIOException(file, e);
    }
  }

  /**
   * Request: build (which index), from (rebuild from that one, over the later vectors), as (its
   * name), options; or search, rows or memory, of a name.
   */
  @Override
  public Map<String, Object> run(JsonObject request) {
    if (request.has("build")) {
      return build(request);
    }
    if (request.has("memory")) {
      return memory(index(request, "memory"));
    }
    return request.has("search")
        ? queries.repeat(request, search(index(request, "search"), request.int32("k")))
        : queries.rows(request, search(index(request, "rows"), request.int32("k")));
  }

  private static QueryCycle.Search search(MipsIndex index, int k) {
    return (queries, count) -> index.search(queries, count, k);
  }

  private MipsIndex index(JsonObject request, String key) {
    MipsIndex index = indexes.get(request.string(key));
    if (index == null) {
      throw new IllegalStateException("no index " + request.string(key));
    }
    return index;
  }

  private Map<String, Object> build(JsonObject request) {
    Map<String, String> options = new LinkedHashMap<>();
    if (request.has("options")) {
      request.object("options").fields().forEach((k, v) -> options.put(k, String.valueOf(v)));
    }
    MipsIndexProvider provider = MipsIndexProvider.named(request.string("build")).with(options);
    MipsIndex built =
        request.has("from")
            ? provider.rebuild(index(request, "from"), later(request), threads)
            : provider.build(vectors, threads);
    MipsIndex before = indexes.put(request.string("as"), built);
    if (before != null) {
      before.close();
    }
    return Map.of("describe", built.describe());
  }

  private Vectors later(JsonObject request) {
    return later != null && request.bool("later", false) ? later : vectors;
  }

  /** Bytes of the vectors, of all parts, and of the heap after a collection. */
  private Map<String, Object> memory(MipsIndex index) {
    List<String> inHeap = new ArrayList<>();
    long parts = 0;
    for (Map.Entry<String, MemorySegment> part : index.parts().entrySet()) {
      parts += part.getValue().byteSize();
      if (part.getValue().heapBase().isPresent()) {
        inHeap.add(part.getKey());
      }
    }
    return Map.of(
        "vectors",
        vectors.memory().byteSize(),
        "parts",
        parts,
        "parts_in_heap",
        inHeap,
        "heap",
        heapAfterCollection());
  }

  private static long heapAfterCollection() {
    Runtime runtime = Runtime.getRuntime();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) { // what the first one frees may hold more
      System.gc();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  @Override
  public long parameters() {
    return 0;
  }

  @Override
  public void close() {
    indexes.values().forEach(MipsIndex::close);
    arena.close();
  }
}
