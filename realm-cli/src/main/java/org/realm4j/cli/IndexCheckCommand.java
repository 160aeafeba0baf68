package org.realm4j.cli;

import org.realm4j.retrieval.IndexReader;
import org.realm4j.retrieval.PassageIndex;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code realm index check}. */
@Command(
    name = "check",
    description = "Reads every file of an index, compares all checksums and opens it.",
    footer = {"", "Example: realm index check --index index"})
final class IndexCheckCommand implements Runnable {
  @Mixin private IndexOption index;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    PassageIndex.check(index.dir());
    try (PassageIndex checked = index.open(1);
        IndexReader reader = checked.reader()) {
      spec.commandLine()
          .getOut()
          .printf("%s: %,d passages, all checksums agree%n", index.dir(), reader.size());
    }
  }
}
