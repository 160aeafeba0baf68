package org.realm4j.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * How far a long task is and how much time is left, for people: on a terminal one line that is
 * rewritten, elsewhere (a log file) a new line every ten seconds or ten percent, whichever is later
 * to come. Any thread may advance it.
 */
final class ProgressBar implements AutoCloseable {
  private static final int WIDTH = 24;
  private static final long REDRAW_NANOS = Duration.ofMillis(100).toNanos();
  private static final long LOG_NANOS = Duration.ofSeconds(10).toNanos();

  private final PrintWriter err;
  private final boolean terminal;
  private final String task;
  private final long total;
  private final LongSupplier clock;
  private final long start;

  private long done;
  private long drawnAt;
  private long drawnDone;
  private int drawnWidth;
  private boolean closed;

  /** A bar on {@code err}, which is the command's {@code getErr()}. */
  static ProgressBar on(PrintWriter err, String task, long total) {
    return new ProgressBar(err, Terminal.stderr(), task, total, System::nanoTime);
  }

  ProgressBar(PrintWriter err, boolean terminal, String task, long total, LongSupplier clock) {
    this.err = err;
    this.terminal = terminal;
    this.task = task;
    this.total = total;
    this.clock = clock;
    this.start = clock.getAsLong();
    this.drawnAt = start;
    if (terminal) {
      draw(start);
    }
  }

  synchronized void advance(long amount) {
    moveTo(done + amount);
  }

  synchronized void moveTo(long newDone) {
    done = newDone;
    long now = clock.getAsLong();
    if (!closed && worthDrawing(now)) {
      draw(now);
    }
  }

  private boolean worthDrawing(long now) {
    if (terminal) {
      return now - drawnAt >= REDRAW_NANOS;
    }
    // The later of the two: ten seconds and ten percent since the last line.
    return now - drawnAt >= LOG_NANOS && done - drawnDone >= total / 10;
  }

  /** Prints a line of its own; on a terminal the bar goes on below it. */
  synchronized void say(String what) {
    if (terminal) {
      err.println("\r" + what + " ".repeat(Math.max(0, drawnWidth - what.length())));
      draw(clock.getAsLong());
    } else {
      err.println(what);
      err.flush();
    }
  }

  /** Draws the last state, so that a log tells whether the task came to its end. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (terminal || done != drawnDone || total <= 0) {
      draw(clock.getAsLong());
    }
    if (terminal) {
      err.println();
      err.flush();
    }
  }

  private void draw(long now) {
    String line = line(now);
    if (terminal) {
      // Blanks wipe what a longer line left behind.
      err.print("\r" + line + " ".repeat(Math.max(0, drawnWidth - line.length())));
      drawnWidth = line.length();
    } else {
      err.println(line);
    }
    err.flush();
    drawnAt = now;
    drawnDone = done;
  }

  private String line(long now) {
    double part = total <= 0 ? 1 : Math.clamp((double) done / total, 0.0, 1.0);
    int filled = (int) (part * WIDTH);
    return String.format(
        Locale.ROOT,
        "%s [%s%s] %3.0f %%  %,d/%,d  %s",
        task,
        "#".repeat(filled),
        ".".repeat(WIDTH - filled),
        Math.floor(part * 100),
        done,
        total,
        time(now));
  }

  private String time(long now) {
    long elapsed = now - start;
    if (done >= total) {
      return clockFace(elapsed);
    }
    return done <= 0 ? "" : clockFace((long) ((double) elapsed / done * (total - done))) + " left";
  }

  /** 7 -> 0:07, 3,725 -> 1:02:05. */
  static String clockFace(long nanos) {
    var time = Duration.ofNanos(nanos);
    return time.toHours() == 0
        ? String.format(Locale.ROOT, "%d:%02d", time.toMinutes(), time.toSecondsPart())
        : String.format(
            Locale.ROOT,
            "%d:%02d:%02d",
            time.toHours(),
            time.toMinutesPart(),
            time.toSecondsPart());
  }
}
