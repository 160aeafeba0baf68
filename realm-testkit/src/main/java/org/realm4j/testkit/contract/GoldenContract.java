package org.realm4j.testkit.contract;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.realm4j.testkit.golden.BundledGoldens;
import org.realm4j.testkit.golden.GoldenFolder;
import org.realm4j.testkit.golden.GoldenResult;
import org.realm4j.testkit.golden.GoldenRunner;
import org.realm4j.testkit.golden.GoldenTable;

/**
 * The library's networks and steps on a backend give what other code computed: the cases that come
 * with this module, and those of the folder that the system property {@code realm.goldens} names.
 */
public interface GoldenContract extends BackendUnderTest {
  @TestFactory
  default Stream<DynamicTest> agreesWithBundledGoldens() {
    BundledGoldens goldens = BundledGoldens.copy();
    return tests(goldens.folder()).onClose(goldens::close);
  }

  @TestFactory
  default Stream<DynamicTest> agreesWithGoldensOfFolder() {
    String dir = System.getProperty("realm.goldens", "");
    if (dir.isBlank()) {
      return Stream.of(
          DynamicTest.dynamicTest(
              "no folder", () -> Assumptions.abort("-Drealm.goldens=DIR was not given")));
    }
    return tests(Path.of(dir));
  }

  private Stream<DynamicTest> tests(Path folder) {
    GoldenRunner runner = new GoldenRunner(backend(), threads());
    return GoldenFolder.cases(folder).values().stream()
        .flatMap(List::stream)
        .map(c -> DynamicTest.dynamicTest(c.toString(), () -> check(runner.run(c))));
  }

  private static void check(GoldenResult result) {
    Assumptions.assumeFalse(result.skipped(), "this version does not know such cases");
    Assertions.assertTrue(
        result.passed(),
        () ->
            result.name()
                + ": "
                + String.join(
                    "; ", result.failures().stream().map(GoldenTable::describe).toList()));
  }
}
