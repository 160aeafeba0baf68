package org.realm4j.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.nn.ReaderConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.nn.Weights;
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.text.WordPiece;

class RealmFolderTest {
  @TempDir Path dir;
  private RealmModel model;
  private SpanReader reader;
  private float[] vectors;

  @BeforeEach
  void parts() {
    model = TinyRealm.model().withSeparateTowers();
    reader = SpanReader.from(model.encoder().bert(), new ReaderConfig(16, 4, 1e-3f), 5);
    vectors = new float[40 * 16];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = i;
    }
  }

  private Path published(String name, RealmModel networks) {
    Path folder = dir.resolve(name);
    try (PassageStore store = TinyRealm.store(dir.resolve(name + "-corpus"))) {
      RealmFolder.publish(folder, new RealmFolder.Parts(networks, store, vectors, 12, reader));
    }
    return folder;
  }

  private static Path generation(Path folder) {
    return PublishedFolder.at(folder).current().orElseThrow();
  }

  @Test
  void whatWasPublishedIsOpenedWhereverItIsMovedTo() throws IOException {
    Path folder = published("one", model);
    assertTrue(RealmFolder.at(folder));
    assertFalse(RealmFolder.at(dir.resolve("none")));
    Path moved = Files.createDirectory(dir.resolve("elsewhere")).resolve("two words");
    Files.move(folder, moved);
    RealmFolder.Parts parts = RealmFolder.open(moved);
    try (PassageStore store = parts.store()) {
      assertEquals(TinyRealm.passages().get(7), store.passage(7));
      assertArrayEquals(vectors, parts.vectors());
      assertEquals(12, parts.madeAtStep());
      SpanReader opened = Objects.requireNonNull(parts.reader());
      assertEquals(reader.config(), opened.config());
      for (int i = 0; i < reader.parameters().size(); i++) {
        assertArrayEquals(reader.parameters().get(i).values(), opened.parameters().get(i).values());
      }
      for (String part : model.parts().keySet()) {
        for (int i = 0; i < model.parts().get(part).size(); i++) {
          assertArrayEquals(
              model.parts().get(part).get(i).values(),
              parts.model().parts().get(part).get(i).values());
        }
      }
    }
  }

  @Test
  void withoutAReader() {
    Path folder = dir.resolve("plain");
    try (PassageStore store = TinyRealm.store(dir.resolve("corpus"))) {
      RealmFolder.publish(folder, new RealmFolder.Parts(model, store, vectors, 0, null));
    }
    RealmFolder.Parts parts = RealmFolder.open(folder);
    assertNull(parts.reader());
    parts.store().close();
  }

  /** The same sizes, so that nothing but the names in the index tells. */
  @Test
  void theIndexOfAnotherModelIsRefused() throws IOException {
    Path one = published("one", model);
    RealmModel other =
        RealmModel.create(
            model.config(), new WordPiece(TinyRealm.vocabulary()), Weights.random(99), 8);
    Path two = published("two", other);
    Files.copy(
        generation(two).resolve("index.safetensors"),
        generation(one).resolve("index.safetensors"),
        StandardCopyOption.REPLACE_EXISTING);
    var e = assertThrows(RealmException.Incompatible.class, () -> RealmFolder.open(one));
    assertTrue(e.getMessage().contains("document tower"), e.getMessage());
    RealmFolder.open(two).store().close();
  }

  @Test
  void aPartThatIsMissingIsNamed() throws IOException {
    Path folder = published("one", model);
    Files.delete(generation(folder).resolve("reader").resolve("model.safetensors"));
    var e = assertThrows(RealmException.CorruptFile.class, () -> RealmFolder.open(folder));
    assertTrue(e.getMessage().contains("reader"), e.getMessage());
    assertThrows(RealmException.BadInput.class, () -> RealmFolder.open(dir.resolve("none")));
  }

  @Test
  void vectorsThatAreTooFewAreRefused() {
    try (PassageStore store = TinyRealm.store(dir.resolve("corpus"))) {
      var parts = new RealmFolder.Parts(model, store, new float[16], 0, reader);
      assertThrows(RuntimeException.class, () -> RealmFolder.publish(dir.resolve("x"), parts));
    }
    assertFalse(RealmFolder.at(dir.resolve("x")));
  }
}
