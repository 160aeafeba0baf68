package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code realm check}. */
@Command(
    name = "check",
    description = {
      "Reads files and folders completely and tells what is wrong with them.",
      "",
      "Knows models (BERT and REALM), corpora, indexes, checkpoints and the output of pretrain"
          + " and finetune, and files *.safetensors and *.npy. Compares checksums, sizes, shapes and"
          + " vocabularies, and looks for values that are not finite. Prints a line for each path"
          + " that is sound and a line for each problem; exits with 1 if there is one."
    },
    footer = {
      "",
      "JSON keys: checked, damaged, paths (a list of path, kind, ok, problems).",
      "",
      "Example: realm check minilm wordnet run"
    })
final class CheckCommand implements Callable<Integer> {
  @Parameters(paramLabel = "PATH", arity = "1..*", description = "Files and folders.")
  private List<Path> paths;

  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<Map<String, Object>> found = new ArrayList<>();
    int damaged = 0;
    for (Path path : paths) {
      Inspection inspection = Inspection.of(path);
      boolean ok = inspection.problems().isEmpty();
      damaged += ok ? 0 : 1;
      if (ok) {
        out.println("ok       " + path + ": " + inspection.kind());
      }
      inspection.problems().forEach(problem -> out.println("damaged  " + problem));
      found.add(figures(inspection, ok));
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("checked", paths.size());
    figures.put("damaged", damaged);
    figures.put("paths", found);
    json.write(figures);
    if (damaged > 0) {
      spec.commandLine()
          .getErr()
          .printf("realm: %,d of %,d paths are damaged or unknown%n", damaged, paths.size());
      return ExitCode.SOFTWARE;
    }
    return ExitCode.OK;
  }

  private static Map<String, Object> figures(Inspection inspection, boolean ok) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("path", inspection.path().toString());
    figures.put("kind", inspection.kind());
    figures.put("ok", ok);
    figures.put("problems", inspection.problems());
    return figures;
  }
}
