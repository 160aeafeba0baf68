package org.realm4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.DiskFault;
import org.realm4j.io.Json;
import org.realm4j.io.Npy;
import org.realm4j.io.RealmException;

/**
 * Where vectors go: JSON lines on stdout or in a file, or a matrix in NumPy's format. A file
 * appears when it is complete.
 */
abstract sealed class VectorOutput implements AutoCloseable {
  /**
   * @param file a name that ends with .npy gives a matrix; stdout if null
   */
  static VectorOutput open(@Nullable Path file, PrintWriter out, int dimension) {
    if (file == null) {
      return new OnStdout(new ResultLines(out), dimension);
    }
    return file.toString().endsWith(".npy")
        ? new AsMatrix(file, dimension)
        : new InFile(file, dimension);
  }

  private final int dimension;

  private VectorOutput(int dimension) {
    this.dimension = dimension;
  }

  /**
   * @param rows {@code [n, dimension]}
   */
  void add(float[] rows) {
    for (int from = 0; from < rows.length; from += dimension) {
      vector(Arrays.copyOfRange(rows, from, from + dimension));
    }
  }

  abstract void vector(float[] values);

  /** Everything was added. */
  abstract void complete();

  /** Leaves nothing behind where {@link #complete} was not reached. */
  @Override
  public void close() {}

  private static String line(float[] vector) {
    return Json.format(Map.of("vector", vector));
  }

  private static final class OnStdout extends VectorOutput {
    private final ResultLines out;

    private OnStdout(ResultLines out, int dimension) {
      super(dimension);
      this.out = out;
    }

    @Override
    void vector(float[] values) {
      out.print(line(values));
    }

    @Override
    void complete() {}
  }

  private static final class InFile extends VectorOutput {
    private final Path file;
    private final Path temporary;
    private final PrintWriter out;

    private InFile(Path file, int dimension) {
      super(dimension);
      this.file = file;
      temporary = file.resolveSibling(file.getFileName() + ".tmp");
      try {
        out = new PrintWriter(Files.newBufferedWriter(temporary, StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw DiskFault.writing(file, 0, e);
      }
    }

    @Override
    void vector(float[] values) {
      out.print(line(values));
      out.print('\n');
      check();
    }

    private void check() {
      if (out.checkError()) {
        throw new RealmException(file + ": could not be written: is the disk full?");
      }
    }

    @Override
    void complete() {
      check();
      out.close();
      try {
        Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException e) {
        throw DiskFault.writing(file, 0, e);
      }
    }

    @Override
    public void close() {
      out.close();
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException e) {
        // The next run to the same name overwrites it.
      }
    }
  }

  private static final class AsMatrix extends VectorOutput {
    private final Path file;
    private final int dimension;
    private final List<float[]> rows = new ArrayList<>();

    private AsMatrix(Path file, int dimension) {
      super(dimension);
      this.file = file;
      this.dimension = dimension;
    }

    @Override
    void vector(float[] values) {
      rows.add(values);
    }

    @Override
    void complete() {
      float[] all = new float[Math.multiplyExact(rows.size(), dimension)];
      for (int i = 0; i < rows.size(); i++) {
        System.arraycopy(rows.get(i), 0, all, i * dimension, dimension);
      }
      Npy.write(file, all, rows.size(), dimension);
    }
  }
}
