package org.realm4j.nn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.DiskFault;
import org.realm4j.io.Json;
import org.realm4j.io.RealmException;
import org.realm4j.io.Safetensors;
import org.realm4j.io.WeightFolder;
import org.realm4j.nn.RealmConfig.NullDocument;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;
import org.realm4j.text.Vocabulary;
import org.realm4j.text.WordPiece;

/**
 * The trained parts of a REALM: the retriever's one or two towers, the null document, the
 * knowledge-augmented encoder, and the vocabulary that they share.
 */
public final class RealmModel {
  private static final String NULL_VECTOR = "null_embedding";

  private final RealmConfig config;
  private final WordPiece tokenizer;
  private final Embedder documents;
  private final Embedder queries;
  private final @Nullable Parameter nullVector;
  private final KnowledgeAugmentedEncoder encoder;

  private RealmModel(
      RealmConfig config,
      WordPiece tokenizer,
      Embedder documents,
      Embedder queries,
      @Nullable Parameter nullVector,
      KnowledgeAugmentedEncoder encoder) {
    if (tokenizer.vocabulary().size() != config.encoder().vocabulary()) {
      throw new RealmException.Incompatible(
          "vocabulary: the model has "
              + config.encoder().vocabulary()
              + " tokens, vocab.txt "
              + tokenizer.vocabulary().size());
    }
    this.config = config;
    this.tokenizer = tokenizer;
    this.documents = documents;
    this.queries = queries;
    this.nullVector = nullVector;
    this.encoder = encoder;
  }

  /**
   * A REALM that starts from one pre-trained BERT or sentence encoder: both BERTs take its weights;
   * projection, null vector and MLM head start as BERT starts.
   *
   * @param bertFolder a Hugging Face folder: {@code config.json, vocab.txt, model.safetensors}
   */
  public static RealmModel fromBert(Path bertFolder, NullDocument nullDocument, long seed) {
    return fromBert(bertFolder, config -> config.withNullDocument(nullDocument), seed);
  }

  /**
   * The same of another shape.
   *
   * @param changed makes the configuration from the usual one, {@link
   *     RealmConfig#fromSentenceEncoder}; what it says of the two BERTs must stay
   */
  public static RealmModel fromBert(
      Path bertFolder, UnaryOperator<RealmConfig> changed, long seed) {
    BertConfig bert = BertConfig.read(bertFolder.resolve("config.json"));
    WordPiece tokenizer = uncased(bertFolder);
    BertFolder.checkVocabulary(bertFolder, bert, tokenizer);
    RealmConfig config = changed.apply(RealmConfig.fromSentenceEncoder(bert));
    try (WeightFolder folder = WeightFolder.open(bertFolder)) {
      String prefix = BertFolder.prefix(bertFolder, folder);
      return create(config, tokenizer, underPrefix("realm.", prefix, from(folder)), seed);
    }
  }

  /** A REALM folder has no place yet to say that its tokenizer keeps capitals. */
  private static WordPiece uncased(Path bertFolder) {
    WordPiece tokenizer = BertFolder.tokenizer(bertFolder);
    if (!tokenizer.lowerCase()) {
      throw new RealmException.Incompatible(
          bertFolder.resolve("tokenizer_config.json")
              + ": do_lower_case: expected true, found false: REALM is made of uncased models");
    }
    return tokenizer;
  }

  /** A REALM whose missing tensors start as BERT starts. */
  public static RealmModel create(
      RealmConfig config, WordPiece tokenizer, Weights known, long seed) {
    Weights start = Weights.either(known, Weights.random(seed));
    Embedder documents = new Embedder(config.retriever(), config.embedder(), "realm.", start);
    // Separate towers must start equal: two different projections retrieve nothing.
    Embedder queries = config.sharedTowers() ? documents : copy(documents);
    Parameter nullVector =
        config.nullDocument() == NullDocument.EMPTY_PASSAGE ? null : nullVector(config, start);
    return new RealmModel(
        config,
        tokenizer,
        documents,
        queries,
        nullVector,
        new KnowledgeAugmentedEncoder(config.encoder(), "realm.", start));
  }

  /**
   * A REALM of given networks.
   *
   * @param queries the query tower, {@code documents} itself where the towers are shared
   * @param nullVector holds {@code null_embedding} if the null document is a free vector
   */
  public static RealmModel of(
      RealmConfig config,
      WordPiece tokenizer,
      Embedder documents,
      Embedder queries,
      KnowledgeAugmentedEncoder encoder,
      Weights nullVector) {
    if (config.sharedTowers() != (documents == queries)) {
      throw new RealmException.BadInput(
          "towers: expected "
              + (config.sharedTowers() ? "one for both sides" : "one for each side"));
    }
    boolean free = config.nullDocument() == NullDocument.FREE_VECTOR;
    return new RealmModel(
        config,
        tokenizer,
        documents,
        queries,
        free ? nullVector(config, nullVector) : null,
        encoder);
  }

  private static Parameter nullVector(RealmConfig config, Weights weights) {
    int size = config.embedder().projection();
    return new Parameter(
        NULL_VECTOR, Parameter.Kind.WEIGHT, 1, size, weights.floats(NULL_VECTOR, size));
  }

  /** Opens what {@link #save} wrote. */
  public static RealmModel open(Path folder) {
    WordPiece tokenizer = new WordPiece(Vocabulary.load(folder.resolve("vocab.txt")));
    Path retriever = folder.resolve("retriever");
    Path encoder = folder.resolve("encoder");
    RealmConfig config = RealmConfig.read(folder);
    BertFolder.checkVocabulary(folder, config.encoder(), tokenizer);
    try (WeightFolder r = WeightFolder.open(retriever);
        WeightFolder e = WeightFolder.open(encoder)) {
      Embedder documents = new Embedder(config.retriever(), config.embedder(), "realm.", from(r));
      Embedder queries = documents;
      if (!config.sharedTowers()) {
        try (WeightFolder q = WeightFolder.open(folder.resolve("query_retriever"))) {
          queries = new Embedder(config.retriever(), config.embedder(), "realm.", from(q));
        }
      }
      Parameter nullVector =
          config.nullDocument() == NullDocument.FREE_VECTOR ? nullVector(config, from(r)) : null;
      return new RealmModel(
          config,
          tokenizer,
          documents,
          queries,
          nullVector,
          new KnowledgeAugmentedEncoder(config.encoder(), "realm.", from(e)));
    }
  }

  /**
   * Writes {@code realm.json, vocab.txt} and one Hugging Face folder for each network: {@code
   * retriever} and {@code query_retriever} (RealmEmbedder), {@code encoder}
   * (RealmKnowledgeAugEncoder).
   */
  public void save(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw DiskFault.writing(folder, 0, e);
    }
    tokenizer.vocabulary().write(folder.resolve("vocab.txt"));
    for (Map.Entry<String, List<Parameter>> part : parts().entrySet()) {
      Path dir = folder.resolve(part.getKey());
      BertConfig bert = part.getKey().equals("encoder") ? config.encoder() : config.retriever();
      WeightFolder.write(dir, tensors(part.getValue()), Long.MAX_VALUE);
      Json.write(dir.resolve("config.json"), bert.toJson("realm"));
    }
    Json.write(folder.resolve("realm.json"), config.toJson());
  }

  /** Parameters as they stand in a file: biases, norms and the free null vector as vectors. */
  public static SequencedMap<String, Safetensors.Entry> tensors(List<Parameter> parameters) {
    LinkedHashMap<String, Safetensors.Entry> tensors = new LinkedHashMap<>();
    for (Parameter p : parameters) {
      boolean vector =
          switch (p.kind()) {
            case BIAS, LAYER_NORM -> true;
            case WEIGHT -> p.name().equals(NULL_VECTOR); // a layer to one value is a matrix
            case EMBEDDING -> false;
          };
      long[] shape = vector ? new long[] {p.cols()} : new long[] {p.rows(), p.cols()};
      tensors.put(p.name(), new Safetensors.Entry(shape, p.values()));
    }
    return tensors;
  }

  public static Weights from(WeightFolder folder) {
    return new Weights() {
      @Override
      public boolean contains(String name) {
        return folder.contains(name);
      }

      @Override
      public float[] floats(String name, long... shape) {
        return folder.floats(name, shape);
      }
    };
  }

  /** Asks for {@code realm.x} what a folder calls {@code bert.x} or {@code x}. */
  private static Weights underPrefix(String ours, String theirs, Weights weights) {
    return new Weights() {
      private String name(String name) {
        return name.startsWith(ours) ? theirs + name.substring(ours.length()) : name;
      }

      @Override
      public boolean contains(String name) {
        return weights.contains(name(name));
      }

      @Override
      public float[] floats(String name, long... shape) {
        return weights.floats(name(name), shape);
      }
    };
  }

  /** A model of its own with the same values. */
  public RealmModel copy() {
    Embedder newDocuments = copy(documents);
    Map<String, float[]> values = new LinkedHashMap<>();
    encoder.parameters().forEach(p -> values.put(p.name(), p.values()));
    return new RealmModel(
        config,
        tokenizer,
        newDocuments,
        config.sharedTowers() ? newDocuments : copy(queries),
        nullVector == null ? null : nullVector.copy(),
        new KnowledgeAugmentedEncoder(config.encoder(), "realm.", Weights.of(values)));
  }

  /**
   * This model with a query tower of its own, which starts as the document tower is; itself if it
   * has one. All other parts are shared with this model.
   */
  public RealmModel withSeparateTowers() {
    return config.sharedTowers()
        ? new RealmModel(
            config.withSeparateTowers(), tokenizer, documents, copy(documents), nullVector, encoder)
        : this;
  }

  /** A tower of its own with the same values. */
  public static Embedder copy(Embedder tower) {
    Map<String, float[]> values = new LinkedHashMap<>();
    tower.parameters().forEach(p -> values.put(p.name(), p.values()));
    return new Embedder(tower.bert().config(), tower.config(), "realm.", Weights.of(values));
  }

  /**
   * {@link Bert#recomputeLayers} for all networks. Copies and files do not take it over; the
   * warm-ups leave it as it is, pre-training sets it as its settings say.
   */
  public void recomputeLayers(boolean again) {
    documents.bert().recomputeLayers(again);
    queries.bert().recomputeLayers(again);
    encoder.bert().recomputeLayers(again);
  }

  public RealmConfig config() {
    return config;
  }

  public WordPiece tokenizer() {
    return tokenizer;
  }

  public Vocabulary vocabulary() {
    return tokenizer.vocabulary();
  }

  /** The document tower. */
  public Embedder documents() {
    return documents;
  }

  /** The query tower; the document tower itself where they are shared. */
  public Embedder queries() {
    return queries;
  }

  public KnowledgeAugmentedEncoder encoder() {
    return encoder;
  }

  /** The parts and their parameters, each once, in a fixed order. */
  public Map<String, List<Parameter>> parts() {
    Map<String, List<Parameter>> parts = new LinkedHashMap<>();
    parts.put("retriever", documentSide());
    if (!config.sharedTowers()) {
      parts.put("query_retriever", queries.parameters());
    }
    parts.put("encoder", encoder.parameters());
    return parts;
  }

  private List<Parameter> documentSide() {
    List<Parameter> all = new ArrayList<>(documents.parameters());
    if (nullVector != null) {
      all.add(nullVector);
    }
    return all;
  }

  /** The retriever's two speeds: BERT trunks, and everything after them. */
  public List<Parameter> retrieverTrunk() {
    List<Parameter> all = new ArrayList<>(documents.bert().parameters());
    if (!config.sharedTowers()) {
      all.addAll(queries.bert().parameters());
    }
    return all;
  }

  /** Poolers, projections, layer norms and the free null vector. */
  public List<Parameter> retrieverHead() {
    List<Parameter> all = new ArrayList<>(documents.headParameters());
    if (!config.sharedTowers()) {
      all.addAll(queries.headParameters());
    }
    if (nullVector != null) {
      all.add(nullVector);
    }
    return all;
  }

  /** [CLS] x [SEP], cut at the limit. */
  public InputSequence query(int[] ids) {
    return InputSequence.join(vocabulary(), config.queryLimit(), ids);
  }

  /** [CLS] title [SEP] body [SEP], cut at the limit. */
  public InputSequence document(int[] title, int[] body) {
    return InputSequence.join(vocabulary(), config.passageLimit(), title, body);
  }

  /** [CLS] x [SEP] body [SEP]; the encoder never sees a title. */
  public InputSequence joint(int[] query, int[] body) {
    int[] x = cut(query, config.queryLimit() - 2);
    int[] z = cut(body, config.passageLimit() - 2);
    return InputSequence.join(vocabulary(), config.queryLimit() + config.passageLimit() - 1, x, z);
  }

  private static int[] cut(int[] ids, int length) {
    return ids.length <= length ? ids : java.util.Arrays.copyOf(ids, length);
  }

  /**
   * Vectors of documents with the null document first.
   *
   * @param batch the documents without the null document
   * @param drop examples of the null document and of each document
   * @return {@code [1 + sequences, projection]}
   */
  public Tensor withNullDocument(Session s, List<InputSequence> batch, @Nullable DropoutPlan drop) {
    if (nullVector == null) {
      List<InputSequence> all = new ArrayList<>();
      all.add(document(new int[0], new int[0]));
      all.addAll(batch);
      return documents.embed(s, TokenBatch.of(all), drop);
    }
    Tensor free = s.parameter(nullVector);
    return batch.isEmpty()
        ? free
        : s.concat(
            free, documents.embed(s, TokenBatch.of(batch), drop == null ? null : drop.from(1)));
  }
}
