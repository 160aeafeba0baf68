package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;
import org.realm4j.qa.Answer;

class ConversationTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final List<String> asked = new ArrayList<>();

  @Test
  void everyLineIsAQuestionUntilAnEmptyOne() {
    converse("one?\n  two? \n\nthree?\n");
    assertEquals(List.of("one?", "two?"), asked);
    assertEquals(2, out.toString().lines().filter("**yes**  (probability 0.50)"::equals).count());
    assertFalse(out.toString().contains("> "), "the prompt belongs to stderr");
    assertEquals(3, err.toString().split("> ", -1).length - 1, err::toString);
  }

  @Test
  void theEndOfInputEndsIt() {
    converse("one?");
    assertEquals(List.of("one?"), asked);
    assertTrue(err.toString().endsWith("> " + System.lineSeparator()), err::toString);
  }

  @Test
  void aQuestionThatFailsEndsNothing() {
    converse("bad\ngood\n");
    assertEquals(List.of("bad", "good"), asked);
    assertTrue(err.toString().contains("realm: question: too bad"), err::toString);
    assertTrue(out.toString().contains("**yes**"), out::toString);
  }

  private void converse(String input) {
    new Conversation(this::answer, new PrintWriter(out), new PrintWriter(err), false)
        .run(new BufferedReader(new StringReader(input)));
  }

  private Answer answer(String question) {
    asked.add(question);
    if (question.equals("bad")) {
      throw new RealmException.BadInput("question: too bad");
    }
    return new Answer(question, "yes", 0.5, List.of(), List.of(), 0, false);
  }
}
