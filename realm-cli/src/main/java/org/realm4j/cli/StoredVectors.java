package org.realm4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Npy;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;
import org.realm4j.tensor.Fingerprint;
import org.realm4j.tensor.Parameter;

/**
 * The vectors of a corpus in a folder: {@code vectors.npy}, and {@code vectors.json}, which names
 * the retriever and the corpus that they belong to.
 *
 * @param model fingerprint of the retriever
 * @param corpus fingerprint of the corpus
 * @param vectors a row for each passage
 */
record StoredVectors(String model, String corpus, Npy.Matrix vectors) {
  static final String ABOUT = "vectors.json";
  private static final String VECTORS = "vectors.npy";
  private static final int FORMAT = 1;

  void save(Path dir) {
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("format", FORMAT);
    about.put("model", model);
    about.put("corpus", corpus);
    about.put("passages", vectors.rows());
    about.put("dimension", vectors.cols());
    PublishedFolder.at(dir)
        .publish(
            generation -> {
              Npy.write(
                  generation.resolve(VECTORS), vectors.rowMajor(), vectors.rows(), vectors.cols());
              Json.write(generation.resolve(ABOUT), about);
            });
  }

  static StoredVectors open(Path dir) {
    return openFiles(
        PublishedFolder.at(dir)
            .current()
            .orElseThrow(
                () -> new RealmException.BadInput(dir + ": expected vectors, found none")));
  }

  static StoredVectors openFiles(Path generation) {
    JsonObject about = Json.parseObject(generation.resolve(ABOUT));
    if (about.integer("format") != FORMAT) {
      throw new RealmException.Incompatible(
          "%s: format: this version reads %d, found %d"
              .formatted(about.where(), FORMAT, about.integer("format")));
    }
    Path file = generation.resolve(VECTORS);
    Npy.Matrix vectors = Npy.read(file);
    if (vectors.rows() != about.integer("passages")
        || vectors.cols() != about.integer("dimension")) {
      throw new RealmException.CorruptFile(
          "%s: expected %,d x %,d, as %s says, found %,d x %,d"
              .formatted(
                  file,
                  about.integer("passages"),
                  about.integer("dimension"),
                  ABOUT,
                  vectors.rows(),
                  vectors.cols()));
    }
    return new StoredVectors(about.string("model"), about.string("corpus"), vectors);
  }

  /**
   * Refuses vectors of another retriever or another corpus: their scores would mean nothing.
   *
   * @param where names the index
   */
  void checkBelongsTo(Path where, String modelFingerprint, String corpusFingerprint) {
    same(where, "model", model, modelFingerprint);
    same(where, "corpus", corpus, corpusFingerprint);
  }

  private static void same(Path where, String what, String found, String expected) {
    if (!found.equals(expected)) {
      throw new RealmException.Incompatible(
          "%s: made with another %s: expected fingerprint %s, found %s"
              .formatted(where, what, expected, found));
    }
  }

  /** 32 hexadecimal digits of all that turns a text into a vector. */
  static String fingerprint(RealmModel realm) {
    List<Parameter> towers = new ArrayList<>(realm.documents().parameters());
    towers.addAll(realm.queries().parameters());
    return Fingerprint.of(towers);
  }
}
