package org.realm4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.realm4j.io.Json;
import org.realm4j.io.Safetensors;
import org.realm4j.io.WeightFolder;
import org.realm4j.nn.Bert;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.RealmConfig.NullDocument;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.Weights;
import org.realm4j.tensor.Activation;
import org.realm4j.text.Vocabulary;

/** Models and corpora that are made in no time. */
final class TinyFiles {
  static final int HIDDEN = 32;

  private static final List<String> CITIES =
      List.of("Bonn", "Paris", "Rome", "Cairo", "Oslo", "Lima", "Delhi", "Kyoto", "Quito", "Sofia");
  private static final List<String> COUNTRIES =
      List.of(
          "Germany",
          "France",
          "Italy",
          "Egypt",
          "Norway",
          "Peru",
          "India",
          "Japan",
          "Ecuador",
          "Bulgaria");
  private static final List<String> OTHERS =
      List.of(
          "a",
          "and",
          "are",
          "big",
          "city",
          "capital",
          "has",
          "in",
          "is",
          "lies",
          "many",
          "of",
          "old",
          "people",
          "river",
          "the",
          "there",
          "town",
          "visitors",
          "we",
          "went",
          "to",
          ".",
          ",",
          "##s",
          "##n");

  private TinyFiles() {}

  static List<String> cities() {
    return CITIES;
  }

  /** The country of each city. */
  static List<String> countries() {
    return COUNTRIES;
  }

  static Vocabulary vocabulary() {
    List<String> tokens = new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    CITIES.forEach(city -> tokens.add(city.toLowerCase(java.util.Locale.ROOT)));
    COUNTRIES.forEach(country -> tokens.add(country.toLowerCase(java.util.Locale.ROOT)));
    tokens.addAll(OTHERS);
    return Vocabulary.of(tokens);
  }

  /** A folder with a BERT whose tensors have a prefix, such as none or "bert.". */
  static Path bert(Path dir, String prefix) throws IOException {
    Files.createDirectories(dir);
    BertConfig config =
        new BertConfig(vocabulary().size(), HIDDEN, 2, 2, 64, 512, 2, Activation.GELU, 1e-12f);
    vocabulary().write(dir.resolve("vocab.txt"));
    Json.write(dir.resolve("config.json"), config.toJson("bert"));
    write(dir, new Bert(config, prefix, Weights.random(7)));
    return dir;
  }

  private static void write(Path dir, Bert bert) {
    WeightFolder.write(dir, RealmModel.tensors(bert.parameters()), Long.MAX_VALUE);
  }

  static Path bert(Path dir) throws IOException {
    return bert(dir, "");
  }

  /** A folder with a REALM. */
  static Path realm(Path dir) throws IOException {
    Path bert = bert(dir.resolveSibling(dir.getFileName() + "-bert"));
    RealmModel.fromBert(bert, NullDocument.EMPTY_PASSAGE, 3).save(dir);
    return dir;
  }

  /** Twenty passages: each fact stands in two of them. */
  static List<String> passages() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < CITIES.size(); i++) {
      String city = CITIES.get(i);
      String country = COUNTRIES.get(i);
      lines.add(
          passage(
              city,
              "There is a city, " + city + ". The capital of " + country + " is " + city + "."));
      lines.add(
          passage(
              country,
              "We went to "
                  + country
                  + ". There are many people in "
                  + city
                  + " and in "
                  + country
                  + "."));
    }
    return lines;
  }

  static String passage(String title, String text) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("title", title);
    fields.put("text", text);
    return Json.format(fields);
  }

  static Path jsonLines(Path file, List<String> lines) throws IOException {
    return Files.write(file, lines);
  }

  /** The twenty passages as a corpus for a model. */
  static Path corpus(Path dir, Path model) throws IOException {
    Path lines = jsonLines(dir.resolveSibling(dir.getFileName() + ".jsonl"), passages());
    Ran.realm("corpus", "build", "--model", model, "--jsonl", lines, "--output", dir).succeeded();
    return dir;
  }

  /** Ten questions whose answers stand in the twenty passages, with their gold passages. */
  static Path questions(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < CITIES.size(); i++) {
      lines.add(question("the capital of " + COUNTRIES.get(i) + "?", CITIES.get(i), 2 * i));
    }
    return jsonLines(file, lines);
  }

  private static String question(String text, String answer, int passage) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("question", text);
    fields.put("answer", List.of(answer));
    fields.put("passage", String.valueOf(passage));
    return Json.format(fields);
  }

  /** A folder that answers the ten questions, most of them rightly. */
  static Path answering(Path dir) throws IOException {
    Path realm = realm(dir.resolveSibling("realm"));
    Path corpus = corpus(dir.resolveSibling("corpus"), realm);
    Path questions = questions(dir.resolveSibling("questions.jsonl"));
    Ran.realm(
            List.of("finetune", "--model", realm, "--corpus", corpus, "--questions", questions),
            List.of("--output", dir, "--epochs", 60, "--dropout", 0, "--threads", 1),
            List.of("--reader-rate", 1e-3, "--constant-rate"))
        .succeeded();
    return dir;
  }

  /** Copies a folder with all that is in it. */
  static Path copy(Path from, Path to) throws IOException {
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path path : tree.toList()) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
    }
    return to;
  }

  /** Puts a value into a tensor of a safetensors file. */
  static void poke(Path file, String tensor, int index, float value) {
    LinkedHashMap<String, Safetensors.Entry> tensors = new LinkedHashMap<>();
    try (Safetensors old = Safetensors.open(file)) {
      for (String name : old.names()) {
        float[] values = old.floats(name);
        if (name.equals(tensor)) {
          values[index] = value;
        }
        tensors.put(name, new Safetensors.Entry(old.shape(name), values));
      }
    }
    Safetensors.write(file, tensors, Map.of("format", "pt"));
  }

  /** Cuts the end of a file off. */
  static void cut(Path file, int bytes) throws IOException {
    byte[] all = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(all, all.length - bytes));
  }

  /** Changes one byte. */
  static void flip(Path file, int at) throws IOException {
    byte[] all = Files.readAllBytes(file);
    all[at < 0 ? all.length + at : at] ^= 0x55;
    Files.write(file, all);
  }
}
