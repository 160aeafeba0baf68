package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Npy;
import org.realm4j.io.PublishedFolder;

class CheckCommandTest {
  @TempDir Path folder;

  @Test
  void everyKindIsRecognised() throws IOException {
    Path realm = TinyFiles.realm(folder.resolve("realm"));
    Path bert = folder.resolve("realm-bert");
    Path corpus = TinyFiles.corpus(folder.resolve("corpus"), realm);
    Path index = folder.resolve("index");
    Ran.realm("index", "build", "--model", realm, "--corpus", corpus, "--output", index)
        .succeeded();
    Path npy = folder.resolve("m.npy");
    Npy.write(npy, new float[6], 2, 3);
    Path json = folder.resolve("figures.json");
    Path weights = bert.resolve("model.safetensors");
    Ran ran =
        Ran.realm("check", realm, bert, corpus, index, npy, weights, "--json", json).succeeded();
    List<String> lines = ran.out().lines().toList();
    List<String> kinds =
        List.of(
            "REALM model of 2 layers",
            "BERT model of 2 layers",
            "corpus of 20 passages",
            "index of 20 vectors of dimension 32, int8",
            "NumPy matrix of 2 x 3",
            "safetensors");
    assertEquals(kinds.size(), lines.size(), ran::toString);
    for (int i = 0; i < kinds.size(); i++) {
      assertTrue(lines.get(i).startsWith("ok "), lines.get(i));
      assertTrue(lines.get(i).contains(kinds.get(i)), lines.get(i));
    }
    JsonObject figures = Json.parseObject(json);
    assertEquals(6, figures.integer("checked"));
    assertEquals(0, figures.integer("damaged"));
    String help = Ran.realm("check", "--help").out();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
  }

  @Test
  void everyDamagedTensorIsNamed() throws IOException {
    Path bert = TinyFiles.bert(folder.resolve("bert"));
    Path weights = bert.resolve("model.safetensors");
    TinyFiles.poke(weights, "encoder.layer.0.output.dense.bias", 7, Float.NaN);
    TinyFiles.poke(weights, "embeddings.LayerNorm.weight", 1, Float.POSITIVE_INFINITY);
    Ran ran = Ran.realm("check", bert, weights);
    ran.failedWith("2 of 2 paths are damaged");
    assertEquals(4, ran.out().lines().count(), ran::toString);
    assertTrue(
        ran.out()
            .contains(
                "encoder.layer.0.output.dense.bias: expected finite values, found NaN at [7]"),
        ran::toString);
    assertTrue(
        ran.out().contains("embeddings.LayerNorm.weight: expected finite values, found Infinity"),
        ran::toString);
  }

  @Test
  void damageIsFoundWhereverItIs() throws IOException {
    Path realm = TinyFiles.realm(folder.resolve("realm"));
    Path corpus = TinyFiles.corpus(folder.resolve("corpus"), realm);
    Path generation = PublishedFolder.at(corpus).current().orElseThrow();
    for (String name : List.of("passages.data", "passages.index")) {
      for (int at : new int[] {0, 40, -1}) {
        TinyFiles.flip(generation.resolve(name), at);
        damaged(corpus, name);
        TinyFiles.flip(generation.resolve(name), at);
      }
    }
    TinyFiles.flip(corpus.resolve("CURRENT"), 3);
    damaged(corpus, "CURRENT");
    TinyFiles.flip(corpus.resolve("CURRENT"), 3);
    Ran.realm("check", corpus).succeeded();
    Path encoder = realm.resolve("encoder/model.safetensors");
    byte[] sound = Files.readAllBytes(encoder);
    TinyFiles.cut(encoder, 1);
    damaged(realm, "encoder/model.safetensors");
    Files.write(encoder, sound);
    Files.delete(realm.resolve("vocab.txt"));
    damaged(realm, "vocab.txt");
  }

  @Test
  void aChecksumFindsWhatLooksSound() throws IOException {
    Path realm = TinyFiles.realm(folder.resolve("realm"));
    Path corpus = TinyFiles.corpus(folder.resolve("corpus"), realm);
    Path index = folder.resolve("index");
    Ran.realm("index", "build", "--model", realm, "--corpus", corpus, "--output", index)
        .succeeded();
    Path vectors =
        PublishedFolder.at(index).current().orElseThrow().resolve("segment-1/vectors.data");
    TinyFiles.flip(vectors, -4); // the lowest byte of a float: another finite number
    damaged(index, "segment-1/vectors.data: expected");
  }

  @Test
  void whatItDoesNotKnowIsNotSound() throws IOException {
    Path text = Files.writeString(folder.resolve("a.txt"), "text");
    damaged(text, "expected a file *.safetensors or *.npy");
    damaged(Files.createDirectory(folder.resolve("empty")), "expected a model, a corpus");
    damaged(folder.resolve("none"), "there is no such file or folder");
    damaged(Files.writeString(folder.resolve("a.npy"), "text"), "not a NumPy file");
    Ran.realm("check").wasWrongUse("PATH");
  }

  private static void damaged(Path path, String part) {
    Ran ran = Ran.realm("check", path);
    ran.failedWith("1 of 1");
    assertTrue(ran.out().startsWith("damaged  "), ran::toString);
    assertTrue(ran.out().contains(part), ran::toString);
  }
}
