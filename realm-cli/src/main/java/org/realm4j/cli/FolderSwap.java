package org.realm4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.realm4j.io.DiskFault;

/** Replaces a plain folder only when the new one is complete. */
final class FolderSwap {
  private FolderSwap() {}

  /**
   * Writes beside the folder and renames.
   *
   * @param writer fills the folder that it is given
   */
  static void write(Path target, Consumer<Path> writer) {
    Path fresh = target.resolveSibling(target.getFileName() + ".new");
    Path old = target.resolveSibling(target.getFileName() + ".old");
    try {
      delete(fresh);
      writer.accept(fresh);
      delete(old);
      if (Files.exists(target)) {
        Files.move(target, old);
      }
      Files.move(fresh, target);
      delete(old);
    } catch (IOException e) {
      throw DiskFault.writing(target, 0, e);
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(path);
      }
    }
  }
}
