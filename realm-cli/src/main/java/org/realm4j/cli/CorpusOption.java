package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;
import picocli.CommandLine.Option;

/** The option {@code --corpus}. */
final class CorpusOption {
  @Option(
      names = "--corpus",
      paramLabel = "DIR",
      required = true,
      description = "A corpus that 'realm corpus build' made.")
  private Path dir;

  /** Opens the corpus for whoever compares it with something else than a model. */
  PassageStore open() {
    return PassageStore.open(dir);
  }

  /**
   * Opens the corpus for a model.
   *
   * @throws RealmException.Incompatible if the model has another number of wordpieces
   */
  PassageStore open(RealmModel model, PrintWriter err) {
    return open(dir, model, err);
  }

  static PassageStore open(Path dir, RealmModel model, PrintWriter err) {
    PassageStore store = PassageStore.open(dir);
    int found = store.vocabularySize();
    if (found != model.vocabulary().size()) {
      store.close();
      throw new RealmException.Incompatible(
          "%s: expected the %,d wordpieces of the model, found %,d: build it with this model"
              .formatted(dir, model.vocabulary().size(), found));
    }
    if (store.limit() > model.config().passageLimit()) {
      err.printf(
          "realm: warning: %s: passages of up to %d wordpieces are cut at the model's limit, %d%n",
          dir, store.limit(), model.config().passageLimit());
    }
    return store;
  }
}
