package org.realm4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class SentenceSplitterTest {
  private static void assertSentences(String... sentences) {
    String text = String.join(" ", sentences);
    List<String> found = SentenceSplitter.split(text).stream().map(span -> span.of(text)).toList();
    assertEquals(List.of(sentences), found);
  }

  @Test
  void stopsEndSentences() {
    assertSentences("It rains.", "Is it cold?", "Yes!", "We go home");
    assertSentences("It was built in 1970.", "1980 saw the end.");
    assertSentences("No stop at all");
    assertEquals(List.of(), SentenceSplitter.split(" \n\u00A0"));
  }

  @Test
  void abbreviationsDoNot() {
    assertSentences("Dr. Smith met Mrs. Jones in St. Louis.", "They spoke.");
    assertSentences("See No. 5 and pp. 12 of it.", "Then stop.");
    assertSentences("It works, e.g. Java does.", "Fine.");
    assertSentences("He said no.", "Then he left.");
    assertSentences("Born c. 1450 in Bruges.", "He painted.");
  }

  @Test
  void initialsDoNot() {
    assertSentences("J. S. Bach wrote it.", "George W. Bush did not.");
    assertSentences("It ended with World War I.", "The peace was short.");
  }

  @Test
  void theNextWordDecidesAfterDottedAbbreviations() {
    assertSentences("The U.S. Army came.", "It left.");
    assertSentences("He lives in the U.S.", "The house is old.");
    assertSentences("Apple Inc. Chief Tim Cook spoke.");
    assertSentences("It was bought by Apple Inc.", "In 2001 it closed.");
  }

  @Test
  void numbersAndNamesWithDotsDoNot() {
    assertSentences("Pi is 3.14 and more.", "Visit example.org now.");
    assertSentences("Yahoo! is a company.", "\"What?\" he asked.");
  }

  @Test
  void quotesAndBracketsBehindTheStopBelongToTheSentence() {
    assertSentences("He said \"Stop.\"", "She did.", "(They left.)", "“Why?”", "‘So.’", "End.");
  }

  @Test
  void ellipsesEndASentenceOnlyBeforeACapital() {
    assertSentences("Well... maybe not.", "It went on…", "Nobody came...", "He left.");
  }

  @Test
  void tokenisedTextIsCutToo() {
    assertSentences("Germany , who won .", "The game ended .");
  }

  @Test
  void blankLinesEndASentenceAndLineBreaksDoNot() {
    String text = "A heading\n\nThe text goes\non here.";
    List<Span> found = SentenceSplitter.split(text);
    assertEquals(List.of(new Span(0, 9), new Span(11, text.length())), found);
  }

  @Provide
  Arbitrary<String> text() {
    return Arbitraries.of(
            "Word", "word", "The", "U.S.", "Dr.", "J.", ".", "...", "…", "!", "?", " ", "  ", "\n",
            "\n\n", "\u00A0", "\"", "”", "(", ")", "3.14", "1990", "é", "😀", "\uD83D", "'")
        .list()
        .ofMaxSize(25)
        .map(parts -> String.join("", parts));
  }

  @Property
  void nothingIsLostAndNothingComesTwice(@ForAll("text") String text) {
    int at = 0;
    for (Span span : SentenceSplitter.split(text)) {
      assertTrue(span.start() >= at && span.length() > 0, "overlapping or empty " + span);
      assertBlank(text.substring(at, span.start()));
      assertFalse(SentenceSplitter.isSpace(text.charAt(span.start())));
      assertFalse(SentenceSplitter.isSpace(text.charAt(span.end() - 1)));
      at = span.end();
    }
    assertBlank(text.substring(at));
  }

  private static void assertBlank(String gap) {
    assertTrue(gap.chars().allMatch(c -> SentenceSplitter.isSpace((char) c)), "lost: " + gap);
  }
}
