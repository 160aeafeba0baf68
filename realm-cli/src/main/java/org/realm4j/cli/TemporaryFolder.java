package org.realm4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.realm4j.io.DiskFault;

/** A folder that is gone when it is closed. */
record TemporaryFolder(Path path) implements AutoCloseable {
  TemporaryFolder(String prefix) {
    this(create(prefix));
  }

  private static Path create(String prefix) {
    try {
      return Files.createTempDirectory(prefix);
    } catch (IOException e) {
      throw DiskFault.writing(Path.of(System.getProperty("java.io.tmpdir"), prefix), 0, e);
    }
  }

  @Override
  public void close() {
    try {
      Artifacts.deleteTree(path);
    } catch (IOException e) {
      throw DiskFault.writing(path, 0, e);
    }
  }
}
