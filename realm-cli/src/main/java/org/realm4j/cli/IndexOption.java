package org.realm4j.cli;

import java.nio.file.Path;
import org.realm4j.nn.RealmModel;
import org.realm4j.retrieval.PassageIndex;
import picocli.CommandLine.Option;

/** The option {@code --index}. */
final class IndexOption {
  @Option(
      names = "--index",
      paramLabel = "DIR",
      required = true,
      description = "An index that 'realm index build' made.")
  private Path dir;

  Path dir() {
    return dir;
  }

  PassageIndex open(int threads) {
    return PassageIndex.open(dir, threads);
  }

  /**
   * Opens it for a model.
   *
   * @throws org.realm4j.io.RealmException.Incompatible if another model made it
   */
  PassageIndex open(RealmModel model, int threads) {
    PassageIndex index = open(threads);
    try {
      index.checkBelongsTo(StoredVectors.fingerprint(model));
      return index;
    } catch (RuntimeException e) {
      index.close();
      throw e;
    }
  }
}
