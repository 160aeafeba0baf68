package org.realm4j.tensor;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;

/**
 * A trained matrix: a name, a float32 master on the host and a version number that grows with every
 * change. Backends keep packed or device copies keyed by (parameter, version) and never look at a
 * stale one. One thread at a time may change it; {@link #copy} is how another thread gets a
 * snapshot.
 */
public final class Parameter {
  /** What it is decides whether weight decay applies: by kind, not by name. */
  public enum Kind {
    WEIGHT(true),
    EMBEDDING(true),
    BIAS(false),
    LAYER_NORM(false);

    private final boolean decays;

    Kind(boolean decays) {
      this.decays = decays;
    }

    /** Whether weight decay applies. */
    public boolean decays() {
      return decays;
    }
  }

  private final String name;
  private final Kind kind;
  private final int rows;
  private final int cols;
  private final float[] values;
  private long version;
  private @Nullable Consumer<float[]> download;

  /**
   * @param values row-major, {@code rows * cols} long; kept, not copied
   */
  public Parameter(String name, Kind kind, int rows, int cols, float[] values) {
    if (rows < 1 || cols < 1 || (long) rows * cols != values.length) {
      throw new RealmException.BadInput(
          name + ": expected " + rows + " x " + cols + " values, found " + values.length);
    }
    this.name = name;
    this.kind = kind;
    this.rows = rows;
    this.cols = cols;
    this.values = values;
  }

  public static Parameter zeros(String name, Kind kind, int rows, int cols) {
    return new Parameter(name, kind, rows, cols, new float[Math.multiplyExact(rows, cols)]);
  }

  public static Parameter filled(String name, Kind kind, int rows, int cols, float value) {
    Parameter p = zeros(name, kind, rows, cols);
    Arrays.fill(p.values, value);
    return p;
  }

  public String name() {
    return name;
  }

  public Kind kind() {
    return kind;
  }

  public int rows() {
    return rows;
  }

  public int cols() {
    return cols;
  }

  public int size() {
    return values.length;
  }

  /** Grows with every change of the values. */
  public long version() {
    return version;
  }

  /**
   * The master itself, row-major, fetched from the device first where a backend has a newer one: by
   * the thread that uses the session which has it. Whoever writes into it calls {@link #changed()}
   * afterwards.
   */
  public float[] values() {
    if (download != null) {
      download.accept(values);
      download = null;
    }
    return values;
  }

  /** To be called after {@link #values()} was written to. */
  public void changed() {
    version++;
  }

  /**
   * For a backend that changed its own copy: the host's is fetched through {@code download} when
   * somebody asks for it.
   */
  public void changedOnDevice(Consumer<float[]> download) {
    version++;
    this.download = download;
  }

  public void set(float[] newValues) {
    if (newValues.length != values.length) {
      throw new RealmException.BadInput(
          name + ": expected " + values.length + " values, found " + newValues.length);
    }
    download = null;
    System.arraycopy(newValues, 0, values, 0, values.length);
    version++;
  }

  /** A snapshot under the same name that later changes do not reach. */
  public Parameter copy() {
    return new Parameter(name, kind, rows, cols, values().clone());
  }

  @Override
  public String toString() {
    return name + " [" + rows + ", " + cols + "]";
  }
}
