package org.realm4j.qa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.realm4j.io.RealmException;

class PredictionsTest {
  @TempDir Path dir;

  @ParameterizedTest
  @EnumSource
  void whatIsWrittenIsReadAgain(Predictions.Format format) {
    Map<String, String> answers = new LinkedHashMap<>();
    answers.put("who \"is\" it?", "Zoë 😀");
    answers.put("where?", "");
    answers.put("a, b", "{c}");
    Predictions.Key key =
        format == Predictions.Format.SQUAD ? Predictions.Key.ID : Predictions.Key.QUESTION;
    Predictions predictions = new Predictions(key, answers);
    Path file = dir.resolve("p");
    predictions.write(file, format);
    Predictions read = Predictions.read(file);
    assertEquals(predictions, read);
    assertEquals(List.copyOf(answers.keySet()), List.copyOf(read.answers().keySet()));
  }

  @Test
  void predictionsAreFoundByWhatTheyAreFiledUnder() {
    Question question = new Question("q", List.of("a"), false, null, "7");
    Map<String, String> answers = Map.of("q", "by text", "7", "by id");
    assertEquals(
        "by text", new Predictions(Predictions.Key.QUESTION, answers).prediction(question));
    assertEquals("by id", new Predictions(Predictions.Key.ID, answers).prediction(question));
    assertNull(new Predictions(Predictions.Key.ID, answers).prediction(Question.of("q")));
  }

  @Test
  void theLaterOfTwoPredictionsCounts() throws IOException {
    Path file = Files.writeString(dir.resolve("p"), "q\ta\nq\tb\n");
    assertEquals(Map.of("q", "b"), Predictions.read(file).answers());
  }

  @Test
  void linesHoldNoTabsAndNoLineBreaks() {
    Path file = dir.resolve("p");
    new Predictions(Predictions.Key.QUESTION, Map.of("q", " a\n\tb "))
        .write(file, Predictions.Format.TSV);
    assertEquals(Map.of("q", "a b"), Predictions.read(file).answers());
    for (String question : List.of("q\tr", "q\nr")) {
      Predictions predictions = new Predictions(Predictions.Key.QUESTION, Map.of(question, "a"));
      assertThrows(
          RealmException.BadInput.class, () -> predictions.write(file, Predictions.Format.TSV));
    }
  }

  @Test
  void squadWantsIds() {
    Predictions predictions = new Predictions(Predictions.Key.QUESTION, Map.of("q", "a"));
    RealmException e =
        assertThrows(
            RealmException.BadInput.class,
            () -> predictions.write(dir.resolve("p"), Predictions.Format.SQUAD));
    assertTrue(e.getMessage().contains("expected predictions by ID"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|expected predictions, found none",
        "{}|expected predictions, found none",
        "{\"question\": \"q\"}|'line 1: \"prediction\": expected a string, found no such key'",
        "{\"question\": \"q\", \"prediction\": 3}|'line 1: \"prediction\": expected a string, found 3'",
        "{\"id1\": 3}|'\"id1\": expected a string, found 3'",
        "alone|'line 1: fields: expected question<TAB>prediction, found'",
      })
  void wrongFilesAreRefused(String content, String message) throws IOException {
    Path file = Files.writeString(dir.resolve("p.txt"), content);
    RealmException e = assertThrows(RealmException.BadInput.class, () -> Predictions.read(file));
    assertTrue(e.getMessage().contains("p.txt"), e.getMessage());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }
}
