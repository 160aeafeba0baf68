package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;

class TokenizeCommandTest {
  @TempDir Path folder;
  private Path model;

  @BeforeEach
  void makeModel() throws IOException {
    model = TinyFiles.bert(folder.resolve("model"));
  }

  @Test
  void offsetsCountCodePoints() throws IOException {
    Path file = texts("Bonns 🙂 Paris", "");
    List<JsonObject> lines = Ran.realm("tokenize", "--model", model, file).succeeded().json();
    assertEquals(2, lines.size());
    assertEquals(List.of("bonn", "##s", "[UNK]", "paris"), lines.getFirst().list("tokens"));
    assertEquals("[[0,4],[4,5],[6,7],[8,13]]", Json.format(lines.getFirst().list("offsets")));
    assertEquals(List.of(), lines.getLast().list("ids"));
  }

  @Test
  void specialTokensHaveNoOffsets() throws IOException {
    JsonObject line =
        Ran.realm("tokenize", "--model", model, "--special", texts("Bonn"))
            .succeeded()
            .json()
            .getFirst();
    assertEquals(List.of("[CLS]", "bonn", "[SEP]"), line.list("tokens"));
    assertEquals("[null,[0,4],null]", Json.format(line.list("offsets")));
  }

  @Test
  void idsAreThoseOfTheVocabulary() throws IOException {
    JsonObject line =
        Ran.realm("tokenize", "--model", model, texts("the old city")).json().getFirst();
    List<String> tokens =
        line.list("ids").stream()
            .map(id -> TinyFiles.vocabulary().token(((Long) id).intValue()))
            .toList();
    assertEquals(line.list("tokens"), tokens);
  }

  @Test
  void readsStdinWithoutAFile() {
    InputStream stdin = System.in;
    try {
      System.setIn(
          new ByteArrayInputStream("{\"text\": \"Bonn\"}\n".getBytes(StandardCharsets.UTF_8)));
      assertEquals(1, Ran.realm("tokenize", "--model", model).succeeded().json().size());
      System.setIn(new ByteArrayInputStream("{}\n".getBytes(StandardCharsets.UTF_8)));
      Ran.realm("tokenize", "--model", model)
          .failedWith("stdin, line 1", "\"text\"", "expected a string", "found no such key");
    } finally {
      System.setIn(stdin);
    }
  }

  @Test
  void figuresAreDocumented() throws IOException {
    Path json = folder.resolve("figures.json");
    Ran.realm("tokenize", "--model", model, texts("Bonn xyz"), "--json", json).succeeded();
    JsonObject figures = Json.parseObject(json);
    assertEquals(1, figures.integer("texts"));
    assertEquals(2, figures.integer("tokens"));
    assertEquals(1, figures.integer("unknown"));
    String help = Ran.realm("tokenize", "--help").out();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
  }

  @Test
  void badInputIsNamedWithItsLine() throws IOException {
    Path file = folder.resolve("bad.jsonl");
    Files.write(file, List.of("{\"text\": \"fine\"}", "{\"text\": 3}"));
    Ran.realm("tokenize", "--model", model, file).failedWith("bad.jsonl, line 2", "found 3");
    Files.write(file, new byte[] {'{', (byte) 0xff});
    Ran.realm("tokenize", "--model", model, file).failedWith("bad.jsonl", "not valid UTF-8");
    Ran.realm("tokenize", "--model", model, folder.resolve("none"))
        .failedWith("none: there is no such file");
    Ran.realm("tokenize", "--model", folder.resolve("none"), file)
        .failedWith("none: expected the folder of a model");
    Ran.realm("tokenize", file).wasWrongUse("--model");
  }

  @Test
  void aFullDiskIsAFailure() throws IOException {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    StringWriter err = new StringWriter();
    int status =
        Main.run(
            new PrintWriter(full, false, StandardCharsets.UTF_8),
            new PrintWriter(err),
            "tokenize",
            "--model",
            model.toString(),
            texts("Bonn").toString());
    assertEquals(1, status);
    assertEquals(1, err.toString().lines().count(), err::toString);
    assertTrue(err.toString().contains("stdout: could not be written"), err::toString);
  }

  private Path texts(String... texts) throws IOException {
    List<String> lines =
        List.of(texts).stream().map(text -> Json.format(java.util.Map.of("text", text))).toList();
    return TinyFiles.jsonLines(folder.resolve("texts.jsonl"), lines);
  }
}
