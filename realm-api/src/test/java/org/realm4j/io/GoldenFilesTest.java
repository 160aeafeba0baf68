package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Reads every safetensors and JSON file below the folder {@code -Drealm.goldens}, if it is given.
 */
class GoldenFilesTest {
  @Test
  void everyFileIsRead() throws IOException {
    String folder = System.getProperty("realm.goldens", "");
    Assumptions.assumeFalse(folder.isBlank());
    List<Path> files;
    try (Stream<Path> all = Files.walk(Path.of(folder))) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    int tensors = 0;
    for (Path file : files) {
      if (file.toString().endsWith(".safetensors")) {
        tensors += readAll(file);
      } else if (file.toString().endsWith(".json")) {
        Json.parse(file);
      }
    }
    assertTrue(tensors > 0, "no tensor below " + folder);
  }

  private static int readAll(Path path) {
    try (Safetensors file = Safetensors.open(path)) {
      for (String name : file.names()) {
        long elements = 1;
        for (long dimension : file.shape(name)) {
          elements *= dimension;
        }
        int found =
            file.dtype(name).equals("I64") ? file.longs(name).length : file.floats(name).length;
        assertTrue(found == elements, path + ": " + name);
      }
      return file.names().size();
    }
  }
}
