package org.realm4j.retrieval;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageSplitter;
import org.realm4j.corpus.PassageStore;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.text.Passage;
import org.realm4j.text.WordPiece;

/** A small index whose vectors follow from the passages' text alone, and what it should find. */
final class TinyIndex {
  static final int DIMENSION = 12;
  static final int LIMIT = 20;
  static final String MODEL = "0123456789abcdef0123456789abcdef";
  static final WordPiece TOKENIZER = new WordPiece(TinyRealm.vocabulary());

  private TinyIndex() {}

  /** Few words, so that some passages have the same vector. */
  static Passage passage(String id, int draw) {
    StringBuilder text = new StringBuilder("ada");
    for (int i = 0; i < 1 + draw % 30; i++) {
      text.append(i % 3 == 0 ? " london." : " was born");
    }
    return new Passage(id, "title", text + " " + draw % 7);
  }

  static float[] vector(String text) {
    float[] vector = new float[DIMENSION];
    int key = CounterRandom.key(text.hashCode());
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = CounterRandom.gaussian(key, i);
    }
    return vector;
  }

  static void embed(PassageStore store, VectorSink sink) {
    store.passages().forEach(passage -> sink.put(vector(passage.text()), 1));
  }

  static PassageIndex build(Path dir, String kind, List<Passage> passages) {
    return build(dir, kind, passages, TinyIndex::embed);
  }

  static PassageIndex build(
      Path dir, String kind, List<Passage> passages, PassageIndex.Embedding embedding) {
    Path corpus = dir.resolveSibling(dir.getFileName() + "-corpus");
    try (PassageStore store = PassageStore.build(corpus, Corpus.of(passages), TOKENIZER, LIMIT)) {
      IndexSettings settings = new IndexSettings(MODEL, DIMENSION, LIMIT, kind, Map.of());
      return PassageIndex.build(dir, settings, store, embedding, 2);
    }
  }

  /** What an index holds: id and text of each part, in order. */
  static final class Model {
    private final LinkedHashMap<String, Passage> passages = new LinkedHashMap<>();

    void add(Passage passage) {
      passages.put(passage.id(), passage);
    }

    void remove(String id) {
      passages.remove(id);
    }

    List<Passage> all() {
      return List.copyOf(passages.values());
    }

    List<String> ids() {
      return List.copyOf(passages.keySet());
    }

    /** As the splitter cuts them. */
    List<Passage> parts() {
      PassageSplitter splitter = new PassageSplitter(TOKENIZER, LIMIT);
      List<Passage> parts = new ArrayList<>();
      passages.values().forEach(passage -> parts.addAll(splitter.split(passage)));
      return parts;
    }

    /** Id and score of the best, by an index built of all vectors at once. */
    List<String> best(float[] query, int k) {
      List<Passage> parts = parts();
      float[] vectors = new float[parts.size() * DIMENSION];
      for (int i = 0; i < parts.size(); i++) {
        System.arraycopy(vector(parts.get(i).text()), 0, vectors, i * DIMENSION, DIMENSION);
      }
      try (MipsIndex fresh = MipsIndexProvider.named("exact").build(vectors, DIMENSION, 1)) {
        MipsIndex.Hits hits = fresh.search(query, 1, k)[0];
        List<String> best = new ArrayList<>();
        for (int i = 0; i < hits.rows().length; i++) {
          best.add(parts.get(hits.rows()[i]).id() + " " + hits.scores()[i]);
        }
        return best;
      }
    }
  }

  static List<String> best(IndexReader reader, float[] query, int k) {
    MipsIndex.Hits hits = reader.search(query, 1, k)[0];
    List<String> best = new ArrayList<>();
    for (int i = 0; i < hits.rows().length; i++) {
      best.add(reader.passage(hits.rows()[i]).id() + " " + hits.scores()[i]);
    }
    return best;
  }
}
