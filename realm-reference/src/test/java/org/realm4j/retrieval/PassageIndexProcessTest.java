package org.realm4j.retrieval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.tensor.CounterRandom;

@Timeout(180)
class PassageIndexProcessTest {
  @TempDir Path dir;

  /** Whenever a writer is killed, what it had acknowledged is there, and the index is sound. */
  @Test
  void aKilledWriterLosesNothingThatItHadTold() throws Exception {
    Path index = dir.resolve("index");
    TinyIndex.build(index, "int8", List.of(TinyIndex.passage("first", 1))).close();
    int next = 0;
    for (int round = 0; round < 12; round++) {
      Process writer = IndexProcess.start("add", index.toString(), "" + next);
      int acknowledged = next - 1;
      try (BufferedReader told = writer.inputReader(StandardCharsets.UTF_8)) {
        String line = told.readLine();
        while (line != null && line.startsWith("WARNING")) { // of the incubator module
          line = told.readLine();
        }
        assertEquals("added " + next, line);
        acknowledged = next;
        // then somewhere within the changes that follow
        Thread.sleep(CounterRandom.below(60, 2020, round));
        writer.toHandle().destroyForcibly(); // leaves open what it has told
        for (line = told.readLine(); line != null; line = told.readLine()) {
          if (line.startsWith("added ")) {
            acknowledged = Integer.parseInt(line.substring("added ".length()));
          }
        }
      }
      assertTrue(writer.waitFor(30, TimeUnit.SECONDS));
      PassageIndex.check(index);
      try (PassageIndex opened = PassageIndex.open(index, 1);
          IndexReader reader = opened.reader()) {
        for (int n = 0; n <= acknowledged; n++) {
          assertTrue(reader.row("k" + n) >= 0, "k" + n + " is lost in round " + round);
        }
        // one more may have been published before it could be told
        next = reader.row("k" + (acknowledged + 1)) >= 0 ? acknowledged + 2 : acknowledged + 1;
        assertEquals(next + 1, reader.size());
      }
    }
  }

  /** 98 MiB of vectors and as much again of files, in a heap of 48. */
  @ParameterizedTest
  @ValueSource(strings = {"exact", "int8", "ivf"})
  void anIndexMayBeLargerThanTheHeap(String kind) throws Exception {
    Process process = IndexProcess.start("-Xmx48m", "large", dir.toString(), "200000", kind);
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    // without clusters in the vectors, an approximate search may miss the best
    assertTrue(output.contains(kind.equals("ivf") ? "heap at most" : "ok: best"), output);
  }
}
