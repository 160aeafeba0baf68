package org.realm4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.realm4j.nn.SpanReaderTest.assertSameBits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.realm4j.io.RealmException;
import org.realm4j.io.Safetensors;
import org.realm4j.nn.PublishedCheckpoint.BlockEmbeddings;
import org.realm4j.nn.PublishedCheckpoint.Loaded;
import org.realm4j.nn.PublishedCheckpoint.OpenQa;
import org.realm4j.nn.PublishedCheckpoint.Towers;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.testkit.golden.BundledGoldens;

/** Files that other code wrote with the classes of the published models. */
class PublishedCheckpointTest {
  private static final String FILE = "model.safetensors";

  @TempDir Path dir;
  private BundledGoldens goldens;

  @BeforeEach
  void copyGoldens() {
    goldens = BundledGoldens.copy();
  }

  @AfterEach
  void deleteGoldens() {
    goldens.close();
  }

  private Path published(String kind) {
    return goldens.folder().resolve(kind);
  }

  private Path scorer() throws IOException {
    Path folder = published("b_scorer");
    Files.move(folder.resolve("scorer_separate.model.safetensors"), folder.resolve(FILE));
    return folder;
  }

  private static SequencedMap<String, Safetensors.Entry> tensors(Path folder) {
    SequencedMap<String, Safetensors.Entry> tensors = new LinkedHashMap<>();
    try (Safetensors file = Safetensors.open(folder.resolve(FILE))) {
      for (String name : file.names()) {
        tensors.put(name, new Safetensors.Entry(file.shape(name), file.floats(name)));
      }
    }
    return tensors;
  }

  /** What is written has the published keys and shapes, and the bits of all that is used. */
  private void assertSameLayout(Path published, List<String> unused) {
    Map<String, Safetensors.Entry> expected = tensors(published);
    Map<String, Safetensors.Entry> written = tensors(dir);
    assertEquals(new TreeSet<>(expected.keySet()), new TreeSet<>(written.keySet()));
    expected.forEach(
        (name, tensor) -> {
          assertArrayEquals(tensor.shape(), written.get(name).shape(), name);
          boolean same = Arrays.compare(tensor.floats(), written.get(name).floats()) == 0;
          assertTrue(same || unused.contains(name), name);
        });
  }

  private static void assertUnused(List<String> found, String... prefixes) {
    assertTrue(found.size() > 0);
    for (String name : found) {
      assertTrue(Stream.of(prefixes).anyMatch(name::startsWith), name);
    }
  }

  @Test
  void embedder() {
    Path from = published("a_embedder");
    Loaded<Embedder> read = PublishedCheckpoint.readEmbedder(from);
    assertUnused(read.unused(), "cls.predictions.");
    assertEquals(7, read.unused().size());
    PublishedCheckpoint.writeEmbedder(dir, read.model());
    assertSameLayout(from, read.unused());
    Embedder again = PublishedCheckpoint.readEmbedder(dir).model();
    assertEquals(read.model().config(), again.config());
    assertEquals(read.model().bert().config(), again.bert().config());
    assertSameBits(read.model().parameters(), again.parameters());
  }

  @Test
  void scorerWithTwoTowers() throws IOException {
    Path from = scorer();
    Loaded<Towers> read = PublishedCheckpoint.readScorer(from);
    assertNotSame(read.model().documents(), read.model().queries());
    assertUnused(read.unused(), "embedder.cls.predictions.", "query_embedder.cls.predictions.");
    PublishedCheckpoint.writeScorer(dir, read.model());
    assertSameLayout(from, read.unused());
    Towers again = PublishedCheckpoint.readScorer(dir).model();
    assertSameBits(read.model().documents().parameters(), again.documents().parameters());
    assertSameBits(read.model().queries().parameters(), again.queries().parameters());
  }

  @Test
  void aScorersSharedTowerStandsOnceAndIsReadAsOne() throws IOException {
    Embedder one = PublishedCheckpoint.readScorer(scorer()).model().documents();
    PublishedCheckpoint.writeScorer(dir, new Towers(one, one));
    assertTrue(tensors(dir).keySet().stream().allMatch(name -> name.startsWith("embedder.")));
    Towers once = PublishedCheckpoint.readScorer(dir).model();
    assertSame(once.documents(), once.queries());
    assertSameBits(one.parameters(), once.documents().parameters());

    PublishedCheckpoint.writeScorer(dir, new Towers(one, RealmModel.copy(one)));
    assertTrue(tensors(dir).containsKey("query_embedder.cls.dense.weight"));
    Towers twice = PublishedCheckpoint.readScorer(dir).model();
    assertSame(twice.documents(), twice.queries());
  }

  @Test
  void encoder() {
    Path from = published("c_knowledge_aug_encoder");
    Loaded<KnowledgeAugmentedEncoder> read = PublishedCheckpoint.readEncoder(from);
    assertEquals(
        Set.of(
            "realm.pooler.dense.weight",
            "realm.pooler.dense.bias",
            "cls.predictions.decoder.weight",
            "cls.predictions.decoder.bias"),
        Set.copyOf(read.unused()));
    PublishedCheckpoint.writeEncoder(dir, read.model());
    // The decoder is tied, so its copy in the file has to be right although it is not read.
    assertSameLayout(from, List.of("realm.pooler.dense.weight", "realm.pooler.dense.bias"));
    assertSameBits(
        read.model().parameters(), PublishedCheckpoint.readEncoder(dir).model().parameters());
  }

  @Test
  void reader() {
    Path from = published("d_reader");
    Loaded<SpanReader> read = PublishedCheckpoint.readReader(from);
    assertUnused(read.unused(), "cls.predictions.", "realm.pooler.");
    assertEquals(9, read.unused().size());
    assertEquals(5, read.model().config().maxSpanWidth());
    PublishedCheckpoint.writeReader(dir, read.model());
    assertSameLayout(from, read.unused());
    SpanReader again = PublishedCheckpoint.readReader(dir).model();
    assertEquals(read.model().config(), again.config());
    assertSameBits(read.model().parameters(), again.parameters());
  }

  @Test
  void openQa() {
    Path from = published("d_openqa");
    Loaded<OpenQa> read = PublishedCheckpoint.readOpenQa(from);
    assertUnused(
        read.unused(),
        "embedder.cls.predictions.",
        "reader.cls.predictions.",
        "reader.realm.pooler.");
    BlockEmbeddings blocks = PublishedCheckpoint.readBlockEmbeddings(from);
    assertEquals(12, blocks.passages());
    PublishedCheckpoint.writeOpenQa(dir, read.model(), blocks);
    assertSameLayout(from, read.unused());
    OpenQa again = PublishedCheckpoint.readOpenQa(dir).model();
    assertSameBits(read.model().questions().parameters(), again.questions().parameters());
    assertSameBits(read.model().reader().parameters(), again.reader().parameters());
    assertArrayEquals(blocks.vectors(), PublishedCheckpoint.readBlockEmbeddings(dir).vectors());
  }

  /** Every tensor but the unused ones is needed, and the one that is missing is named. */
  @Test
  void aMissingTensorIsNamed() throws IOException {
    assertEachNeeded("d_reader", PublishedCheckpoint::readReader);
    assertEachNeeded("d_openqa", PublishedCheckpoint::readOpenQa);
    assertEachNeeded("c_knowledge_aug_encoder", PublishedCheckpoint::readEncoder);
  }

  private void assertEachNeeded(String kind, Function<Path, Loaded<?>> read) throws IOException {
    Path from = published(kind);
    Set<String> unused = Set.copyOf(read.apply(from).unused());
    Files.copy(
        from.resolve("config.json"),
        dir.resolve("config.json"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    SequencedMap<String, Safetensors.Entry> all = tensors(from);
    for (String name : all.keySet()) {
      if (name.contains("encoder.layer.0.")) {
        continue; // as those of layer 1
      }
      SequencedMap<String, Safetensors.Entry> others = new LinkedHashMap<>(all);
      others.remove(name);
      Safetensors.write(dir.resolve(FILE), others, Map.of());
      if (unused.contains(name)) {
        assertEquals(unused.size() - 1, read.apply(dir).unused().size(), name);
      } else {
        var e = assertThrows(RealmException.Incompatible.class, () -> read.apply(dir), name);
        assertTrue(e.getMessage().contains("no tensor " + name + " "), e::getMessage);
      }
    }
  }

  @Test
  void aTensorOfAnotherShapeIsNamed() throws IOException {
    changed(
        "d_reader",
        t ->
            t.put(
                "qa_outputs.dense_intermediate.weight",
                new Safetensors.Entry(new long[] {2, 32}, new float[64])));
    var e =
        assertThrows(RealmException.Incompatible.class, () -> PublishedCheckpoint.readReader(dir));
    assertTrue(
        e.getMessage().contains("dense_intermediate.weight: expected shape [64, 32]"),
        e::getMessage);
  }

  @Test
  void passagesOfAnotherEmbedderAreSaid() throws IOException {
    changed(
        "d_openqa",
        t -> t.put("block_emb", new Safetensors.Entry(new long[] {3, 5}, new float[15])));
    var e =
        assertThrows(RealmException.Incompatible.class, () -> PublishedCheckpoint.readOpenQa(dir));
    assertTrue(
        e.getMessage().contains("block_emb: expected shape [passages, 16], found [3, 5]"),
        e::getMessage);
  }

  private void changed(String kind, Consumer<SequencedMap<String, Safetensors.Entry>> change)
      throws IOException {
    SequencedMap<String, Safetensors.Entry> tensors = tensors(published(kind));
    change.accept(tensors);
    Files.copy(published(kind).resolve("config.json"), dir.resolve("config.json"));
    Safetensors.write(dir.resolve(FILE), tensors, Map.of());
  }

  @Test
  void aFurtherTensorIsReported() throws IOException {
    changed("d_reader", t -> t.put("further", new Safetensors.Entry(new long[] {1}, new float[1])));
    assertTrue(PublishedCheckpoint.readReader(dir).unused().contains("further"));
  }

  @Test
  void theOrderOfTensorsDoesNotMatter() throws IOException {
    SequencedMap<String, Safetensors.Entry> reversed =
        new LinkedHashMap<>(tensors(published("d_reader")).reversed());
    changed(
        "d_reader",
        t -> {
          t.clear();
          t.putAll(reversed);
        });
    List<Parameter> expected =
        PublishedCheckpoint.readReader(published("d_reader")).model().parameters();
    assertSameBits(expected, PublishedCheckpoint.readReader(dir).model().parameters());
  }

  @ParameterizedTest
  @EnumSource(names = {"GELU", "GELU_TANH", "RELU"})
  void theActivationIsKept(Activation activation) {
    BertConfig bert = new BertConfig(20, 8, 1, 2, 8, 16, 2, activation, 1e-12f);
    SpanReader reader =
        new SpanReader(bert, new ReaderConfig(4, 3, 1e-3f), "realm.", Weights.random(1));
    PublishedCheckpoint.writeReader(dir, reader);
    assertEquals(bert, PublishedCheckpoint.readReader(dir).model().bert().config());
  }

  @Test
  void whatHasNoPublishedFormIsNotWritten() {
    BertConfig bert = PublishedCheckpoint.readReader(published("d_reader")).model().bert().config();
    for (EmbedderConfig config :
        List.of(
            EmbedderConfig.sentenceEncoder(),
            new EmbedderConfig(EmbedderConfig.Pooling.CLS, true, 16, true, 1e-3f))) {
      Embedder embedder = new Embedder(bert, config, "realm.", Weights.random(1));
      assertThrows(
          RealmException.Incompatible.class,
          () -> PublishedCheckpoint.writeEmbedder(dir, embedder));
    }
    SpanReader bare = new SpanReader(bert, ReaderConfig.realm(), "", Weights.random(1));
    assertThrows(
        RealmException.Incompatible.class, () -> PublishedCheckpoint.writeReader(dir, bare));
    OpenQa model = PublishedCheckpoint.readOpenQa(published("d_openqa")).model();
    assertThrows(
        RealmException.Incompatible.class,
        () ->
            PublishedCheckpoint.writeOpenQa(dir, model, new BlockEmbeddings(new float[10], 2, 5)));
    assertThrows(RealmException.BadInput.class, () -> new BlockEmbeddings(new float[10], 2, 4));
  }
}
