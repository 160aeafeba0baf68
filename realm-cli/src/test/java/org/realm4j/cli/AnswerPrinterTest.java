package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.realm4j.qa.Answer;
import org.realm4j.qa.Evidence;
import org.realm4j.text.Passage;
import org.realm4j.text.Span;

class AnswerPrinterTest {
  private static final String TEXT = "Rome was founded by Romulus. The twin of Romulus was Remus.";

  @Test
  void theAnswerIsMarkedWhereverThePassageSaysIt() {
    List<String> lines = print(romulus(TEXT, new Span(41, 48), new Span(20, 27)), false);
    assertEquals("**Romulus**  (probability 0.75)", lines.get(0));
    assertEquals("  1. Rome  p(z|x) 0.600", lines.get(1));
    assertEquals(
        "     Rome was founded by **Romulus**. The twin of **Romulus** was Remus.", lines.get(2));
    assertEquals("  also possible: Remus (0.12)", lines.get(3));
    assertEquals("  index of step 80", lines.get(4));
    assertEquals(5, lines.size());
  }

  @Test
  void coloursStandForTheMarks() {
    List<String> lines = print(romulus(TEXT, new Span(20, 27)), true);
    assertTrue(lines.get(0).startsWith("\u001b[1;32mRomulus\u001b[0m  ("), lines.get(0));
    assertTrue(lines.get(1).contains("\u001b[1mRome\u001b[0m"), lines.get(1));
    assertTrue(lines.get(2).contains("by \u001b[1;32mRomulus\u001b[0m. The"), lines.get(2));
    assertFalse(String.join("", lines).contains("**"));
  }

  @Test
  void ofSpansThatOverlapTheMoreLikelyIsMarked() {
    List<String> lines = print(romulus(TEXT, new Span(20, 27), new Span(17, 27)), false);
    assertTrue(lines.get(2).contains("founded by **Romulus**. The"), lines.get(2));
  }

  @Test
  void ofALongPassageTheSurroundingsAreShown() {
    String text = "before ".repeat(1_000) + "Romulus" + " after".repeat(1_000);
    List<String> lines = print(romulus(text, new Span(7_000, 7_007)), false);
    String line = lines.get(2).strip();
    assertTrue(line.startsWith("... before before"), line);
    assertTrue(line.endsWith("after after ..."), line);
    assertTrue(line.contains("before **Romulus** after"), line);
    assertTrue(line.length() < 300, line);
  }

  @Test
  void aPassageWithoutTheAnswerShowsItsOwnBest() {
    String text = "before ".repeat(1_000) + "Remus" + " after".repeat(1_000);
    Evidence evidence = evidence(text, List.of(), new Span(7_000, 7_005));
    List<String> lines = print(answer("Romulus", List.of(evidence), false), false);
    assertTrue(lines.get(2).contains("before Remus after"), lines.get(2));
  }

  @Test
  void noAnswerIsSaid() {
    Evidence evidence = evidence(TEXT, List.of(), new Span(0, 4));
    assertEquals(
        "no answer: the most likely one has probability 0.75 only",
        print(answer(null, List.of(evidence), false), false).getFirst());
    assertEquals(
        "no answer: no passage was found", print(answer(null, List.of(), false), false).getFirst());
  }

  @Test
  void aCutQuestionIsSaid() {
    assertTrue(print(answer("Romulus", List.of(), true), false).get(1).contains("was cut"));
  }

  @Test
  void nothingInACorpusControlsTheTerminal() {
    String text = "Rome\u001b[31m was\r\n founded by\u0007 Romulus.\u009b2J";
    Span span = new Span(text.indexOf("Romulus"), text.indexOf("Romulus") + 7);
    List<String> lines = print(romulus(text, span), false);
    assertEquals("     Rome[31m was founded by **Romulus**.2J", lines.get(2));
  }

  @Test
  void aLongQuestionIsRepeatedInPart() {
    StringWriter out = new StringWriter();
    new AnswerPrinter(new PrintWriter(out), false).printQuestion("who ".repeat(10_000));
    assertTrue(out.toString().startsWith("> who who who"), out::toString);
    assertTrue(out.toString().strip().endsWith("who ..."), out::toString);
    assertTrue(out.toString().length() < 200, out::toString);
  }

  /** A character outside the basic plane is two units; half of one prints as a question mark. */
  @Property(tries = 200)
  void noCharacterIsCutInHalf(
      @ForAll @IntRange(max = 3) int shift, @ForAll @IntRange(min = 1, max = 200) int emoji) {
    String letters = "x".repeat(shift); // so that both windows begin and end anywhere
    String world = "\uD83C\uDF0D".repeat(emoji);
    String text = world + letters + "Romulus" + letters + world;
    int start = world.length() + shift;
    Span span = new Span(start, start + 7);
    String line = print(romulus(text, span), false).get(2);
    assertTrue(line.contains("**Romulus**"), line);
    assertTrue(
        line.codePoints()
            .noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE),
        line);
  }

  private static Answer romulus(String text, Span... spans) {
    Evidence evidence = evidence(text, List.of(spans), spans[0]);
    return answer("Romulus", List.of(evidence), false);
  }

  private static Evidence evidence(String text, List<Span> spans, Span best) {
    return new Evidence(new Passage("7", "Rome", text), 0.6, spans, best, 0.5);
  }

  private static Answer answer(@Nullable String text, List<Evidence> evidence, boolean cut) {
    return new Answer(
        "Who founded Rome?",
        text,
        0.75,
        evidence,
        List.of(new Answer.Alternative("Remus", 0.12)),
        80,
        cut);
  }

  private static List<String> print(Answer answer, boolean colour) {
    StringWriter out = new StringWriter();
    new AnswerPrinter(new PrintWriter(out), colour).print(answer);
    return out.toString().lines().toList();
  }
}
