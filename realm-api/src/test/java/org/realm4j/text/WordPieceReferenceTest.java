package org.realm4j.text;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** Against what the Hugging Face tokenizer gave for some hundreds of nasty texts. */
class WordPieceReferenceTest {
  @Test
  void idsAndOffsetsEqualHuggingFace() throws IOException {
    Path lines = given("realm.data").resolve("wordpiece/reference.jsonl");
    WordPiece wordPiece = new WordPiece(Vocabulary.load(given("realm.vocab")));
    List<Executable> checks = new ArrayList<>();
    for (String line : Files.readAllLines(lines)) {
      Reference reference = Reference.parse(line);
      checks.add(() -> reference.check(wordPiece.encode(reference.text)));
    }
    assertTrue(checks.size() > 100, () -> lines + " has only " + checks.size() + " lines");
    assertAll(checks);
  }

  private static Path given(String property) {
    String value = System.getProperty(property, "");
    assumeTrue(!value.isEmpty(), "not run: name it with -D" + property + "=PATH");
    return Path.of(value);
  }

  /** One line, its offsets in UTF-16 and without the first and the last token. */
  private record Reference(String text, int[] ids, int[] starts, int[] ends) {
    static Reference parse(String line) {
      String text = "";
      List<Integer> ids = new ArrayList<>();
      List<Integer> offsets = new ArrayList<>();
      try (JsonParser json = new JsonFactory().createParser(ObjectReadContext.empty(), line)) {
        json.nextToken();
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String field = json.currentName();
          json.nextToken();
          switch (field) {
            case "text" -> text = json.getString();
            case "ids" -> integers(json, ids);
            case "offsets" -> integers(json, offsets);
            default -> json.skipChildren();
          }
        }
      }
      int n = ids.size() - 2;
      int[] starts = new int[n];
      int[] ends = new int[n];
      for (int i = 0; i < n; i++) {
        starts[i] = text.offsetByCodePoints(0, offsets.get(2 * i));
        ends[i] = text.offsetByCodePoints(0, offsets.get(2 * i + 1));
      }
      int[] inner = ids.subList(1, n + 1).stream().mapToInt(id -> id).toArray();
      return new Reference(text, inner, starts, ends);
    }

    /** All integers of an array of any depth. */
    private static void integers(JsonParser json, List<Integer> into) {
      int depth = 1;
      while (depth > 0) {
        switch (json.nextToken()) {
          case START_ARRAY -> depth++;
          case END_ARRAY -> depth--;
          case VALUE_NUMBER_INT -> into.add(json.getIntValue());
          default -> {}
        }
      }
    }

    void check(WordPiece.Encoding found) {
      assertArrayEquals(ids, found.ids(), () -> "ids of: " + text);
      assertArrayEquals(starts, found.starts(), () -> "starts of: " + text);
      assertArrayEquals(ends, found.ends(), () -> "ends of: " + text);
    }
  }
}
