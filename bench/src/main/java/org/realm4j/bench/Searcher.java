package org.realm4j.bench;

import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.bench.Alternately.Side;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;

/**
 * An index in a process, which repeats searches when it is told to.
 *
 * @param name how it is called in the table
 * @param index its name in that process
 * @param settings that each search takes, such as how many lists are probed
 */
record Searcher(Peer process, String name, String index, Map<String, Object> settings) {

  /**
   * What a number of queries found.
   *
   * @param rows {@code [queries][k]}, best first
   * @param scores bits of the scores in the same order, or empty where they are not told
   */
  record Found(int[][] rows, int[] scores) {
    /**
     * @throws RealmException.BadInput if the answer has another number of rows
     */
    static Found of(JsonObject answer, String who, int queries, int k) {
      int[] all = ints(answer, "rows");
      int[] scores = answer.has("scores") ? ints(answer, "scores") : new int[0];
      if (all.length != queries * k || scores.length % all.length != 0) {
        throw new RealmException.BadInput(
            "%s: expected %,d rows for %,d queries, found %,d and %,d scores"
                .formatted(who, queries * k, queries, all.length, scores.length));
      }
      int[][] rows = new int[queries][];
      Arrays.setAll(rows, q -> Arrays.copyOfRange(all, q * k, (q + 1) * k));
      return new Found(rows, scores);
    }

    private static int[] ints(JsonObject answer, String key) {
      return answer.list(key).stream()
          .mapToInt(x -> x instanceof Long n ? Math.toIntExact(n) : Integer.MIN_VALUE)
          .toArray();
    }

    /** The share of the true rows that are among those found. */
    double recall(Found truth) {
      int found = 0;
      int all = 0;
      for (int q = 0; q < truth.rows.length; q++) {
        Set<Integer> those = new HashSet<>();
        Arrays.stream(rows[q]).forEach(those::add);
        found += (int) Arrays.stream(truth.rows[q]).filter(those::contains).count();
        all += truth.rows[q].length;
      }
      return (double) found / all;
    }

    boolean sameBits(Found other) {
      return Arrays.deepEquals(rows, other.rows) && Arrays.equals(scores, other.scores);
    }
  }

  Searcher(Peer process, String name, String index) {
    this(process, name, index, Map.of());
  }

  Found rows(int queries, int batch, int k) {
    Map<String, Object> request = request("rows", k);
    request.put("queries", queries);
    request.put("batch", batch);
    return Found.of(process.ask(request), name, queries, k);
  }

  /** One turn is a search of so many queries at once, repeated for so long. */
  Side turn(int count, int k, double seconds) {
    Map<String, Object> request = request("search", k);
    request.put("count", count);
    request.put("for_seconds", seconds);
    return () -> {
      JsonObject answer = process.ask(request);
      return new Sample(answer.number("call"), answer.number("call_cpu"));
    };
  }

  /** Several by turns, each warm before: {@code [searchers][rounds]}. */
  static List<List<Sample>> byTurns(
      List<Searcher> searchers, int rounds, int count, int k, double warm, double seconds) {
    searchers.forEach(s -> s.turn(count, k, warm).run());
    return Alternately.run(rounds, searchers.stream().map(s -> s.turn(count, k, seconds)).toList());
  }

  private Map<String, Object> request(String what, int k) {
    Map<String, Object> request = new LinkedHashMap<>(settings);
    request.put(what, index);
    request.put("k", k);
    return request;
  }
}
