package org.realm4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Json;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.testkit.golden.BundledGoldens;
import org.realm4j.testkit.golden.GoldenCase;
import org.realm4j.testkit.golden.GoldenFolder;
import org.realm4j.testkit.golden.GoldenResult;
import org.realm4j.testkit.golden.GoldenRunner;
import org.realm4j.testkit.golden.GoldenTable;
import org.realm4j.testkit.oracle.OracleBackend;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code realm parity}: the library beside other code's numbers. */
@Command(
    name = "parity",
    description = {
      "Compare the library, on one backend, with reference cases that other code computed: "
          + "outputs, losses, all gradients, updated parameters.",
      "Prints for each case the tensor that uses up most of its tolerance. Exit status 1 if a "
          + "tensor is beyond its tolerance."
    })
final class ParityCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "GOLDENS_DIR",
      description = "Folder of reference cases; those that come with realm4j if none is given.")
  private @Nullable Path folder;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "auto",
      description = "A backend's name, auto for the best one there is, or oracle (float64, slow).")
  private String backend;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that the backend may use; all processors if not given.")
  private int threads;

  @Option(names = "--json", paramLabel = "FILE", description = "Write every tensor's deviation.")
  private @Nullable Path json;

  @Override
  public Integer call() {
    Backend chosen =
        backend.equals("oracle") ? new OracleBackend() : BackendProvider.backend(backend);
    int n = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    GoldenRunner runner = new GoldenRunner(chosen, n);
    List<GoldenResult> results = folder == null ? runBundled(runner) : run(runner, folder);
    if (json != null) {
      Map<String, Object> report = new LinkedHashMap<>();
      report.put("backend", chosen.name());
      report.put("device", chosen.describe());
      report.put("cases", GoldenTable.json(results));
      Json.write(json, report);
    }
    spec.commandLine().getOut().print(GoldenTable.text(results));
    long failed = results.stream().filter(r -> !r.passed()).count();
    long skipped = results.stream().filter(GoldenResult::skipped).count();
    spec.commandLine()
        .getOut()
        .printf(
            "%s: %d passed, %d failed, %d skipped%n",
            chosen.name(), results.size() - failed - skipped, failed, skipped);
    return failed == 0 ? 0 : 1;
  }

  private List<GoldenResult> runBundled(GoldenRunner runner) {
    try (BundledGoldens goldens = BundledGoldens.copy()) {
      return run(runner, goldens.folder());
    }
  }

  private List<GoldenResult> run(GoldenRunner runner, Path goldens) {
    List<GoldenCase> cases =
        GoldenFolder.cases(goldens).values().stream().flatMap(List::stream).toList();
    List<GoldenResult> results = new ArrayList<>();
    try (ProgressBar progress =
        ProgressBar.on(spec.commandLine().getErr(), "cases", cases.size())) {
      for (GoldenCase golden : cases) {
        results.add(runner.run(golden));
        progress.advance(1);
      }
    }
    return results;
  }
}
