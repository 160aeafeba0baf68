package org.realm4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.realm4j.io.RealmException;
import org.realm4j.nn.BertFolder;
import org.realm4j.nn.RealmModel;
import org.realm4j.retrieval.RealmFolder;
import org.realm4j.text.WordPiece;

/** Tells the two kinds of model folders apart: a plain BERT's and a REALM's. */
final class ModelFolder {
  private ModelFolder() {}

  static Path existing(Path dir) {
    if (!Files.isDirectory(dir)) {
      throw new RealmException.BadInput(
          dir
              + ": expected the folder of a model, found "
              + (Files.exists(dir) ? "a file" : "nothing"));
    }
    return dir;
  }

  static boolean isRealm(Path dir) {
    return Files.exists(dir.resolve("realm.json"));
  }

  static boolean isBert(Path dir) {
    return Files.exists(dir.resolve("config.json"));
  }

  static RealmModel realm(Path dir) {
    if (!isRealm(dir)) {
      throw new RealmException.BadInput(
          "%s: expected a REALM model (with realm.json), found %s; 'realm pretrain' makes one"
              .formatted(dir, isBert(dir) ? "a plain BERT" : "none"));
    }
    return RealmModel.open(dir);
  }

  /** Everything in one folder, as {@code realm finetune} and {@code Realm.save} make it. */
  static RealmFolder.Parts complete(Path dir) {
    if (!RealmFolder.at(existing(dir))) {
      throw new RealmException.BadInput(
          "%s: expected a folder with model, corpus and index, found %s; 'realm finetune' makes one"
              .formatted(
                  dir,
                  isRealm(dir)
                      ? "a REALM model alone"
                      : isBert(dir) ? "a plain BERT" : "none of them"));
    }
    return RealmFolder.open(dir);
  }

  static WordPiece tokenizer(Path dir) {
    return BertFolder.tokenizer(dir);
  }
}
