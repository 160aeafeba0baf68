package org.realm4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.DiskFault;
import org.realm4j.io.FiniteValues;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Npy;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.io.Safetensors;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.BertFolder;
import org.realm4j.nn.RealmModel;
import org.realm4j.retrieval.IndexReader;
import org.realm4j.retrieval.PassageIndex;
import org.realm4j.retrieval.RealmFolder;

/** Finds out what a path holds and reads all of it. */
final class Inspection {
  /** The types whose values may be NaN. */
  private static final Set<String> REALS = Set.of("F64", "F32", "F16", "BF16");

  private final Path path;
  private final List<String> problems = new ArrayList<>();
  private String kind = "nothing that realm knows";

  private Inspection(Path path) {
    this.path = path;
  }

  static Inspection of(Path path) {
    Inspection inspection = new Inspection(path);
    inspection.noting(inspection::look);
    return inspection;
  }

  Path path() {
    return path;
  }

  /** What it is, in a few words. */
  String kind() {
    return kind;
  }

  /** What is wrong with it, each in one line. */
  List<String> problems() {
    return problems;
  }

  private void look() {
    if (!Files.exists(path)) {
      throw new RealmException.BadInput(path + ": there is no such file or folder");
    }
    if (Files.isDirectory(path)) {
      folder(path);
    } else if (path.toString().endsWith(".safetensors")) {
      kind = "safetensors";
      safetensors(path);
    } else if (path.toString().endsWith(".npy")) {
      npy(path);
    } else {
      throw unknown("a file *.safetensors or *.npy");
    }
  }

  private void folder(Path dir) {
    if (Files.exists(dir.resolve("CURRENT"))) {
      published(dir);
    } else if (ModelFolder.isRealm(dir)) {
      realm(dir);
    } else if (ModelFolder.isBert(dir)) {
      bert(dir);
    } else if (RealmFolder.at(dir.resolve("start"))) {
      published(dir.resolve("start"));
      if (Files.isDirectory(dir.resolve("checkpoint"))) {
        published(dir.resolve("checkpoint"));
      }
      kind = "fine-tuning run";
    } else if (Files.isDirectory(dir.resolve("checkpoint"))) {
      published(dir.resolve("checkpoint"));
      if (Files.isDirectory(dir.resolve("model"))) {
        realm(dir.resolve("model"));
      }
      kind = "pre-training run";
    } else {
      throw unknown("a model, a corpus, an index or a checkpoint");
    }
  }

  private RealmException unknown(String expected) {
    return new RealmException.BadInput(path + ": expected " + expected + ", found none of these");
  }

  private void published(Path dir) {
    kind = "published folder";
    PublishedFolder folder = PublishedFolder.at(dir);
    noting(folder::check);
    Path generation = folder.current().orElseThrow();
    if (Files.exists(generation.resolve("passages.index"))) {
      kind = "corpus";
      noting(() -> passages(dir));
    } else if (Files.exists(generation.resolve(StoredVectors.ABOUT))) {
      kind = "vectors";
      noting(() -> vectors(generation));
    } else if (PassageIndex.at(dir)) {
      kind = "index";
      noting(() -> index(dir));
    } else if (Files.exists(generation.resolve("state.json"))) {
      kind = "checkpoint";
      noting(() -> checkpoint(generation));
    } else if (RealmFolder.at(dir)) {
      kind = "REALM with corpus and index";
      open(() -> complete(dir, generation));
    }
  }

  /** Everything in one folder. */
  private void complete(Path dir, Path generation) {
    try (Stream<Path> files = Files.walk(generation)) {
      files.filter(p -> p.toString().endsWith(".safetensors")).sorted().forEach(this::safetensors);
    } catch (IOException e) {
      throw DiskFault.reading(dir, e);
    }
    passages(generation.resolve("corpus"));
    open(
        () -> {
          RealmFolder.Parts parts = RealmFolder.open(dir);
          try (PassageStore store = parts.store()) {
            kind =
                "REALM of %s with %,d passages, index of step %,d and %s"
                    .formatted(
                        sizes(parts.model().config().retriever()),
                        store.size(),
                        parts.madeAtStep(),
                        parts.reader() == null ? "no reader" : "a reader");
          }
        });
  }

  private void passages(Path dir) {
    try (PassageStore store = PassageStore.open(dir)) {
      kind = "corpus of %,d passages".formatted(store.size());
      store.check();
      for (int p = 0; p < store.size(); p++) {
        String id = store.passage(p).id();
        if (store.indexOf(id) != p || store.textIds(p).length == 0) {
          throw new RealmException.CorruptFile(
              "%s: passage %d: expected to be found by its id '%s', found %d"
                  .formatted(dir, p, id, store.indexOf(id)));
        }
        store.titleIds(p);
      }
    }
  }

  private void index(Path dir) {
    try (PassageIndex index = PassageIndex.open(dir, 1);
        IndexReader reader = index.reader()) {
      kind =
          "index of %,d vectors of dimension %d, %s"
              .formatted(reader.size(), reader.dimension(), index.settings().kind());
    }
  }

  private void vectors(Path generation) {
    StoredVectors index = StoredVectors.openFiles(generation);
    Npy.Matrix vectors = index.vectors();
    kind = "%,d vectors of dimension %d".formatted(vectors.rows(), vectors.cols());
    checkFinite(generation, vectors);
  }

  private void checkpoint(Path generation) {
    JsonObject state = Json.parseObject(generation.resolve("state.json"));
    for (Path file : files(generation)) {
      safetensors(file);
    }
    if (Files.exists(generation.resolve("model"))) { // fine-tuning keeps what it trains alone
      realm(generation.resolve("model"));
    }
    kind = "checkpoint after %,d steps".formatted(state.integer("step"));
  }

  private void realm(Path dir) {
    kind = "REALM model";
    for (String part : List.of("retriever", "query_retriever", "encoder")) {
      if (Files.isDirectory(dir.resolve(part))) {
        files(dir.resolve(part)).forEach(this::safetensors);
      }
    }
    open(() -> kind = "REALM model of " + sizes(RealmModel.open(dir).config().retriever()));
  }

  private void bert(Path dir) {
    kind = "BERT model";
    files(dir).forEach(this::safetensors);
    open(() -> kind = "BERT model of " + sizes(BertFolder.open(dir).bert().config()));
  }

  /** Opening a model would meet again what reading its files has found. */
  private void open(Runnable model) {
    if (problems.isEmpty()) {
      noting(model);
    }
  }

  private static String sizes(BertConfig bert) {
    return "%d layers, hidden size %d, %,d wordpieces"
        .formatted(bert.layers(), bert.hidden(), bert.vocabulary());
  }

  private static List<Path> files(Path dir) {
    try (Stream<Path> entries = Files.list(dir)) {
      return entries.filter(p -> p.toString().endsWith(".safetensors")).sorted().toList();
    } catch (IOException e) {
      throw DiskFault.reading(dir, e);
    }
  }

  private void safetensors(Path file) {
    noting(
        () -> {
          try (Safetensors tensors = Safetensors.open(file)) {
            for (String name : tensors.names()) {
              if (REALS.contains(tensors.dtype(name))) {
                noting(
                    () ->
                        FiniteValues.check(
                            file + ": " + name, tensors.shape(name), tensors.floats(name)));
              }
            }
          }
        });
  }

  private void npy(Path file) {
    kind = "NumPy matrix";
    Npy.Matrix matrix = Npy.read(file);
    kind = "NumPy matrix of %,d x %,d".formatted(matrix.rows(), matrix.cols());
    checkFinite(file, matrix);
  }

  private static void checkFinite(Path where, Npy.Matrix matrix) {
    long[] shape = {matrix.rows(), matrix.cols()};
    FiniteValues.check(where.toString(), shape, matrix.rowMajor());
  }

  /** Goes on after a problem, to find all of them. */
  private void noting(Runnable check) {
    try {
      check.run();
    } catch (RealmException e) {
      String problem = String.valueOf(e.getMessage());
      if (!problems.contains(problem)) { // one fault may stop several checks
        problems.add(problem);
      }
    }
  }
}
