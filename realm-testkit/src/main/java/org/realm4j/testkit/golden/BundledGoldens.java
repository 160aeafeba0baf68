package org.realm4j.testkit.golden;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The cases that come with this module, in a temporary folder that is deleted on close. */
public final class BundledGoldens implements AutoCloseable {
  private static final String LIST = "files.txt";

  private final Path folder;

  private BundledGoldens(Path folder) {
    this.folder = folder;
  }

  /** Copies them out of the module. */
  public static BundledGoldens copy() {
    try {
      BundledGoldens goldens = new BundledGoldens(Files.createTempDirectory("realm-goldens"));
      for (String file : files()) {
        Path target = goldens.folder.resolve(file);
        Files.createDirectories(goldens.folder.resolve(file.substring(0, file.indexOf('/'))));
        try (InputStream in = resource(file)) {
          Files.copy(in, target);
        }
      }
      return goldens;
    } catch (IOException e) {
      throw new UncheckedIOException("the bundled reference cases cannot be copied", e);
    }
  }

  private static List<String> files() throws IOException {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(resource(LIST), StandardCharsets.UTF_8))) {
      return lines.lines().filter(line -> !line.isBlank()).toList();
    }
  }

  private static InputStream resource(String name) {
    InputStream in = BundledGoldens.class.getResourceAsStream(name);
    if (in == null) {
      throw new IllegalStateException("the resource " + name + " is missing");
    }
    return in;
  }

  /** For {@link GoldenFolder#cases}. */
  public Path folder() {
    return folder;
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(folder + " cannot be deleted", e);
    }
  }
}
