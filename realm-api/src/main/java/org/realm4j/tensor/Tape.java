package org.realm4j.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * One computation: the forward operations that a {@link Session} recorded, and the memory that
 * their results live in. Backward steps are replayed in reverse; closing the tape gives its tensors
 * back to the session. Single-threaded, like the session.
 *
 * <pre>{@code
 * try (Tape tape = session.record()) {
 *   Tensor loss = model.loss(session, batch);
 *   session.backward(loss);
 * }
 * }</pre>
 */
public final class Tape implements AutoCloseable {
  private final boolean recording;
  private final Runnable onClose;
  private final List<Runnable> backward = new ArrayList<>();
  private final List<Runnable> releases = new ArrayList<>();
  private boolean closed;

  /**
   * For sessions.
   *
   * @param recording whether backward steps are kept; without, the tape is a memory scope only
   * @param onClose run once when the tape is closed, before its tensors are released
   */
  public Tape(boolean recording, Runnable onClose) {
    this.recording = recording;
    this.onClose = onClose;
  }

  public boolean recording() {
    return recording;
  }

  /** For sessions: the backward step of an operation, which adds into its inputs' gradients. */
  public void record(Runnable step) {
    if (recording) {
      backward.add(step);
    }
  }

  /** For sessions: gives one tensor's memory back when the tape is closed. */
  public void onRelease(Runnable release) {
    releases.add(release);
  }

  /**
   * For sessions: runs the backward steps in reverse, each once, also when one of them fails: a
   * tape is never replayed onto gradients that are half added.
   */
  public void replay() {
    try {
      for (int i = backward.size() - 1; i >= 0; i--) {
        backward.get(i).run();
      }
    } finally {
      backward.clear();
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      onClose.run();
      releases.forEach(Runnable::run);
      releases.clear();
      backward.clear();
    }
  }
}
