package org.realm4j.testkit.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.Json;
import org.realm4j.io.WeightFolder;
import org.realm4j.nn.Bert;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.Weights;
import org.realm4j.pretrain.Masking;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.pretrain.QuerySource;
import org.realm4j.retrieval.IndexRefresher;
import org.realm4j.tensor.Activation;
import org.realm4j.text.EntityTagger;
import org.realm4j.text.Passage;
import org.realm4j.text.Vocabulary;
import org.realm4j.text.WordPiece;

/** A REALM that trains in milliseconds: two layers of 32, and 40 passages about ten people. */
public final class TinyRealm {
  private record Person(String name, String city, String year, String field) {}

  private static final List<Person> PEOPLE =
      List.of(
          new Person("Ada Lovelace", "London", "1815", "computing"),
          new Person("Alan Turing", "London", "1912", "computing"),
          new Person("Marie Curie", "Warsaw", "1867", "chemistry"),
          new Person("Niels Bohr", "Copenhagen", "1885", "physics"),
          new Person("Max Planck", "Kiel", "1858", "physics"),
          new Person("Carl Gauss", "Brunswick", "1777", "algebra"),
          new Person("Emmy Noether", "Erlangen", "1882", "algebra"),
          new Person("Kurt Godel", "Brno", "1906", "logic"),
          new Person("Hans Oersted", "Copenhagen", "1777", "chemistry"),
          new Person("Bertrand Russell", "Trellech", "1872", "logic"));

  /** Words that are whole in the vocabulary; the others fall apart into pieces. */
  private static final String WORDS =
      "was born in the year a child came to ; , . : ? ! ' \" ( ) - worked on people of knew it well"
          + " begins with and town has stone for there ada alan turing marie curie niels bohr max"
          + " planck carl gauss emmy kurt hans bertrand russell london warsaw kiel brno 1815 1912"
          + " 1867 1885 1777 1882 1906 1872 computing chemistry physics algebra logic love ##lace"
          + " copen ##hagen noe ##ther";

  private TinyRealm() {}

  public static Vocabulary vocabulary() {
    Set<String> tokens = new LinkedHashSet<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    tokens.addAll(List.of(WORDS.split(" ")));
    for (char c : "abcdefghijklmnopqrstuvwxyz0123456789".toCharArray()) {
      tokens.add(String.valueOf(c));
      tokens.add("##" + c);
    }
    return Vocabulary.of(List.copyOf(tokens));
  }

  /** Two of two sentences, one of two parts, one of a single part for each person. */
  public static List<Passage> passages() {
    List<Passage> all = new ArrayList<>();
    for (Person p : PEOPLE) {
      String[] texts = {
        p.name + " was born in " + p.city + ". The year was " + p.year + ".",
        "In " + p.year + " a child came to " + p.city + "; the child was " + p.name + ".",
        p.name + " worked on " + p.field + ". The people of " + p.city + " knew it well.",
        "The " + p.field + " of " + p.year + " begins with " + p.name + "."
      };
      String[] titles = {p.name, p.city, p.name, p.field};
      for (int i = 0; i < texts.length; i++) {
        all.add(new Passage(p.name + " " + i, titles[i], texts[i]));
      }
    }
    return all;
  }

  public static RealmConfig config() {
    BertConfig bert = bert(32, 2, 4, 80);
    return new RealmConfig(
        bert,
        new EmbedderConfig(EmbedderConfig.Pooling.MEAN, false, 16, true, 1e-12f),
        bert,
        true,
        RealmConfig.NullDocument.EMPTY_PASSAGE,
        24,
        40);
  }

  private static BertConfig bert(int hidden, int layers, int heads, int positions) {
    return new BertConfig(
        vocabulary().size(),
        hidden,
        layers,
        heads,
        2 * hidden,
        positions,
        2,
        Activation.GELU,
        1e-12f);
  }

  public static RealmModel model(RealmConfig config) {
    return RealmModel.create(config, new WordPiece(vocabulary()), Weights.of(Map.of()), 7);
  }

  public static RealmModel model() {
    return model(config());
  }

  /** A model away from its start, where all states are nearly the same. */
  public static RealmModel diverse(RealmConfig config) {
    Weights start = Weights.random(7);
    Weights large =
        new Weights() {
          @Override
          public boolean contains(String name) {
            return true;
          }

          @Override
          public float[] floats(String name, long... shape) {
            float[] values = start.floats(name, shape);
            for (int i = 0; i < values.length; i++) {
              values[i] *= name.contains("LayerNorm") ? 0.5f : 8f;
            }
            return values;
          }
        };
    return RealmModel.create(config, new WordPiece(vocabulary()), large, 7);
  }

  public static PassageStore store(Path dir, List<Passage> passages) {
    return PassageStore.build(
        dir, Corpus.of(passages), new WordPiece(vocabulary()), config().passageLimit());
  }

  public static PassageStore store(Path dir) {
    return store(dir, passages());
  }

  public static QuerySource queries(PassageStore store, Masking masking, int limit) {
    return QuerySource.of(
        store, new WordPiece(vocabulary()), EntityTagger.builtIn(), masking, limit);
  }

  public static QuerySource queries(PassageStore store) {
    return queries(store, Masking.SALIENT_SPAN, config().queryLimit());
  }

  /** Small, quick and hot. */
  public static Pretraining settings(long steps) {
    return Pretraining.steps(steps)
        .batch(3)
        .candidates(4)
        .dropout(0)
        .linearDecay(false)
        .rates(new Pretraining.Rates(1e-3f, 1e-3f, 1e-3f))
        .refreshEvery(4)
        .refreshMode(IndexRefresher.Mode.BETWEEN_STEPS);
  }

  /** A Hugging Face folder with a BERT that is wide enough for a projection to 128. */
  public static void writeBert(Path folder) {
    BertConfig config = bert(128, 1, 4, 512);
    Bert bert = new Bert(config, "", Weights.random(3));
    vocabulary().write(folder.resolve("vocab.txt"));
    WeightFolder.write(folder, RealmModel.tensors(bert.parameters()), Long.MAX_VALUE);
    Json.write(folder.resolve("config.json"), config.toJson("bert"));
  }
}
