package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
  private final StringWriter err = new StringWriter();
  private long now;

  @Test
  void aTerminalShowsOneLineThatIsRewritten() {
    try (var bar = bar(true, 1_000)) {
      passSeconds(30);
      bar.advance(250);
      assertTrue(
          err.toString()
              .endsWith("\rembedding [######..................]  25 %  250/1,000  1:30 left"),
          err::toString);
      passSeconds(90);
      bar.advance(750);
    }
    assertTrue(err.toString().stripTrailing().endsWith("1,000/1,000  2:00"), err::toString);
  }

  @Test
  void aLogGetsALineEveryTenPercentAndTenSeconds() {
    try (var bar = bar(false, 1_000)) {
      for (int i = 0; i < 1_000; i++) {
        passSeconds(1);
        bar.advance(1);
      }
    }
    List<String> lines = err.toString().lines().toList();
    assertEquals(10, lines.size(), err::toString); // 10 % take longer than 10 s here
    assertEquals(
        "embedding [##......................]  10 %  100/1,000  15:00 left", lines.getFirst());
  }

  @Test
  void aFastTaskLogsItsEndOnly() {
    try (var bar = bar(false, 1_000)) {
      for (int i = 0; i < 1_000; i++) {
        bar.advance(1);
      }
    }
    assertEquals(1, err.toString().lines().count(), err::toString);
  }

  @Test
  void anEmptyTaskIsDone() {
    bar(false, 0).close();
    assertTrue(err.toString().contains("100 %  0/0"), err::toString);
  }

  @Test
  void timesReadLikeAClock() {
    assertEquals("0:07", ProgressBar.clockFace(Duration.ofSeconds(7).toNanos()));
    assertEquals("1:02:05", ProgressBar.clockFace(Duration.ofSeconds(3_725).toNanos()));
  }

  private ProgressBar bar(boolean terminal, long total) {
    return new ProgressBar(new PrintWriter(err), terminal, "embedding", total, () -> now);
  }

  private void passSeconds(long seconds) {
    now += Duration.ofSeconds(seconds).toNanos();
  }
}
