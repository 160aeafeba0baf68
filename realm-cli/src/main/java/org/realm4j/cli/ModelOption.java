package org.realm4j.cli;

import java.nio.file.Path;
import org.realm4j.nn.RealmModel;
import org.realm4j.text.WordPiece;
import picocli.CommandLine.Option;

/** The option {@code --model}. */
final class ModelOption {
  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "The folder of a model.")
  private Path dir;

  Path dir() {
    return ModelFolder.existing(dir);
  }

  WordPiece tokenizer() {
    return ModelFolder.tokenizer(dir());
  }

  RealmModel realm() {
    return ModelFolder.realm(dir());
  }
}
