package org.realm4j.testkit.golden;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.realm4j.io.RealmException;

/** A folder of reference cases, one folder in it for each kind. */
public final class GoldenFolder implements AutoCloseable {
  private static final String INPUTS = ".inputs.safetensors";
  private static final String LIST = "files.txt";

  private final Path dir;
  private final boolean temporary;
  private final List<String> names;

  private GoldenFolder(Path dir, boolean temporary) throws IOException {
    this.dir = dir;
    this.temporary = temporary;
    this.names = list(dir);
  }

  /**
   * Finds the cases of a folder.
   *
   * @throws RealmException.BadInput if it has none
   */
  public static GoldenFolder open(Path dir) {
    try {
      if (!Files.isDirectory(dir)) {
        throw new RealmException.BadInput(dir + ": expected a folder of reference cases");
      }
      GoldenFolder folder = new GoldenFolder(dir, false);
      if (folder.names.isEmpty()) {
        throw new RealmException.BadInput(
            dir + ": expected reference cases, KIND/NAME" + INPUTS + ", found none");
      }
      return folder;
    } catch (IOException e) {
      throw new RealmException.BadInput(dir + ": cannot be read: " + e, e);
    }
  }

  /** The cases that come with this module, in a temporary folder that is deleted on close. */
  public static GoldenFolder bundled() {
    try {
      Path dir = Files.createTempDirectory("realm-goldens");
      for (String file : bundledFiles()) {
        Path target = dir.resolve(file);
        Files.createDirectories(dir.resolve(file.substring(0, file.indexOf('/'))));
        try (InputStream in = resource(file)) {
          Files.copy(in, target);
        }
      }
      return new GoldenFolder(dir, true);
    } catch (IOException e) {
      throw new UncheckedIOException("the bundled reference cases cannot be copied", e);
    }
  }

  private static List<String> bundledFiles() throws IOException {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(resource(LIST), StandardCharsets.UTF_8))) {
      return lines.lines().filter(line -> !line.isBlank()).toList();
    }
  }

  private static InputStream resource(String name) {
    InputStream in = GoldenFolder.class.getResourceAsStream(name);
    if (in == null) {
      throw new IllegalStateException("the resource " + name + " is missing");
    }
    return in;
  }

  private static List<String> list(Path dir) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(dir, 2)) {
      for (Path file : files.sorted().toList()) {
        Path inside = dir.relativize(file);
        String name = inside.toString().replace('\\', '/');
        if (inside.getNameCount() == 2 && name.endsWith(INPUTS)) {
          found.add(name.substring(0, name.length() - INPUTS.length()));
        }
      }
    }
    return List.copyOf(found);
  }

  /** All cases as {@code KIND/NAME}, sorted. */
  public List<String> names() {
    return names;
  }

  /** Opens a case by its name among {@link #names()}. */
  public GoldenCase read(String name) {
    int slash = name.indexOf('/');
    return GoldenCase.open(dir.resolve(name.substring(0, slash)), name.substring(slash + 1));
  }

  @Override
  public void close() {
    if (!temporary) {
      return;
    }
    try (Stream<Path> files = Files.walk(dir)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(dir + " cannot be deleted", e);
    }
  }
}
