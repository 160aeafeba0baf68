package org.realm4j.testkit.golden;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.realm4j.io.RealmException;

/** A folder with one directory for each model and any number of cases in it. */
public final class GoldenFolder {
  private static final String INPUTS = ".inputs.safetensors";

  private GoldenFolder() {}

  /**
   * All cases, by the name of their directory, both in alphabetical order. A case is what has
   * inputs.
   *
   * @throws RealmException.BadInput if there is no such folder or no case in it
   */
  public static SortedMap<String, List<GoldenCase>> cases(Path goldens) {
    SortedMap<String, List<GoldenCase>> cases = new TreeMap<>();
    for (Path directory : children(goldens)) {
      if (!Files.isDirectory(directory)) {
        continue;
      }
      List<GoldenCase> found = new ArrayList<>();
      for (Path file : children(directory)) {
        String name = file.getFileName().toString();
        if (name.endsWith(INPUTS)) {
          String stem = name.substring(0, name.length() - INPUTS.length());
          found.add(GoldenCase.read(directory, stem));
        }
      }
      if (!found.isEmpty()) {
        cases.put(directory.getFileName().toString(), List.copyOf(found));
      }
    }
    if (cases.isEmpty()) {
      throw new RealmException.BadInput(
          goldens + ": no golden case; expected <directory>/<case>" + INPUTS);
    }
    return cases;
  }

  private static List<Path> children(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new RealmException.BadInput(folder + ": cannot be listed", e);
    }
  }
}
