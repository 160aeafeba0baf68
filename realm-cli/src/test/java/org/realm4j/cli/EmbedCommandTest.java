package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Npy;
import org.realm4j.io.RealmException;
import org.realm4j.nn.BertFolder;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;

class EmbedCommandTest {
  @TempDir Path folder;
  private Path texts;

  @BeforeEach
  void makeTexts() throws IOException {
    texts = texts("Bonn is a city", "Paris", "the old town in Rome, Italy");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "bert.", "realm."})
  void meanAndClsAreThoseOfTheHiddenStates(String prefix) throws IOException {
    Path model = TinyFiles.bert(folder.resolve("model"), prefix);
    float[][] mean = vectors(Ran.realm("embed", "--model", model, "--pooling", "mean", texts));
    float[][] cls = vectors(Ran.realm("embed", "--model", model, "--pooling", "cls", texts));
    BertFolder bert = BertFolder.open(model);
    int[] ids = bert.tokenizer().ids("Bonn is a city");
    try (Session s = BackendProvider.backend("reference").open(1);
        Tape tape = s.infer()) {
      InputSequence input = InputSequence.join(bert.tokenizer().vocabulary(), 512, ids);
      float[] states = bert.bert().forward(s, TokenBatch.of(List.of(input)), null).toArray();
      int tokens = ids.length + 2;
      for (int i = 0; i < TinyFiles.HIDDEN; i++) {
        double sum = 0;
        for (int t = 0; t < tokens; t++) {
          sum += states[t * TinyFiles.HIDDEN + i];
        }
        assertEquals(sum / tokens, mean[0][i], 1e-5);
        assertEquals(states[i], cls[0][i], 1e-5);
      }
    }
  }

  @Test
  void projectionIsTheRetrieversVector() throws IOException {
    Path model = TinyFiles.realm(folder.resolve("realm"));
    float[][] found = vectors(Ran.realm("embed", "--model", model, texts));
    RealmModel realm = RealmModel.open(model);
    try (Session s = BackendProvider.backend("reference").open(1);
        Tape tape = s.infer()) {
      InputSequence input = realm.query(realm.tokenizer().ids("Paris"));
      float[] expected = realm.queries().embed(s, TokenBatch.of(List.of(input)), null).toArray();
      assertArrayEquals(expected, found[1], 1e-5f);
    }
    float[][] passages = vectors(Ran.realm("embed", "--model", model, "--as", "passage", texts));
    assertFalse(java.util.Arrays.equals(found[1], passages[1]), "roles make no difference");
  }

  @Test
  void normalizedVectorsHaveLengthOne() throws IOException {
    Path model = TinyFiles.bert(folder.resolve("model"));
    for (float[] v : vectors(Ran.realm("embed", "--model", model, "--normalize", texts))) {
      double squares = 0;
      for (float x : v) {
        squares += (double) x * x;
      }
      assertEquals(1, squares, 1e-5);
    }
  }

  @Test
  void allOutputsHoldTheSameVectors() throws IOException {
    Path model = TinyFiles.bert(folder.resolve("model"));
    Path npy = folder.resolve("v.npy");
    Path lines = folder.resolve("v.jsonl");
    Path json = folder.resolve("figures.json");
    Ran printed = Ran.realm("embed", "--model", model, texts);
    Ran.realm("embed", "--model", model, texts, "--output", npy, "--json", json).succeeded();
    Ran.realm("embed", "--model", model, texts, "--output", lines).succeeded();
    assertEquals(printed.out(), Files.readString(lines));
    Npy.Matrix matrix = Npy.read(npy);
    assertEquals(3, matrix.rows());
    float[][] expected = vectors(printed);
    for (int i = 0; i < matrix.rowMajor().length; i++) {
      assertEquals(expected[i / TinyFiles.HIDDEN][i % TinyFiles.HIDDEN], matrix.rowMajor()[i]);
    }
    JsonObject figures = Json.parseObject(json);
    assertEquals(3, figures.integer("texts"));
    assertEquals("mean", figures.string("pooling"));
    String help = Ran.realm("embed", "--help").out();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
  }

  @Test
  void severalBatchesGiveTheSameAsOneText() throws IOException {
    Path model = TinyFiles.bert(folder.resolve("model"));
    String[] many = new String[9];
    java.util.Arrays.fill(many, "city ".repeat(400));
    many[8] = "Paris";
    float[][] found = vectors(Ran.realm("embed", "--model", model, texts(many)));
    float[][] alone = vectors(Ran.realm("embed", "--model", model, texts("Paris")));
    assertArrayEquals(alone[0], found[8], 1e-5f);
    assertArrayEquals(found[0], found[7], 1e-5f);
  }

  @Test
  void longTextsAreCutWithOneWarning() throws IOException {
    Path model = TinyFiles.bert(folder.resolve("model"));
    Path file = texts("city ".repeat(510), "city ".repeat(511), "city ".repeat(600));
    Ran ran = Ran.realm("embed", "--model", model, file).succeeded();
    assertEquals(
        "realm: warning: 2 of 3 texts were longer than 512 wordpieces and were cut",
        ran.err().strip());
    assertEquals(ran.json().get(1).list("vector"), ran.json().get(2).list("vector"));
  }

  @Test
  void noTextsGiveNoVectors() throws IOException {
    Path model = TinyFiles.bert(folder.resolve("model"));
    Path npy = folder.resolve("v.npy");
    Ran.realm("embed", "--model", model, texts(), "--output", npy).succeeded();
    assertEquals(0, Npy.read(npy).rows());
  }

  @Test
  void aFailureLeavesTheOldFile() throws IOException {
    Path model = TinyFiles.bert(folder.resolve("model"));
    for (String name : List.of("v.npy", "v.jsonl")) {
      Path output = folder.resolve(name);
      Files.writeString(output, "earlier");
      Path bad = TinyFiles.jsonLines(folder.resolve("bad"), List.of("{\"text\":\"Rome\"}", "no"));
      Ran.realm("embed", "--model", model, bad, "--output", output).failedWith("line 2");
      assertEquals("earlier", Files.readString(output));
      assertFalse(Files.exists(folder.resolve(name + ".tmp")));
    }
  }

  @Test
  void wrongUseIsTold() throws IOException {
    Path model = TinyFiles.bert(folder.resolve("model"));
    Ran.realm("embed", "--model", model, "--pooling", "max", texts)
        .wasWrongUse("--pooling", "[cls, mean, projection]", "found 'max'");
    Ran.realm("embed", "--model", model, "--threads", "0", texts)
        .wasWrongUse("--threads", "at least 1", "found '0'");
    Ran.realm("embed", "--model", model, "--backend", "abacus", texts)
        .failedWith("backend 'abacus' is not there", "reference");
    Ran.realm("embed", "--model", model, "--pooling", "projection", texts)
        .failedWith("expected a REALM model", "found none");
    Ran.realm("embed", "--model", model, texts, "--output", folder.resolve("no/v.jsonl"))
        .failedWith("v.jsonl: could not be written");
  }

  @Test
  void damagedModelsAreRefusedInOneLine() throws IOException {
    Path model = TinyFiles.bert(folder.resolve("model"));
    Path weights = model.resolve("model.safetensors");
    byte[] sound = Files.readAllBytes(weights);

    TinyFiles.cut(weights, 100);
    Ran.realm("embed", "--model", model, texts).failedWith("model.safetensors");
    Files.write(weights, sound);

    TinyFiles.poke(weights, "encoder.layer.1.output.dense.weight", 64 + 5, Float.NaN);
    Ran.realm("embed", "--model", model, texts)
        .failedWith(
            "encoder.layer.1.output.dense.weight", "expected finite values", "NaN at [1, 5]");
    Files.write(weights, sound);

    byte[] lying = sound.clone();
    lying[6] = 0x7f;
    Files.write(weights, lying);
    Ran.realm("embed", "--model", model, texts).failedWith("model.safetensors");
    Files.write(weights, sound);

    Files.writeString(
        model.resolve("vocab.txt"), "extra\n", java.nio.file.StandardOpenOption.APPEND);
    Ran.realm("embed", "--model", model, texts)
        .failedWith("expected 51 wordpieces", "found 52 in vocab.txt");
    Files.delete(model.resolve("config.json"));
    Ran.realm("embed", "--model", model, texts).failedWith("config.json: there is no such file");
  }

  @Test
  void otherArchitecturesAreRefused() throws IOException {
    Path model = TinyFiles.bert(folder.resolve("model"));
    Path config = model.resolve("config.json");
    String json = Files.readString(config);
    Files.writeString(config, json.replace("\"bert\"", "\"roberta\""));
    Ran.realm("embed", "--model", model, texts).failedWith("expected bert or realm, found roberta");
    Files.writeString(config, json.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"));
    Ran.realm("embed", "--model", model, texts).failedWith("no tensor encoder.layer.2.");
  }

  private static float[][] vectors(Ran ran) {
    return ran.succeeded().json().stream()
        .map(
            line -> {
              List<Object> values = line.list("vector");
              float[] vector = new float[values.size()];
              for (int i = 0; i < vector.length; i++) {
                if (!(values.get(i) instanceof Number number)) {
                  throw new RealmException("not a number: " + values.get(i));
                }
                vector[i] = number.floatValue();
              }
              return vector;
            })
        .toArray(float[][]::new);
  }

  private Path texts(String... texts) throws IOException {
    List<String> lines =
        List.of(texts).stream().map(text -> Json.format(Map.of("text", text))).toList();
    return TinyFiles.jsonLines(folder.resolve("texts-" + texts.length + ".jsonl"), lines);
  }
}
