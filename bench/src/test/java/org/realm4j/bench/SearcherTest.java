package org.realm4j.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.bench.Searcher.Found;
import org.realm4j.io.Json;
import org.realm4j.io.RealmException;

class SearcherTest {
  private static Found found(String answer, int queries, int k) {
    return Found.of(Json.parseObject(answer, "test"), "peer", queries, k);
  }

  @Test
  void rowsAreReadQueryByQuery() {
    Found found = found("{\"rows\":[3,1,4,1,5,9],\"scores\":[7,6,5,4,3,2],\"seconds\":1}", 2, 3);
    assertArrayEquals(new int[][] {{3, 1, 4}, {1, 5, 9}}, found.rows());
    assertArrayEquals(new int[] {7, 6, 5, 4, 3, 2}, found.scores());
  }

  @Test
  void anAnswerOfAnotherSizeIsRefused() {
    for (String answer :
        List.of(
            "{\"rows\":[3,1,4,1,5]}",
            "{\"rows\":[]}",
            "{\"rows\":[3,1,4,1,5,9],\"scores\":[1,2]}")) {
      RealmException e = assertThrows(RealmException.BadInput.class, () -> found(answer, 2, 3));
      assertTrue(e.getMessage().startsWith("peer: expected 6 rows for 2 queries"), e.getMessage());
    }
  }

  @Test
  void recallIsTheShareOfTrueRowsWhateverTheirOrder() {
    Found truth = found("{\"rows\":[0,1,2,3, 4,5,6,7]}", 2, 4);
    assertEquals(1, truth.recall(truth));
    assertEquals(1, found("{\"rows\":[3,2,1,0, 5,4,7,6]}", 2, 4).recall(truth));
    // 3 of 4, then 1 of 4: those of the other query do not count
    assertEquals(0.5, found("{\"rows\":[0,1,2,4, 0,1,2,7]}", 2, 4).recall(truth));
    // a peer that found fewer says -1
    assertEquals(0.25, found("{\"rows\":[0,-1,-1,-1, 5,-1,-1,-1]}", 2, 4).recall(truth));
  }

  @Test
  void bitsDifferWhereRowsOrScoresDo() {
    Found one = found("{\"rows\":[1,2],\"scores\":[10,9]}", 1, 2);
    assertTrue(one.sameBits(found("{\"rows\":[1,2],\"scores\":[10,9]}", 1, 2)));
    assertFalse(one.sameBits(found("{\"rows\":[2,1],\"scores\":[10,9]}", 1, 2)));
    assertFalse(one.sameBits(found("{\"rows\":[1,2],\"scores\":[10,8]}", 1, 2)));
    assertFalse(one.sameBits(found("{\"rows\":[1,2]}", 1, 2)));
  }

  /** A program that answers as a peer does, and ends if it is asked for something else. */
  @Test
  void aPeerIsAskedAndItsLinesAreRead() {
    String script =
        """
        read job; echo '{"ready":true}'
        read request
        case $request in
          *'"rows":"flat"'*'"k":2'*'"queries":2'*) echo '{"rows":[1,0,2,-1],"seconds":0.5}';;
        esac
        read request
        case $request in
          *'"probes":4'*'"search":"flat"'*) echo '{"call":0.25,"call_cpu":0.125,"seconds":9}';;
        esac
        """;
    try (Peer peer = new Peer("peer", List.of("sh", "-c", script), Map.of("dimension", 3))) {
      Searcher searcher = new Searcher(peer, "peer", "flat", Map.of("probes", 4));
      assertArrayEquals(new int[][] {{1, 0}, {2, -1}}, searcher.rows(2, 1, 2).rows());
      assertEquals(new Sample(0.25, 0.125), searcher.turn(2, 2, 0.01).run());
    }
  }
}
