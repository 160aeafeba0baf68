package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.RealmException;
import org.realm4j.qa.Question;

class DemoQuestionsTest {
  @TempDir Path folder;

  @Test
  void nothingThatIsMeasuredOnIsLearnedFrom() {
    DemoQuestions questions = DemoQuestions.bundled(folder);
    assertEquals(400, questions.training().size());
    assertEquals(300, questions.test().size());
    Set<String> texts = new HashSet<>();
    Set<String> passages = new HashSet<>();
    for (Question question : questions.training().questions()) {
      assertTrue(texts.add(question.text()), question::text);
      passages.add(String.valueOf(question.passage()));
    }
    for (Question question : questions.test().questions()) {
      assertTrue(texts.add(question.text()), question::text);
      assertFalse(passages.contains(String.valueOf(question.passage())), question::text);
      assertTrue(String.valueOf(question.passage()).matches("n\\d{8}"), question::text);
      assertFalse(question.answers().isEmpty(), question::text);
    }
  }

  @Test
  void everyFifthIsHeldOut() throws IOException {
    List<String> lines = List.of("a\t1", "b\t2", "c\t3", "d\t4", "e\t5", "f\t6", "g\t7");
    Path file = TinyFiles.jsonLines(folder.resolve("questions.tsv"), lines);
    DemoQuestions questions = DemoQuestions.read(file, null);
    assertEquals(
        List.of("a", "f"), questions.test().questions().stream().map(Question::text).toList());
    assertEquals(5, questions.training().size());
    assertEquals(1, questions.testingAtMost(1).test().size());
  }

  @Test
  void oneQuestionIsTooFewToBeHeldOut() throws IOException {
    Path file = TinyFiles.jsonLines(folder.resolve("one.tsv"), List.of("a\t1"));
    RealmException.BadInput e =
        org.junit.jupiter.api.Assertions.assertThrows(
            RealmException.BadInput.class, () -> DemoQuestions.read(file, null));
    assertTrue(String.valueOf(e.getMessage()).contains("found one"), e::getMessage);
  }
}
