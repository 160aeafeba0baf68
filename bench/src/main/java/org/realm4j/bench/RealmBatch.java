package org.realm4j.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.realm4j.io.JsonObject;

/**
 * The lengths of what one pre-training step reads, in tokens with special ones.
 *
 * @param queries of each query
 * @param documents of each passage with its title, all but the null document, by query
 * @param joint of query and passage together, by query, the null document first
 * @param masks masked tokens of each query
 */
record RealmBatch(int[] queries, int[] documents, int[] joint, int[] masks) {
  /** The null document included. */
  int candidates() {
    return joint.length / queries.length;
  }

  /** The query's part of each joint input. */
  int[] firstParts() {
    return IntStream.range(0, joint.length).map(i -> queries[i / candidates()]).toArray();
  }

  /** Tokens that go through a network. */
  int tokens() {
    return Arrays.stream(queries).sum()
        + Arrays.stream(documents).sum()
        + Arrays.stream(joint).sum();
  }

  /** The same number of everything, all of one length. */
  static RealmBatch even(
      int queries, int candidates, int query, int document, int joint, int masks) {
    return new RealmBatch(
        filled(queries, query),
        filled(queries * (candidates - 1), document),
        filled(queries * candidates, joint),
        filled(queries, masks));
  }

  private static int[] filled(int n, int value) {
    int[] a = new int[n];
    Arrays.fill(a, value);
    return a;
  }

  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("queries", queries);
    json.put("documents", documents);
    json.put("joint", joint);
    json.put("masks", masks);
    return json;
  }

  static List<RealmBatch> read(JsonObject job) {
    return job.list("batches").stream()
        .map(b -> JsonObject.of(b, "batch"))
        .map(
            b ->
                new RealmBatch(
                    Networks.ints(b, "queries"),
                    Networks.ints(b, "documents"),
                    Networks.ints(b, "joint"),
                    Networks.ints(b, "masks")))
        .toList();
  }
}
