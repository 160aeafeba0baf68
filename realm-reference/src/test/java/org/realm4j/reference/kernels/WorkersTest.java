package org.realm4j.reference.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkersTest {
  private static List<Thread> threads(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith(name))
        .toList();
  }

  @Test
  void everyTaskRunsOnce() {
    try (Workers workers = new Workers(4, "once")) {
      for (int round = 0; round < 3000; round++) {
        AtomicIntegerArray ran = new AtomicIntegerArray(round % 37);
        workers.run(ran.length(), (i, _) -> ran.incrementAndGet(i));
        for (int i = 0; i < ran.length(); i++) {
          assertEquals(1, ran.get(i));
        }
      }
    }
  }

  @Test
  void exceptionsReachTheCallerAndTheTeamGoesOn() {
    try (Workers workers = new Workers(3, "failing")) {
      for (int bad = 0; bad < 20; bad++) {
        int which = bad;
        Workers.Task task =
            (i, _) -> {
              if (i == which) {
                throw new IllegalArgumentException("task " + i);
              }
            };
        assertEquals(
            "task " + bad,
            assertThrows(IllegalArgumentException.class, () -> workers.run(20, task)).getMessage());
      }
      workers.run(20, (_, _) -> {});
    }
  }

  @Test
  void idleTeamUsesNoTimeAndEndsWithClose() throws InterruptedException {
    Workers workers = new Workers(3, "idle-team");
    workers.run(10, (_, _) -> {});
    Thread.sleep(100);
    List<Thread> threads = threads("idle-team");
    assertEquals(2, threads.size());
    var cpu = ManagementFactory.getThreadMXBean();
    long[] before = threads.stream().mapToLong(t -> cpu.getThreadCpuTime(t.threadId())).toArray();
    Thread.sleep(500);
    for (int i = 0; i < threads.size(); i++) {
      assertTrue(threads.get(i).isDaemon());
      long used = cpu.getThreadCpuTime(threads.get(i).threadId()) - before[i];
      assertTrue(used < 20_000_000, "idle thread used " + used + " ns in 500 ms");
    }
    workers.close();
    for (Thread t : threads) {
      t.join(5_000);
      assertFalse(t.isAlive());
    }
  }
}
