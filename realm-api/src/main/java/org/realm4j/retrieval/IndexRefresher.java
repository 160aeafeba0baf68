package org.realm4j.retrieval;

import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.RealmModel;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Session;

/**
 * Re-embeds the corpus with a snapshot of the document tower while training goes on (section 3.3).
 * It runs between the steps, on the trainer's thread, or on a thread of its own; the vectors are
 * the same bits either way. Which step may see them is the trainer's business.
 */
public final class IndexRefresher implements AutoCloseable {
  /** Where the work is done. */
  public enum Mode {
    /** A share after each step, on all threads: for machines with few cores. */
    BETWEEN_STEPS,
    /** On one thread beside the trainer. */
    BACKGROUND
  }

  /**
   * How much of the machine the background may have.
   *
   * @param threads that embed
   * @param share of the time that they work, above 0 and at most 1; all of it while the trainer
   *     waits for them
   */
  public record Load(int threads, double share) {
    /** One thread, all the time. */
    public static final Load ONE_THREAD = new Load(1, 1);

    /** Checks the ranges. */
    public Load {
      if (threads < 1 || !(share > 0 && share <= 1)) {
        throw new RealmException.BadInput(
            "refresh: expected at least 1 thread and a share above 0 and at most 1, found "
                + threads
                + " and "
                + share);
      }
    }
  }

  /**
   * What a checkpoint keeps of a refresh in progress.
   *
   * @param step whose parameters are in the snapshot
   * @param tower the snapshot itself
   * @param next the first passage that is not embedded
   * @param vectors {@code [passages, projection]}; rows before {@code next} are done
   */
  public record State(long step, Embedder tower, int next, float[] vectors) {}

  private final RealmModel model;
  private final PassageEmbedder embedder;
  private final PassageStore store;
  private final Mode mode;
  private final Session session;
  private final boolean ownsSession;
  private final Load load;
  private volatile boolean awaited; // then the background does not rest
  // Guarded by this while a background thread runs.
  private @Nullable State state;
  private @Nullable Throwable failure;
  private @Nullable AgentRunner runner;

  /**
   * @param trainerSession used between the steps
   * @param backend opens a session of its own for the background
   * @param load of the background
   */
  public IndexRefresher(
      RealmModel model,
      PassageStore store,
      Mode mode,
      Session trainerSession,
      Backend backend,
      Load load) {
    this.model = model;
    this.store = store;
    this.mode = mode;
    embedder = new PassageEmbedder(model, store);
    ownsSession = mode == Mode.BACKGROUND;
    this.load = load;
    session = ownsSession ? backend.open(load.threads()) : trainerSession;
  }

  /** Whether a refresh is under way, finished or not. */
  public synchronized boolean running() {
    return state != null;
  }

  /** Takes the snapshot and begins. */
  public void start(long step) {
    int size = Math.multiplyExact(store.size(), model.config().embedder().projection());
    resume(new State(step, RealmModel.copy(model.documents()), 0, new float[size]));
  }

  /** Goes on where a checkpoint was written. */
  public synchronized void resume(State from) {
    if (state != null) {
      throw new IllegalStateException("a refresh from step " + state.step() + " is under way");
    }
    state = from;
    failure = null;
    if (mode == Mode.BACKGROUND && runner == null) {
      runner =
          new AgentRunner(
              new SleepingMillisIdleStrategy(1), this::fail, null, new EmbeddingAgent());
      AgentRunner.startOnThread(runner, IndexRefresher::daemon);
    }
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "realm-refresh");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * The share of the work that falls to one step; nothing in the background mode.
   *
   * @param stepsLeft until the new generation becomes visible, at least 1
   */
  public void work(long stepsLeft) {
    State s = state;
    if (mode == Mode.BETWEEN_STEPS && s != null) {
      int left = store.size() - s.next();
      int until = s.next() + (int) Math.ceilDiv((long) left, Math.max(1, stepsLeft));
      while (s.next() < until) {
        s = advance(s, until);
      }
      state = s;
    }
  }

  private State advance(State s, int until) {
    int next = embedder.embedBatch(session, s.tower(), s.next(), until, s.vectors());
    return new State(s.step(), s.tower(), next, s.vectors());
  }

  /** The step whose parameters are in the snapshot, -1 if no refresh is under way. */
  public synchronized long step() {
    return state == null ? -1 : state.step();
  }

  /** Passages embedded so far. */
  public synchronized int embedded() {
    return state == null ? 0 : state.next();
  }

  /**
   * The new vectors, waiting for them if need be, and the end of this refresh.
   *
   * @throws RealmException if the background thread failed
   */
  public State finish() {
    if (mode == Mode.BETWEEN_STEPS) {
      work(1);
    }
    synchronized (this) {
      State s = state;
      if (s == null) {
        throw new IllegalStateException("no refresh is under way");
      }
      awaited = true;
      try {
        while (s.next() < store.size() && failure == null) {
          wait();
          s = java.util.Objects.requireNonNull(state);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new RealmException("interrupted while waiting for the refresh", e);
      } finally {
        awaited = false;
      }
      if (failure != null) {
        throw new RealmException("refresh from step " + s.step() + " failed: " + failure, failure);
      }
      state = null;
      return s;
    }
  }

  /**
   * What a checkpoint must keep, or null if no refresh is under way. A copy: the background goes
   * on.
   */
  public synchronized @Nullable State checkpoint() {
    State s = state;
    return s == null ? null : new State(s.step(), s.tower(), s.next(), s.vectors().clone());
  }

  private synchronized void fail(Throwable t) {
    failure = t;
    notifyAll();
  }

  @Override
  public void close() {
    if (runner != null) {
      runner.close();
    }
    if (ownsSession) {
      session.close();
    }
  }

  /** One batch of passages a turn, and a rest after it that keeps to the share. */
  private final class EmbeddingAgent implements Agent {
    private long worked;
    private long rested;

    @Override
    public int doWork() {
      long begun = System.nanoTime();
      boolean rests = begun - rested < worked * (1 / load.share() - 1);
      if (rests && !awaited) {
        return 0;
      }
      int done = embed();
      rested = System.nanoTime();
      worked = rested - begun;
      return done;
    }

    private int embed() {
      State s;
      synchronized (IndexRefresher.this) {
        s = state;
        if (s == null || s.next() >= store.size() || failure != null) {
          return 0;
        }
      }
      State advanced = advance(s, store.size());
      synchronized (IndexRefresher.this) {
        state = advanced;
        IndexRefresher.this.notifyAll();
      }
      return 1;
    }

    @Override
    public String roleName() {
      return "realm-refresh";
    }
  }
}
