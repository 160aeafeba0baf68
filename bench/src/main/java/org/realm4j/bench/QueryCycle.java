package org.realm4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.io.JsonObject;
import org.realm4j.retrieval.MipsIndex.Hits;

/**
 * The queries of a process in Java, one batch after the other and from the beginning again.
 *
 * @param values {@code [count, dimension]}
 */
record QueryCycle(float[] values, int count, int dimension) {
  /** Of so many queries at once. */
  interface Search {
    Hits[] search(float[] queries, int count);
  }

  static QueryCycle read(Path file, int dimension) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      float[] values = new float[bytes.remaining() / Float.BYTES];
      bytes.asFloatBuffer().get(values);
      return new QueryCycle(values, values.length / dimension, dimension);
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
  }

  /** Request: count (of a batch), for_seconds. */
  Map<String, Object> repeat(JsonObject request, Search search) {
    int size = request.int32("count");
    int[] next = {0};
    Sample sample =
        Alternately.here(
                () -> {
                  search.search(batch(next[0], size), size);
                  next[0] = (next[0] + size) % (count / size * size);
                },
                request.number("for_seconds"))
            .run();
    return Map.of("call", sample.seconds(), "call_cpu", sample.cpuSeconds());
  }

  /** Request: queries (the first ones), batch. Rows and bits of scores. */
  Map<String, Object> rows(JsonObject request, Search search) {
    int all = request.int32("queries");
    int batch = request.int32("batch");
    List<Hits> hits = new ArrayList<>();
    for (int from = 0; from < all; from += batch) {
      int size = Math.min(batch, all - from);
      hits.addAll(List.of(search.search(batch(from, size), size)));
    }
    return Map.of(
        "rows", hits.stream().flatMapToInt(h -> Arrays.stream(h.rows())).toArray(),
        "scores", hits.stream().flatMapToInt(QueryCycle::bits).toArray());
  }

  private static java.util.stream.IntStream bits(Hits hits) {
    int[] bits = new int[hits.scores().length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(hits.scores()[i]));
    return Arrays.stream(bits);
  }

  float[] batch(int from, int size) {
    return Arrays.copyOfRange(values, from * dimension, (from + size) * dimension);
  }
}
