package org.realm4j.nn;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;
import org.realm4j.io.Safetensors.Entry;
import org.realm4j.io.WeightFolder;
import org.realm4j.tensor.Parameter;

/**
 * The published REALMs as Hugging Face keeps them, one class of model a folder with {@code
 * config.json} and {@code model.safetensors}: RealmEmbedder, RealmScorer, RealmKnowledgeAugEncoder,
 * RealmReader and RealmForOpenQA. What is written can be read again with the same bits, and has all
 * the tensors that the class has: those that REALM does not use (an embedder's and a reader's head
 * for masked words, an encoder's and a reader's pooler) start as BERT starts. The vocabulary is
 * written with {@link org.realm4j.text.Vocabulary#write}. Thread-safe.
 *
 * <p>Reading throws {@link RealmException.Incompatible} if a tensor is missing or has another
 * shape, naming it; {@link RealmException.CorruptFile} if a file is damaged or a value not finite.
 */
public final class PublishedCheckpoint {
  private static final String BLOCKS = "block_emb";

  private PublishedCheckpoint() {}

  /**
   * A model that was read.
   *
   * @param unused the names of all tensors that it does not have
   */
  public record Loaded<T>(T model, List<String> unused) {}

  /**
   * The towers of RealmScorer; one for both where the file has only one, or the same one twice.
   *
   * @param documents {@code embedder}
   * @param queries {@code query_embedder}
   */
  public record Towers(Embedder documents, Embedder queries) {}

  /**
   * The networks of RealmForOpenQA.
   *
   * @param questions {@code embedder}, the tower of questions only once it is fine-tuned
   */
  public record OpenQa(Embedder questions, SpanReader reader) {}

  /**
   * The vectors of the passages that a RealmForOpenQA retrieves from, {@code block_emb}.
   *
   * @param vectors row-major, {@code passages * dimension} long
   */
  public record BlockEmbeddings(float[] vectors, int passages, int dimension) {
    public BlockEmbeddings {
      if ((long) passages * dimension != vectors.length) {
        throw new RealmException.BadInput(
            "%s: expected %d x %d values, found %d"
                .formatted(BLOCKS, passages, dimension, vectors.length));
      }
    }
  }

  // ---- reading

  /** Reads a RealmEmbedder. */
  public static Loaded<Embedder> readEmbedder(Path dir) {
    return read(dir, folder -> embedder(dir, RealmModel.from(folder)));
  }

  /** Reads a RealmScorer. */
  public static Loaded<Towers> readScorer(Path dir) {
    return read(
        dir,
        folder -> {
          Embedder documents = embedder(dir, under(folder, "embedder."));
          if (folder.names().stream().noneMatch(n -> n.startsWith("query_embedder."))) {
            return new Towers(documents, documents);
          }
          Embedder queries = embedder(dir, under(folder, "query_embedder."));
          return new Towers(documents, sameBits(documents, queries) ? documents : queries);
        });
  }

  /** Reads a RealmKnowledgeAugEncoder. */
  public static Loaded<KnowledgeAugmentedEncoder> readEncoder(Path dir) {
    return read(
        dir,
        folder ->
            new KnowledgeAugmentedEncoder(
                BertConfig.of(config(dir)), "realm.", RealmModel.from(folder)));
  }

  /** Reads a RealmReader. */
  public static Loaded<SpanReader> readReader(Path dir) {
    return read(dir, folder -> reader(dir, RealmModel.from(folder)));
  }

  /**
   * Reads the networks of a RealmForOpenQA. The passages' vectors, gigabytes in the published ones,
   * have to be there and are left alone.
   */
  public static Loaded<OpenQa> readOpenQa(Path dir) {
    return read(
        dir,
        folder -> {
          blockShape(dir, folder);
          return new OpenQa(
              embedder(dir, under(folder, "embedder.")), reader(dir, under(folder, "reader.")));
        });
  }

  /** Reads the passages' vectors of a RealmForOpenQA. */
  public static BlockEmbeddings readBlockEmbeddings(Path dir) {
    try (WeightFolder folder = WeightFolder.open(dir)) {
      long[] shape = blockShape(dir, folder);
      float[] vectors = folder.floats(BLOCKS, shape);
      return new BlockEmbeddings(vectors, (int) shape[0], (int) shape[1]);
    }
  }

  private static <T> Loaded<T> read(Path dir, Function<WeightFolder, T> model) {
    try (WeightFolder folder = WeightFolder.open(dir)) {
      T read = model.apply(folder);
      return new Loaded<>(
          read, folder.unread().stream().filter(name -> !name.equals(BLOCKS)).toList());
    }
  }

  private static JsonObject config(Path dir) {
    return Json.parseObject(dir.resolve("config.json"));
  }

  private static Weights under(WeightFolder folder, String prefix) {
    return Weights.prefixed(RealmModel.from(folder), prefix);
  }

  private static Embedder embedder(Path dir, Weights weights) {
    JsonObject json = config(dir);
    return new Embedder(BertConfig.of(json), EmbedderConfig.of(json), "realm.", weights);
  }

  private static SpanReader reader(Path dir, Weights weights) {
    JsonObject json = config(dir);
    return new SpanReader(BertConfig.of(json), ReaderConfig.of(json), "realm.", weights);
  }

  private static long[] blockShape(Path dir, WeightFolder folder) {
    long[] shape = folder.shape(BLOCKS);
    long dimension = EmbedderConfig.of(config(dir)).projection();
    if (shape.length != 2 || shape[1] != dimension) {
      throw new RealmException.Incompatible(
          "%s: %s: expected shape [passages, %d], found %s"
              .formatted(dir, BLOCKS, dimension, Arrays.toString(shape)));
    }
    return shape;
  }

  private static boolean sameBits(Embedder a, Embedder b) {
    List<Parameter> left = a.parameters();
    List<Parameter> right = b.parameters();
    for (int i = 0; i < left.size(); i++) {
      if (Arrays.compare(left.get(i).values(), right.get(i).values()) != 0) {
        return false;
      }
    }
    return true;
  }

  // ---- writing

  /**
   * Writes a RealmEmbedder.
   *
   * @throws RealmException.Incompatible if it is not of the published form: [CLS], pooler,
   *     projection and layer norm
   */
  public static void writeEmbedder(Path dir, Embedder embedder) {
    SequencedMap<String, Entry> tensors = new LinkedHashMap<>();
    putEmbedder(tensors, "", embedder);
    write(dir, tensors, config("RealmEmbedder", embedder));
  }

  /** Writes a RealmScorer; a tower for both sides stands in it once, as {@code embedder}. */
  public static void writeScorer(Path dir, Towers towers) {
    SequencedMap<String, Entry> tensors = new LinkedHashMap<>();
    putEmbedder(tensors, "embedder.", towers.documents);
    if (towers.queries != towers.documents) {
      checkSame(towers.documents.bert().config(), towers.queries.bert().config());
      checkSame(towers.documents.config(), towers.queries.config());
      putEmbedder(tensors, "query_embedder.", towers.queries);
    }
    write(dir, tensors, config("RealmScorer", towers.documents));
  }

  /** Writes a RealmKnowledgeAugEncoder. */
  public static void writeEncoder(Path dir, KnowledgeAugmentedEncoder encoder) {
    SequencedMap<String, Entry> tensors = new LinkedHashMap<>();
    put(tensors, "", encoder.parameters());
    putPooler(tensors, "", encoder.bert().config());
    Parameter words = encoder.bert().wordEmbeddings(); // tied, and in the file twice
    tensors.put(
        "cls.predictions.decoder.weight",
        new Entry(new long[] {words.rows(), words.cols()}, words.values()));
    Parameter bias = encoder.head().bias();
    tensors.put("cls.predictions.decoder.bias", new Entry(new long[] {bias.cols()}, bias.values()));
    write(dir, tensors, config("RealmKnowledgeAugEncoder", encoder.bert().config()));
  }

  /** Writes a RealmReader. */
  public static void writeReader(Path dir, SpanReader reader) {
    SequencedMap<String, Entry> tensors = new LinkedHashMap<>();
    putReader(tensors, "", reader);
    Map<String, Object> json = config("RealmReader", reader.bert().config());
    json.putAll(reader.config().toJson());
    write(dir, tensors, json);
  }

  /**
   * Writes a RealmForOpenQA.
   *
   * @throws RealmException.Incompatible if the parts do not have the same sizes: there is one
   *     configuration for all
   */
  public static void writeOpenQa(Path dir, OpenQa model, BlockEmbeddings blocks) {
    checkSame(model.questions.bert().config(), model.reader.bert().config());
    int projection = model.questions.config().projection();
    if (blocks.dimension != projection) {
      throw new RealmException.Incompatible(
          "%s: expected vectors of %d, as the embedder gives, found %d"
              .formatted(BLOCKS, projection, blocks.dimension));
    }
    SequencedMap<String, Entry> tensors = new LinkedHashMap<>();
    putEmbedder(tensors, "embedder.", model.questions);
    putReader(tensors, "reader.", model.reader);
    tensors.put(BLOCKS, new Entry(new long[] {blocks.passages, projection}, blocks.vectors));
    Map<String, Object> json = config("RealmForOpenQA", model.questions);
    json.putAll(model.reader.config().toJson());
    json.put("num_block_records", blocks.passages);
    write(dir, tensors, json);
  }

  private static void write(
      Path dir, SequencedMap<String, Entry> tensors, Map<String, Object> config) {
    WeightFolder.write(dir, tensors, Long.MAX_VALUE);
    Json.write(dir.resolve("config.json"), config);
  }

  private static void putEmbedder(
      SequencedMap<String, Entry> tensors, String prefix, Embedder embedder) {
    EmbedderConfig c = embedder.config();
    BertConfig bert = embedder.bert().config();
    if (c.pooling() != EmbedderConfig.Pooling.CLS
        || !c.pooler()
        || !c.layerNorm()
        || c.layerNormEpsilon() != bert.layerNormEpsilon()) {
      throw new RealmException.Incompatible(
          "embedder: the published layout has [CLS], a pooler and a layer norm with the BERT's"
              + " epsilon of %s, this one is %s".formatted(bert.layerNormEpsilon(), c));
    }
    put(tensors, prefix, embedder.parameters());
    putPredictions(tensors, prefix, bert);
  }

  private static void putReader(
      SequencedMap<String, Entry> tensors, String prefix, SpanReader reader) {
    put(tensors, prefix, reader.published());
    putPooler(tensors, prefix, reader.bert().config());
    putPredictions(tensors, prefix, reader.bert().config());
  }

  private static void put(
      SequencedMap<String, Entry> tensors, String prefix, List<Parameter> parameters) {
    String first = parameters.getFirst().name();
    if (!first.startsWith("realm.")) {
      throw new RealmException.Incompatible(
          "published layout: expected names after 'realm.', found " + first);
    }
    RealmModel.tensors(parameters).forEach((name, entry) -> tensors.put(prefix + name, entry));
  }

  /** The part of a BERT that only an embedder uses. */
  private static void putPooler(
      SequencedMap<String, Entry> tensors, String prefix, BertConfig bert) {
    String pooler = prefix + "realm.pooler.dense.";
    putStart(tensors, pooler + "weight", bert.hidden(), bert.hidden());
    putStart(tensors, pooler + "bias", bert.hidden());
  }

  /** The head for masked words, which embedder and reader have and do not use. */
  private static void putPredictions(
      SequencedMap<String, Entry> tensors, String prefix, BertConfig bert) {
    String head = prefix + "cls.predictions.";
    int hidden = bert.hidden();
    putStart(tensors, head + "bias", bert.vocabulary());
    putStart(tensors, head + "transform.dense.weight", hidden, hidden);
    putStart(tensors, head + "transform.dense.bias", hidden);
    putStart(tensors, head + "transform.LayerNorm.weight", hidden);
    putStart(tensors, head + "transform.LayerNorm.bias", hidden);
    putStart(tensors, head + "decoder.weight", bert.vocabulary(), hidden);
    putStart(tensors, head + "decoder.bias", bert.vocabulary());
  }

  private static void putStart(SequencedMap<String, Entry> tensors, String name, long... shape) {
    tensors.put(name, new Entry(shape, Weights.random(0).floats(name, shape)));
  }

  private static Map<String, Object> config(String architecture, BertConfig bert) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("architectures", List.of(architecture));
    json.putAll(bert.toJson("realm"));
    return json;
  }

  private static Map<String, Object> config(String architecture, Embedder embedder) {
    Map<String, Object> json = config(architecture, embedder.bert().config());
    json.put("retriever_proj_size", embedder.config().projection());
    return json;
  }

  private static void checkSame(Record one, Record other) {
    if (!one.equals(other)) {
      throw new RealmException.Incompatible(
          "published layout: expected networks of one size, found %s and %s".formatted(one, other));
    }
  }
}
