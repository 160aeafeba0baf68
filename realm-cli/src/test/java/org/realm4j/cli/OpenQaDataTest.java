package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.qa.Question;
import org.realm4j.text.WordPiece;
import picocli.CommandLine.TypeConversionException;

class OpenQaDataTest {
  @TempDir Path folder;

  @Test
  void theGoldPassageOfALongOneIsThePartWithTheAnswer() throws IOException {
    Path data = TinyQuestions.folder(folder.resolve("tiny"));
    String text =
        "In Rome there are people. ".repeat(20) + "Paris is old. " + "We went. ".repeat(50);
    TinyFiles.jsonLines(data.resolve("passages.jsonl"), List.of(TinyFiles.passage("Rome", text)));
    TinyFiles.jsonLines(
        data.resolve("questions.dev.jsonl"),
        List.of(
            TinyQuestions.question("what is old", "Paris", 1),
            TinyQuestions.question("what is big", "Cairo", 1),
            TinyQuestions.question("what else", "Paris", 7)));
    OpenQaData read = OpenQaData.in(data);
    try (PassageStore store =
        PassageStore.build(
            folder.resolve("store"), read.corpus(), new WordPiece(TinyFiles.vocabulary()), 64)) {
      List<Question> questions = read.dev("", 10, store).questions();
      int gold = store.indexOf(String.valueOf(questions.get(0).passage()));
      assertTrue(gold > 0 && store.passage(gold).text().contains("Paris"), "passage " + gold);
      assertEquals("1#1", questions.get(1).passage(), "no part holds it");
      assertEquals("7", questions.get(2).passage(), "not of this corpus");
    }
  }

  @Test
  void everyNthQuestionIsTakenInOrder() throws IOException {
    OpenQaData data = OpenQaData.in(TinyQuestions.folder(folder.resolve("tiny")));
    try (PassageStore store =
        PassageStore.build(
            folder.resolve("store"), data.corpus(), new WordPiece(TinyFiles.vocabulary()), 64)) {
      List<String> all = data.dev("", 10, store).questions().stream().map(Question::text).toList();
      List<String> some = data.dev("", 4, store).questions().stream().map(Question::text).toList();
      assertEquals(List.of(all.get(0), all.get(2), all.get(5), all.get(7)), some);
    }
  }

  @Test
  void budgetsAreReadAndNamed() {
    QuestionBudget every = QuestionBudget.parse("8000");
    assertEquals(8_000, every.of("", Set.of("")));
    assertEquals(8_000, every.of("nq", Set.of("nq", "squad")));
    assertEquals("8000", every.toString());
    QuestionBudget some = QuestionBudget.parse("nq=all,squad=13000");
    assertEquals(Integer.MAX_VALUE, some.of("nq", Set.of("nq", "squad", "trec")));
    assertEquals(13_000, some.of("squad", Set.of("nq", "squad", "trec")));
    assertEquals(0, some.of("trec", Set.of("nq", "squad", "trec")));
    assertEquals("nq-all+squad-13000", some.toString());
    assertThrows(RealmException.BadInput.class, () -> some.of("nq", Set.of("nq")));
    for (String bad : List.of("", "0", "-3", "some", "nq=", "nq=3,5", "5,nq=3", "nq=3,nq=4")) {
      assertThrows(TypeConversionException.class, () -> QuestionBudget.parse(bad), bad);
    }
  }

  @Test
  void aLineThatWasCutOffIsDropped() throws IOException {
    Path file = folder.resolve("steps.jsonl");
    JsonLog log = JsonLog.open(file, line -> true);
    for (int step = 0; step < 4; step++) {
      log.add(Map.of("step", step));
    }
    Files.writeString(file, "{\"step\":4", StandardOpenOption.APPEND);
    JsonLog again = JsonLog.open(file, line -> line.integer("step") < 3);
    again.add(Map.of("step", 3));
    assertEquals(
        List.of(0L, 1L, 2L, 3L),
        JsonLog.read(file).stream().map(line -> line.integer("step")).toList());
    assertEquals(4, again.lines().size());
  }
}
