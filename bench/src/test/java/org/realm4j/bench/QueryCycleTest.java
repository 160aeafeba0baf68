package org.realm4j.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.realm4j.io.JsonObject;
import org.realm4j.retrieval.MipsIndex.Hits;

class QueryCycleTest {
  /** Five queries of two values. */
  private static final QueryCycle QUERIES =
      new QueryCycle(new float[] {0, 0, 1, 10, 2, 20, 3, 30, 4, 40}, 5, 2);

  private final List<float[]> asked = new ArrayList<>();

  private Hits[] search(float[] values, int count) {
    asked.add(values);
    Hits[] hits = new Hits[count];
    Arrays.setAll(hits, q -> new Hits(new int[] {(int) values[2 * q]}, new float[] {-1.5f}));
    return hits;
  }

  @Test
  void repeatedSearchesTakeWholeBatchesAndBeginAgain() {
    Map<String, Object> request = Map.of("count", 2L, "for_seconds", 0.0);
    Map<String, Object> answer = QUERIES.repeat(new JsonObject(request, "test"), this::search);
    assertTrue((Double) answer.get("call") > 0);
    assertTrue(asked.size() > 3, "asked " + asked.size() + " times");
    assertArrayEquals(new float[] {0, 0, 1, 10}, asked.get(0));
    assertArrayEquals(new float[] {2, 20, 3, 30}, asked.get(1));
    assertArrayEquals(new float[] {0, 0, 1, 10}, asked.get(2));
  }

  @Test
  void rowsComeFromAllBatchesTheLastOneSmaller() {
    Map<String, Object> request = Map.of("queries", 5L, "batch", 2L);
    Map<String, Object> answer = QUERIES.rows(new JsonObject(request, "test"), this::search);
    assertEquals(3, asked.size());
    assertArrayEquals(new float[] {4, 40}, asked.getLast());
    assertArrayEquals(new int[] {0, 1, 2, 3, 4}, (int[]) answer.get("rows"));
    int bits = Float.floatToRawIntBits(-1.5f);
    assertArrayEquals(new int[] {bits, bits, bits, bits, bits}, (int[]) answer.get("scores"));
  }
}
