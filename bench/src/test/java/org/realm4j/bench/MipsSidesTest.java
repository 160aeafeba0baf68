package org.realm4j.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.bench.Searcher.Found;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;

/** Every side of the section finds the rows that brute force in float64 finds. */
class MipsSidesTest {
  private static final int ROWS = 499;
  private static final int DIMENSION = 7;
  private static final int QUERIES = 5;
  private static final int K = 3;

  @TempDir Path folder;
  private Map<String, Object> job = Map.of();
  private Found truth = new Found(new int[0][], new int[0]);

  @BeforeEach
  void draw() {
    MipsVectors vectors = MipsVectors.gaussian(DIMENSION);
    Path rows = folder.resolve("rows");
    Path queries = folder.resolve("queries");
    vectors.rows(rows, ROWS);
    vectors.queries(queries, QUERIES);
    truth = bruteForce(QueryCycle.read(rows, DIMENSION), QueryCycle.read(queries, DIMENSION));
    job = new LinkedHashMap<>();
    job.put("threads", 2);
    job.put("dimension", DIMENSION);
    job.put("vectors", rows.toString());
    job.put("queries", queries.toString());
    job.put("folder", folder.resolve("lucene").toString());
  }

  private static Found bruteForce(QueryCycle rows, QueryCycle queries) {
    int[][] best =
        IntStream.range(0, QUERIES)
            .mapToObj(
                q ->
                    IntStream.range(0, ROWS)
                        .boxed()
                        .sorted(Comparator.comparingDouble(r -> -product(rows, r, queries, q)))
                        .limit(K)
                        .mapToInt(r -> r)
                        .toArray())
            .toArray(int[][]::new);
    return new Found(best, new int[0]);
  }

  private static double product(QueryCycle a, int i, QueryCycle b, int j) {
    double sum = 0;
    for (int d = 0; d < DIMENSION; d++) {
      sum += (double) a.values()[i * DIMENSION + d] * b.values()[j * DIMENSION + d];
    }
    return sum;
  }

  private static JsonObject request(Object... keysAndValues) {
    Map<String, Object> request = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      request.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return json(request);
  }

  /** As it arrives through a pipe. */
  private static JsonObject json(Map<String, Object> values) {
    return Json.parseObject(Json.format(values), "test");
  }

  private static Found rows(Worker.Load load, String index, int batch) {
    JsonObject request =
        request("rows", index, "queries", QUERIES, "batch", batch, "k", K, "ef", ROWS);
    return Found.of(json(load.run(request)), index, QUERIES, K);
  }

  @Test
  void indexesOfThisLibraryFindThemInAnyBatch() {
    try (MipsLoad load = new MipsLoad(json(job))) {
      load.run(request("build", "exact", "as", "exact"));
      load.run(request("build", "int8", "as", "int8"));
      load.run(request("build", "ivf", "as", "ivf"));
      Map<String, Object> all = Map.of("probes", 1000, "recall", 0);
      load.run(request("build", "ivf", "from", "ivf", "as", "all lists", "options", all));
      Found exact = rows(load, "exact", 1);
      assertArrayEquals(truth.rows(), exact.rows());
      assertTrue(exact.sameBits(rows(load, "exact", 2)));
      assertTrue(exact.sameBits(rows(load, "int8", 1)));
      assertTrue(exact.sameBits(rows(load, "all lists", QUERIES)));
    }
  }

  @Test
  void memoryOutsideTheHeapIsCounted() {
    try (MipsLoad load = new MipsLoad(json(job))) {
      load.run(request("build", "int8", "as", "int8"));
      JsonObject memory = json(load.run(request("memory", "int8")));
      assertEquals(4L * ROWS * DIMENSION, memory.integer("vectors"));
      // 8 blocks of 64 rows: a scale and an error for each, and a code for each value
      long codes = 8 * 64 * (8 + DIMENSION);
      assertTrue(memory.integer("parts") >= codes, "parts: " + memory.integer("parts"));
      assertTrue(memory.list("parts_in_heap").isEmpty());
    }
  }

  @Test
  void lucenesGraphFindsThemWithAllRowsAsCandidates() {
    try (HnswLoad load = new HnswLoad(json(job))) {
      load.run(request("build", "hnsw"));
      assertArrayEquals(truth.rows(), rows(load, "hnsw", QUERIES).rows());
    }
    try (HnswLoad again = new HnswLoad(json(job))) {
      assertArrayEquals(truth.rows(), rows(again, "hnsw", 2).rows());
    }
  }

  @Test
  void faissFindsThemWhereItIsInstalled() {
    Peer faiss;
    try {
      faiss = Faiss.open(1, job);
    } catch (Peer.Missing e) {
      assumeTrue(false, e.getMessage());
      return;
    }
    try (faiss) {
      faiss.ask(Map.of("build", "flat", "lists", 0));
      faiss.ask(Map.of("build", "ivf", "lists", 4));
      assertArrayEquals(truth.rows(), new Searcher(faiss, "faiss", "flat").rows(5, 2, K).rows());
      Searcher lists = new Searcher(faiss, "faiss", "ivf", Map.of("probes", 4));
      assertArrayEquals(truth.rows(), lists.rows(QUERIES, QUERIES, K).rows());
      assertTrue(lists.turn(2, K, 0.001).run().seconds() > 0);
    }
  }
}
