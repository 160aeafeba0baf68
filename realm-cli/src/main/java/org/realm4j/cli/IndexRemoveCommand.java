package org.realm4j.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.retrieval.IndexReader;
import org.realm4j.retrieval.PassageIndex;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code realm index remove}. */
@Command(
    name = "remove",
    description = {
      "Removes passages from an index, by their ids; all of them, or none if one is not there.",
      "",
      "A passage that was split goes with all its parts."
    },
    footer = {
      "",
      "JSON keys: index, passages, removed (that still take up room).",
      "",
      "Example: realm index remove --index index 4711 4712"
    })
final class IndexRemoveCommand implements Runnable {
  @Mixin private IndexOption index;

  @Parameters(paramLabel = "ID", arity = "1..*", description = "The passages.")
  private List<String> ids;

  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    try (PassageIndex changed = index.open(1)) {
      changed.remove(ids);
      try (IndexReader reader = changed.reader()) {
        spec.commandLine().getOut().printf("%s: %,d passages left%n", index.dir(), reader.size());
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("index", index.dir().toString());
        figures.put("passages", reader.size());
        figures.put("removed", reader.removed());
        json.write(figures);
      }
    }
  }
}
