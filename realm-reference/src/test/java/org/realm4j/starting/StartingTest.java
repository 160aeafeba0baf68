package org.realm4j.starting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The ways of starting an application: with modules, with a flag, and without the Vector API. */
class StartingTest {
  private static final List<String> ENTRIES =
      Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator));

  private static String start(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(arguments));
    command.add("org.realm4j.starting.Describe");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  private static String joined(boolean tests) {
    return ENTRIES.stream()
        .filter(e -> tests == e.endsWith("test-classes"))
        .filter(
            e -> tests || e.matches(".*(realm-api|realm-reference|agrona|ejml|fastutil|jackson).*"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String result(String output) {
    return output
        .lines()
        .filter(l -> l.startsWith("reference: "))
        .findFirst()
        .orElseThrow(() -> new AssertionError(output));
  }

  @Test
  void withTheFlagWithModulesAndWithoutVectors() throws Exception {
    String all = joined(true) + File.pathSeparator + joined(false);
    String flag = result(start("--add-modules", "jdk.incubator.vector", "-cp", all));
    String modules =
        result(
            start(
                "-p",
                joined(false),
                "--add-modules",
                "org.realm4j.reference",
                "-cp",
                joined(true)));
    assertEquals(flag, modules);

    String without = start("-cp", all);
    String scalar = result(without);
    assertTrue(scalar.startsWith("reference: scalar; "), scalar);
    assertEquals(flag.substring(flag.indexOf(';')), scalar.substring(scalar.indexOf(';')));
    assertTrue(without.contains("--add-modules jdk.incubator.vector"), without);
    assertEquals(1, without.split("running without SIMD", -1).length - 1, without);
  }
}
