package org.realm4j.train;

import org.realm4j.io.RealmException;
import org.realm4j.tensor.CheckedSession;
import org.realm4j.tensor.Session;

/**
 * One step of training: forward and backward of its examples, in parts whose gradients add up, then
 * the update. When it fails, nothing is updated, and it is run again to find out what would help:
 * which batch fits into memory, or which operation gave the first value that is not finite.
 */
public final class AccumulatedStep {
  /** Forward and backward of some of the step's examples, in one part. */
  @FunctionalInterface
  public interface Part {
    void run(Session session, int from, int to);
  }

  private final long step;
  private final String examples;
  private final int batch;
  private final int accumulate;
  private final Part part;

  /**
   * @param examples what a batch is made of, such as "queries"
   * @param batch how many
   * @param accumulate in how many parts
   */
  public AccumulatedStep(long step, String examples, int batch, int accumulate, Part part) {
    this.step = step;
    this.examples = examples;
    this.batch = batch;
    this.accumulate = accumulate;
    this.part = part;
  }

  /**
   * Runs all parts.
   *
   * @throws RealmException.OutOfMemory with the number of examples that fit
   * @throws RealmException if a value is not finite, with the operation that gave it
   */
  public void backward(Session session, Optimizer optimizer) {
    try {
      run(session, accumulate);
    } catch (RealmException.OutOfMemory e) {
      session.clearGradients();
      throw new RealmException.OutOfMemory(failed(tooLarge(e, session, optimizer)), e);
    } catch (RealmException e) {
      session.clearGradients();
      throw new RealmException(failed(e.getMessage() + firstIn(session, optimizer)), e);
    }
  }

  /** The update by what {@link #backward} added up; the same errors, and the global norm. */
  public double update(Session session, Optimizer optimizer, float rate) {
    try {
      return optimizer.step(session, rate);
    } catch (RealmException e) {
      throw new RealmException(e.getMessage() + firstIn(session, optimizer), e);
    }
  }

  private void run(Session session, int parts) {
    for (int i = 0; i < parts; i++) {
      part.run(session, i * batch / parts, (i + 1) * batch / parts);
    }
  }

  private String failed(String reason) {
    return "step " + step + ": " + reason + "; nothing was updated";
  }

  private String tooLarge(RealmException e, Session session, Optimizer optimizer) {
    String first = size(accumulate) + " " + examples + " at a time do not fit into memory (";
    int parts = accumulate;
    do {
      if (parts == batch) {
        return first + e.getMessage() + "); not even one does";
      }
      parts = Math.min(2 * parts, batch);
    } while (!fits(session, optimizer, parts));
    return first
        + e.getMessage()
        + "); "
        + size(parts)
        + " do: take a batch of "
        + size(parts)
        + ", or accumulate "
        + parts
        + " parts for the same result";
  }

  /** The largest of so many parts. */
  private int size(int parts) {
    return (batch + parts - 1) / parts;
  }

  /** Beside the optimiser's state, which the first step has not brought to a device yet. */
  private boolean fits(Session session, Optimizer optimizer, int parts) {
    try {
      session.reserve(optimizer.parameters());
      session.reserve(optimizer.firstMoments());
      session.reserve(optimizer.secondMoments());
      run(session, parts);
      return true;
    } catch (RealmException.OutOfMemory e) {
      return false;
    } finally {
      session.clearGradients();
    }
  }

  private String firstIn(Session session, Optimizer optimizer) {
    CheckedSession checked = new CheckedSession(session);
    try {
      run(checked, accumulate);
      checked.checkGradients(optimizer.parameters());
      return "";
    } catch (CheckedSession.NotFinite e) {
      return "; first in " + e.getMessage();
    } catch (RealmException e) {
      return ""; // it says no more than the first time
    } finally {
      session.clearGradients();
    }
  }
}
