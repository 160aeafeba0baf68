package org.realm4j.reference.kernels;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of threads for fork and join: the caller publishes a job, everybody claims its tasks
 * one by one, the caller too, and goes on when all are done. Who runs which task is left to chance;
 * tasks write disjoint results, so nothing depends on it.
 *
 * <p>Waiting spins for some microseconds, since the next job mostly follows at once, then yields
 * for some milliseconds, then parks. Parking early costs far more than the wake-up itself: on a
 * virtual machine a halted processor looks taken to the kernel, which then wakes the member on the
 * caller's own processor, and there it stays for milliseconds.
 */
public final class Workers implements AutoCloseable {
  /** Task {@code index}, run by worker number {@code worker}, the caller being 0. */
  public interface Task {
    void run(int index, int worker);
  }

  private static final long SPIN_NANOS = 30_000;
  private static final long YIELD_NANOS = 20_000_000;

  private final Member[] members;
  private final ReentrantLock taken = new ReentrantLock();
  private volatile @Nullable Job job;
  private volatile boolean closed;

  public Workers(int threads, String name) {
    members = new Member[threads - 1];
    for (int i = 0; i < members.length; i++) {
      members[i] = new Member(name + "-" + (i + 1), i + 1);
    }
    for (Member m : members) {
      m.start();
    }
  }

  /** Threads, with the caller. */
  public int count() {
    return members.length + 1;
  }

  /** Runs tasks 0 to tasks - 1; the first exception among them is thrown here. */
  public void run(int tasks, Task task) {
    if (tasks <= 1 || members.length == 0) {
      for (int i = 0; i < tasks; i++) {
        task.run(i, 0);
      }
      return;
    }
    Job j = new Job(tasks, task, Thread.currentThread());
    job = j;
    for (Member m : members) {
      if (m.parked) {
        LockSupport.unpark(m);
      }
    }
    j.work(0);
    j.await();
    job = null;
    j.rethrow();
  }

  /**
   * For callers on several threads: one at a time has the team, others meanwhile run their tasks
   * alone, as worker 0.
   */
  public void runOrAlone(int tasks, Task task) {
    if (tasks > 1 && members.length > 0 && taken.tryLock()) {
      try {
        run(tasks, task);
      } finally {
        taken.unlock();
      }
    } else {
      for (int i = 0; i < tasks; i++) {
        task.run(i, 0);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Member m : members) {
      LockSupport.unpark(m);
    }
  }

  /** Waits a moment; false when that has gone on for long enough. */
  @SuppressWarnings("ThreadPriorityCheck") // yielding only leaves the processor to others
  private static boolean pause(long start) {
    long waited = System.nanoTime() - start;
    if (waited < SPIN_NANOS) {
      Thread.onSpinWait();
    } else if (waited < YIELD_NANOS) {
      Thread.yield();
    } else {
      return false;
    }
    return true;
  }

  private static final class Job {
    private final int tasks;
    private final Task task;
    private final Thread caller;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger unfinished;
    private volatile @Nullable Throwable failure;

    Job(int tasks, Task task, Thread caller) {
      this.tasks = tasks;
      this.task = task;
      this.caller = caller;
      this.unfinished = new AtomicInteger(tasks);
    }

    void work(int worker) {
      for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
        try {
          if (failure == null) {
            task.run(i, worker);
          }
        } catch (Throwable t) {
          failure = t;
        }
        if (unfinished.decrementAndGet() == 0 && worker != 0) {
          LockSupport.unpark(caller);
        }
      }
    }

    void await() {
      long start = System.nanoTime();
      while (unfinished.get() > 0) {
        if (!pause(start)) {
          LockSupport.park(this);
        }
      }
    }

    void rethrow() {
      switch (failure) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable t -> throw new IllegalStateException(t);
      }
    }
  }

  private final class Member extends Thread {
    private final int number;
    private volatile boolean parked;

    Member(String name, int number) {
      super(name);
      this.number = number;
      setDaemon(true);
    }

    @Override
    public void run() {
      Job last = null;
      while (!closed) {
        Job j = await(last);
        if (j != null) {
          j.work(number);
          last = j;
        }
      }
    }

    /** The job after the last one, or null when closed. */
    private @Nullable Job await(@Nullable Job last) {
      long start = System.nanoTime();
      while (!closed) {
        Job j = job;
        if (j != null && j != last) {
          return j;
        }
        if (pause(start)) {
          continue;
        }
        parked = true;
        j = job;
        if (!closed && (j == null || j == last)) {
          LockSupport.park(Workers.this);
        }
        parked = false;
      }
      return null;
    }
  }
}
