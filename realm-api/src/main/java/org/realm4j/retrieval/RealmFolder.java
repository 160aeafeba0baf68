package org.realm4j.retrieval;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.io.Safetensors;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.tensor.Fingerprint;
import org.realm4j.text.Passage;

/**
 * Everything that answers need in one folder, wherever it is moved or copied to:
 *
 * <pre>
 * model/              vocabulary, settings, a Hugging Face folder for each network
 * corpus/             the passages and their wordpieces
 * index.safetensors   the passages' vectors
 * reader/             the reader of spans, once there is one
 * </pre>
 *
 * It is published as a whole: whoever opens it sees what was there before, or all of the new. The
 * index names the networks and the corpus that it stands beside, so that parts of different runs
 * are never taken for a pair.
 */
public final class RealmFolder {
  private static final String INDEX = "index.safetensors";
  private static final String VECTORS = "vectors";
  private static final String GENERATION = "generation";

  private RealmFolder() {}

  /**
   * What is in a folder.
   *
   * @param reader null if nothing was fine-tuned
   * @param vectors {@code [passages, projection]}
   * @param madeAtStep the training step whose parameters made them
   */
  public record Parts(
      RealmModel model,
      PassageStore store,
      float[] vectors,
      long madeAtStep,
      @Nullable SpanReader reader) {}

  /**
   * Whether all of this was published there.
   *
   * @throws RealmException.CorruptFile if a published file is missing or of another length
   */
  public static boolean at(Path folder) {
    return current(folder).isPresent();
  }

  /** Other folders, such as a corpus, are published too. */
  private static Optional<Path> current(Path folder) {
    return PublishedFolder.at(folder)
        .current()
        .filter(generation -> Files.exists(generation.resolve(INDEX)));
  }

  /** Publishes all parts together. */
  public static void publish(Path folder, Parts parts) {
    PublishedFolder.at(folder).publish(dir -> write(dir, parts));
  }

  private static void write(Path dir, Parts parts) {
    RealmModel model = parts.model;
    PassageStore store = parts.store;
    model.save(dir.resolve("model"));
    PassageStore.build(dir.resolve("corpus"), passages(store), model.tokenizer(), store.limit())
        .close();
    LinkedHashMap<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    int dimension = model.config().embedder().projection();
    tensors.put(
        VECTORS, new Safetensors.Entry(new long[] {store.size(), dimension}, parts.vectors));
    Map<String, String> belongsTo = belongsTo(model, store, parts.reader);
    belongsTo.put(GENERATION, Long.toString(parts.madeAtStep));
    Safetensors.write(dir.resolve(INDEX), tensors, belongsTo);
    if (parts.reader != null) {
      parts.reader.save(dir.resolve("reader"));
    }
  }

  private static Corpus passages(PassageStore store) {
    return new Corpus() {
      @Override
      public void forEach(Consumer<Passage> consumer) {
        store.passages().forEach(consumer);
      }

      @Override
      public String describe() {
        return store.describe();
      }
    };
  }

  private static Map<String, String> belongsTo(
      RealmModel model, PassageStore store, @Nullable SpanReader reader) {
    Map<String, String> parts = new LinkedHashMap<>();
    parts.put("document tower", Fingerprint.of(model.documents().parameters()));
    parts.put("query tower", Fingerprint.of(model.queries().parameters()));
    parts.put("encoder", Fingerprint.of(model.encoder().parameters()));
    parts.put("corpus", store.fingerprint());
    parts.put("reader", reader == null ? "none" : Fingerprint.of(reader.parameters()));
    return parts;
  }

  /**
   * Opens what {@link #publish} wrote; the store is the caller's to close.
   *
   * @throws RealmException.BadInput if there is nothing
   * @throws RealmException.CorruptFile if a file is missing or damaged
   * @throws RealmException.Incompatible if parts are of different runs
   */
  public static Parts open(Path folder) {
    Path dir =
        current(folder)
            .orElseThrow(
                () -> new RealmException.BadInput(folder + ": expected a saved REALM, found none"));
    RealmModel model = RealmModel.open(dir.resolve("model"));
    PassageStore store = PassageStore.open(dir.resolve("corpus"));
    try (Safetensors file = Safetensors.open(dir.resolve(INDEX))) {
      Path path = dir.resolve(INDEX);
      checkShape(path, file.shape(VECTORS), store.size(), model.config().embedder().projection());
      Path readerFolder = dir.resolve("reader");
      SpanReader reader = Files.exists(readerFolder) ? SpanReader.open(readerFolder) : null;
      belongsTo(model, store, reader)
          .forEach((part, print) -> checkPart(path, part, print, file.metadata().get(part)));
      return new Parts(
          model,
          store,
          file.floats(VECTORS),
          generation(path, file.metadata().get(GENERATION)),
          reader);
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private static void checkShape(Path path, long[] shape, int passages, int dimension) {
    if (shape.length != 2 || shape[0] != passages || shape[1] != dimension) {
      throw new RealmException.Incompatible(
          "%s: expected %d vectors of %d, found %s"
              .formatted(path, passages, dimension, Arrays.toString(shape)));
    }
  }

  private static void checkPart(Path path, String part, String expected, @Nullable String found) {
    if (!expected.equals(found)) {
      throw new RealmException.Incompatible(
          "%s: expected the index of the %s beside it, %s, found that of %s: parts of different runs"
              .formatted(path, part, expected, found));
    }
  }

  private static long generation(Path path, @Nullable String text) {
    try {
      return Long.parseLong(String.valueOf(text));
    } catch (NumberFormatException e) {
      throw new RealmException.CorruptFile(
          "%s: %s: expected a number, found %s".formatted(path, GENERATION, text), e);
    }
  }
}
