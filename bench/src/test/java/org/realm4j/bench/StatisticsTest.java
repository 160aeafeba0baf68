package org.realm4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.realm4j.bench.Alternately.Sample;

class StatisticsTest {
  @Test
  void medianAndQuartilesLieBetweenNeighbours() {
    assertEquals(3, Statistics.median(9, 1, 3));
    assertEquals(2.5, Statistics.median(4, 1, 2, 3));
    assertEquals(1.75, Statistics.quantile(0.25, 1, 2, 3, 4));
    assertTrue(Double.isNaN(Statistics.median()));
  }

  @Test
  void geometricMeanOfARatioAndItsInverseIsOne() {
    assertEquals(1, Statistics.geometricMean(4, 0.25), 1e-12);
    assertEquals(2, Statistics.geometricMean(1, 2, 4), 1e-12);
  }

  @Test
  void ratioAboveOneMeansThatThisLibraryIsFaster() {
    List<Sample> ours = List.of(new Sample(1, 2), new Sample(2, 4), new Sample(4, 6));
    List<Sample> peer = List.of(new Sample(3, 3), new Sample(4, 4), new Sample(4, 4));
    Comparison c = Comparison.of(10, ours, peer);
    assertEquals(5, c.ours());
    assertEquals(2.5, c.peer());
    assertEquals(2, c.ratio());
    assertEquals(1.5, c.low()); // of 3, 2, 1
    assertEquals(2.5, c.high());
    assertEquals(12.0 / 7, c.ourCores(), 1e-12);
    assertEquals(1, c.peerCores(), 1e-12);
  }

  @Test
  void sidesRunByTurns() {
    StringBuilder order = new StringBuilder();
    Alternately.Side a = () -> turn(order, 'a');
    Alternately.Side b = () -> turn(order, 'b');
    List<List<Sample>> samples = Alternately.run(3, List.of(a, b));
    assertEquals("ababab", order.toString());
    assertEquals('b', samples.get(1).get(2).seconds());
  }

  /** 20 ms and six calls of 7 ms wake the threads, twelve calls are a turn. */
  @Test
  void turnsAreTimedAfterTheThreadsAreAwake() {
    AtomicLong nanos = new AtomicLong();
    AtomicInteger calls = new AtomicInteger();
    Runnable work =
        () -> {
          // Slow at first, as long as a woken thread has no processor of its own.
          nanos.addAndGet(calls.incrementAndGet() == 1 ? 20_000_000 : 7_000_000);
        };
    Sample sample = Alternately.here(work, 0.08, nanos::get).run();
    assertEquals(0.007, sample.seconds(), 1e-12);
    assertEquals(1 + 6 + 12, calls.get());
  }

  private static Sample turn(StringBuilder order, char side) {
    order.append(side);
    return new Sample(side, side);
  }
}
