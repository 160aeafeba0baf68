package org.realm4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class EntityTaggerTest {
  @Test
  void namesAndDatesComeInOrder() {
    String text =
        "physicist born in Germany who formulated the special theory of relativity;"
            + " Einstein also proposed that light consists of quanta (1879-1955)";
    List<Entity> entities = EntityTagger.builtIn().tag(text);
    assertEquals(
        List.of("NAME Germany", "NAME Einstein", "DATE 1879-1955"),
        entities.stream().map(e -> e.kind() + " " + e.span().of(text)).toList());
  }

  @Test
  void datesWinOverNames() {
    String text = "on May 8, 1945 in Berlin";
    List<Entity> entities = EntityTagger.builtIn().tag(text);
    assertEquals(
        List.of(
            new Entity(new Span(3, 14), Entity.Kind.DATE),
            new Entity(new Span(18, 24), Entity.Kind.NAME)),
        entities);
  }

  @Test
  void aLongTextTakesLinearTime() {
    String text = "In May 1945 Anna of the Hague 12 - \" . ".repeat(20_000);
    assertTimeoutPreemptively(
        Duration.ofSeconds(20), () -> assertFalse(EntityTagger.builtIn().tag(text).isEmpty()));
  }

  @Provide
  Arbitrary<String> text() {
    return Arbitraries.of(
            "Paris",
            "of",
            "the",
            "The",
            "van",
            "&",
            "J.",
            "U.S.",
            "I",
            "A",
            "1999",
            "-",
            "–",
            "11",
            "May",
            "in",
            "BC",
            "c.",
            "walks",
            "'s",
            "'",
            "\"",
            "“",
            "”",
            ".",
            ",",
            "(",
            ")",
            "\n\n",
            "é",
            "É",
            "😀",
            "\uD83D",
            "President",
            "19th century",
            "AD",
            "ß")
        .list()
        .ofMaxSize(20)
        .flatMap(parts -> Arbitraries.of(" ", "").map(glue -> String.join(glue, parts)));
  }

  @Property
  void entitiesAreOrderedAndDisjointAndBeginAndEndWithText(@ForAll("text") String text) {
    int at = 0;
    for (Entity entity : EntityTagger.builtIn().tag(text)) {
      Span span = entity.span();
      assertTrue(span.start() >= at, () -> "overlap at " + span);
      assertTrue(span.length() > 0 && span.end() <= text.length());
      assertFalse(SentenceSplitter.isSpace(text.charAt(span.start())));
      assertFalse(SentenceSplitter.isSpace(text.charAt(span.end() - 1)));
      at = span.end();
    }
  }

  @Property
  void namesStayInsideOneSentence(@ForAll("text") String text) {
    List<Span> sentences = SentenceSplitter.split(text);
    for (Entity entity : EntityTagger.builtIn().tag(text)) {
      if (entity.kind() == Entity.Kind.NAME) {
        assertTrue(sentences.stream().anyMatch(s -> s.contains(entity.span())), text);
      }
    }
  }
}
