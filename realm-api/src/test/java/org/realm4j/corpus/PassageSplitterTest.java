package org.realm4j.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;
import org.realm4j.text.SentenceSplitter;
import org.realm4j.text.Span;
import org.realm4j.text.WordPiece;

class PassageSplitterTest {
  private final WordPiece tokenizer = TestVocabulary.tokenizer();

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> words =
        Arbitraries.frequencyOf(
            Tuple.of(20, Arbitraries.of("the", "city", "of", "Bonn", "x1", "e.g.")),
            Tuple.of(6, Arbitraries.of(". The", "? A", "!\n\nWe", ".", ",")),
            Tuple.of(2, Arbitraries.strings().alpha().ofMinLength(20).ofMaxLength(90)),
            // Marks that vanish, marks and Hangul that decompose, and characters in two code units.
            Tuple.of(
                2,
                Arbitraries.of(
                    "\u0001", "e\u0301", "한국", "\ud83d\ude00", "漢字", "\u001c", "\u200b")));
    return words
        .list()
        .ofMaxSize(60)
        .flatMap(list -> Arbitraries.of(" ", "", "\n").map(s -> String.join(s, list)));
  }

  @Property(tries = 400, seed = "4711")
  void nothingIsLostAndNothingComesTwice(
      @ForAll("texts") String text,
      @ForAll("texts") String title,
      @ForAll @IntRange(min = 16, max = 60) int limit) {
    PassageSplitter splitter = new PassageSplitter(tokenizer, limit);
    List<PassageSplitter.Encoded> parts = splitter.encode(new Passage("p", title, text));
    String joined = parts.stream().map(part -> part.passage().text()).collect(Collectors.joining());
    assertEquals(withoutSpace(text), withoutSpace(joined));
    for (PassageSplitter.Encoded part : parts) {
      int length = 3 + part.titleIds().length + part.textIds().length;
      assertTrue(length <= limit, () -> length + " > " + limit + ": " + part.passage().text());
      assertEquals(title, part.passage().title());
      assertEquals(
          ids(tokenizer.encode(part.passage().text()).ids()),
          ids(part.textIds()),
          "own wordpieces");
      if (parts.size() > 1) {
        assertTrue(part.textIds().length > 0, "a part of no wordpieces");
      }
    }
  }

  /** Invariant: every part of several sentences fits, and sentences that fit are never divided. */
  @Property(tries = 200, seed = "4711")
  void sentencesThatFitStayWholeAndArePackedGreedily(
      @ForAll @IntRange(min = 1, max = 30) int sentences,
      @ForAll @IntRange(min = 24, max = 80) int limit) {
    List<String> list = new ArrayList<>();
    for (int i = 0; i < sentences; i++) {
      list.add("The city" + " of".repeat(i * 7 % 11) + ".");
    }
    String text = String.join(" ", list);
    List<String> parts =
        new PassageSplitter(tokenizer, limit)
            .split(new Passage("p", "", text)).stream().map(Passage::text).toList();
    assertEquals(greedy(text, limit - 3), parts);
  }

  /** Slowly: the longest run of whole sentences that fits, again and again. */
  private List<String> greedy(String text, int budget) {
    List<String> parts = new ArrayList<>();
    String part = "";
    for (Span sentence : SentenceSplitter.split(text)) {
      String longer = (part + " " + sentence.of(text).strip()).strip();
      if (tokenizer.encode(longer).ids().length > budget) {
        parts.add(part);
        longer = sentence.of(text).strip();
      }
      part = longer;
    }
    parts.add(part);
    return parts;
  }

  @Test
  void aPassageThatFitsExactlyStaysAsItIs() {
    Passage passage = new Passage("p", "city", " the city of the city of the city of the  ");
    assertEquals(
        List.of(passage),
        new PassageSplitter(tokenizer, 16).split(new Passage("p", "city", passage.text())));
    Passage longer = new Passage("p", "city", "the ".repeat(13));
    assertEquals(
        List.of("p#1", "p#2"),
        new PassageSplitter(tokenizer, 16).split(longer).stream().map(Passage::id).toList());
  }

  @Test
  void aSentenceBeyondTheLimitIsCutBetweenWords() {
    List<Passage> parts =
        new PassageSplitter(tokenizer, 16).split(new Passage("p", "", "abcde fghij klmno pqrst"));
    assertEquals(List.of("abcde fghij", "klmno pqrst"), parts.stream().map(Passage::text).toList());
  }

  @Test
  void aWordBeyondTheLimitIsCutInside() {
    String word = "abcdefghij".repeat(4);
    List<Passage> parts = new PassageSplitter(tokenizer, 16).split(new Passage("p", "", word));
    assertEquals(List.of(13, 13, 13, 1), parts.stream().map(p -> p.text().length()).toList());
  }

  @Test
  void sentencesWithoutWordpiecesAreNoPartsOfTheirOwn() {
    String sentence = "the ".repeat(30);
    String text = "\u0001\n\n" + sentence + "\n\n\u0001\n\n\u0001";
    List<PassageSplitter.Encoded> parts =
        new PassageSplitter(tokenizer, 16).encode(new Passage("p", "", text));
    assertEquals(List.of(13, 13, 4), parts.stream().map(part -> part.textIds().length).toList());
  }

  @Test
  void aLongTitleCountsOnlyHalfTheLimit() {
    Passage passage = new Passage("p", "the ".repeat(50), "city of the");
    List<PassageSplitter.Encoded> parts = new PassageSplitter(tokenizer, 20).encode(passage);
    assertEquals(1, parts.size());
    assertEquals(10, parts.getFirst().titleIds().length);
    assertEquals(passage.title(), parts.getFirst().passage().title());
  }

  @Test
  void aLimitThatLeavesNoTextIsRefused() {
    assertThrows(RealmException.BadInput.class, () -> new PassageSplitter(tokenizer, 15));
  }

  private static String withoutSpace(String text) {
    return text.chars()
        .filter(c -> !Character.isWhitespace(c))
        .collect(StringBuilder::new, (b, c) -> b.append((char) c), StringBuilder::append)
        .toString();
  }

  private static List<Integer> ids(int[] ids) {
    return Arrays.stream(ids).boxed().toList();
  }
}
