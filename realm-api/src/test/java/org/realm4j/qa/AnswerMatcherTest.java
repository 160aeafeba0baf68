package org.realm4j.qa;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.realm4j.text.Span;

class AnswerMatcherTest {
  private static final AnswerMatcher NORMALISED = new AnswerMatcher(AnswerMatcher.Mode.NORMALISED);
  private static final AnswerMatcher RAW = new AnswerMatcher(AnswerMatcher.Mode.RAW);

  @Provide
  Arbitrary<String> nasty() {
    return QaTexts.nasty(30);
  }

  @Provide
  Arbitrary<List<String>> answers() {
    return QaTexts.nasty(3).list().ofMaxSize(5);
  }

  @Provide
  Arbitrary<List<String>> passages() {
    return QaTexts.nasty(30).list().ofMaxSize(6);
  }

  private static List<String> found(AnswerMatcher matcher, String text, String... answers) {
    return matcher.spans(Question.of("q", answers), text).stream().map(s -> s.of(text)).toList();
  }

  @Test
  void normalisedMatchesAreWholeWordsInTheOriginalText() {
    String text = "The U.S.A. (the bus) and Émile  Zola's “us”; the BEATLES, emile 1,000 😀!";
    assertEquals(List.of("U.S.A"), found(NORMALISED, text, "USA"));
    assertEquals(List.of(), found(NORMALISED, text, "us"));
    assertEquals(List.of("“us”"), found(NORMALISED, text, "“us”"));
    assertEquals(List.of("Émile  Zola's"), found(NORMALISED, text, "e\u0301mile the zolas"));
    assertEquals(List.of("BEATLES"), found(NORMALISED, text, "The Beatles"));
    assertEquals(List.of("emile"), found(NORMALISED, text, "emile"));
    assertEquals(List.of("1,000 😀"), found(NORMALISED, text, "1000 😀"));
  }

  @Test
  void articlesInsideAMatchBelongToItAndThoseAroundDoNot() {
    String text = "Over the moon, a day in the life of a cat";
    assertEquals(List.of("day in the life"), found(NORMALISED, text, "A day in life"));
  }

  @Test
  void allOccurrencesAreFoundOverlappingOnesToo() {
    assertEquals(
        List.of(new Span(0, 3), new Span(2, 5), new Span(4, 7)),
        NORMALISED.spans(Question.of("q", "b b"), "b b b b"));
    assertEquals(
        List.of(new Span(0, 2), new Span(1, 3)), RAW.spans(Question.of("q", "aa", "aa"), "aaa"));
    assertEquals(
        List.of(new Span(0, 1), new Span(0, 3), new Span(2, 3)),
        NORMALISED.spans(Question.of("q", "c", "b c", "b"), "b c"));
  }

  @Test
  void rawMatchesAreCharacters() {
    assertEquals(List.of("us"), found(RAW, "a bus", "us"));
    assertEquals(List.of(), found(RAW, "A Bus", "bus"));
    assertEquals(List.of("中"), found(RAW, "在中国", "中"));
  }

  @ParameterizedTest
  @EnumSource
  void whatIsEmptyNeverMatches(AnswerMatcher.Mode mode) {
    AnswerMatcher matcher = new AnswerMatcher(mode);
    Question question = Question.of("q", "");
    assertFalse(matcher.matches(question, "a text"));
    assertFalse(matcher.matches(Question.of("q"), "a text"));
    assertEquals(
        mode == AnswerMatcher.Mode.RAW, matcher.matches(Question.of("q", "the"), "in the text"));
    QuestionSet set = new QuestionSet("s", List.of(question));
    assertArrayEquals(new int[0], OccurrenceIndex.of(set, matcher, 1, p -> "a text").passagesOf(0));
  }

  @Test
  void patternsAreSearchedAndTheirMatchesAreTheSpans() {
    String text = "It opened in sept and in February.";
    Question question = Question.ofPatterns("q", "Sept?(ember)?|Feb(ruary)?", "in (the|february)");
    assertEquals(
        List.of("sept", "in February", "February"),
        NORMALISED.spans(question, text).stream().map(s -> s.of(text)).toList());
    assertFalse(RAW.matches(Question.ofPatterns("q", "x(", "zebra"), text));
    assertTrue(RAW.matches(Question.ofPatterns("q", "x(", "OPENED"), text));
  }

  @Property(tries = 2000)
  void normalisedMatchesAreThoseOfWordLists(
      @ForAll("answers") List<String> answers, @ForAll("nasty") String text) {
    List<String> words = QaTexts.words(QaTexts.normalise(text));
    Set<List<Integer>> expected = new java.util.HashSet<>();
    for (String answer : answers) {
      List<String> wanted = QaTexts.words(QaTexts.normalise(answer));
      for (int i = 0; !wanted.isEmpty() && i + wanted.size() <= words.size(); i++) {
        if (words.subList(i, i + wanted.size()).equals(wanted)) {
          expected.add(List.of(i, i + wanted.size()));
        }
      }
    }
    List<Span> spans = NORMALISED.spans(Question.of("q", answers.toArray(String[]::new)), text);
    assertEquals(expected.size(), spans.size(), text);
    for (Span span : spans) {
      String found = QaTexts.normalise(span.of(text));
      assertTrue(
          answers.stream().map(QaTexts::normalise).anyMatch(a -> !a.isEmpty() && found.contains(a)),
          "'" + found + "' in " + text);
    }
  }

  @Property(tries = 1000)
  void rawMatchesAreThoseOfANaiveSearch(
      @ForAll("answers") List<String> answers, @ForAll("nasty") String text) {
    Set<List<Integer>> expected = new java.util.HashSet<>();
    for (String answer : answers) {
      for (int i = 0; !answer.isEmpty() && i + answer.length() <= text.length(); i++) {
        if (text.startsWith(answer, i)) {
          expected.add(List.of(i, i + answer.length()));
        }
      }
    }
    List<List<Integer>> found = new ArrayList<>();
    for (Span span : RAW.spans(Question.of("q", answers.toArray(String[]::new)), text)) {
      found.add(List.of(span.start(), span.end()));
    }
    List<List<Integer>> sorted = new ArrayList<>(expected);
    sorted.sort((a, b) -> Arrays.compare(ints(a), ints(b)));
    assertEquals(sorted, found);
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(i -> i).toArray();
  }

  @Property(tries = 500)
  void theIndexAgreesWithMatchingOneByOne(
      @ForAll("answers") List<String> answers,
      @ForAll("passages") List<String> passages,
      @ForAll AnswerMatcher.Mode mode) {
    List<Question> questions = new ArrayList<>();
    for (int i = 0; i <= answers.size(); i++) {
      questions.add(Question.of("q", answers.subList(0, i).toArray(String[]::new)));
    }
    questions.add(Question.ofPatterns("q", "[x中]+", "é"));
    AnswerMatcher matcher = new AnswerMatcher(mode);
    OccurrenceIndex index =
        OccurrenceIndex.of(
            new QuestionSet("s", questions), matcher, passages.size(), passages::get);
    int[] backwards =
        IntStream.range(0, passages.size()).map(p -> passages.size() - 1 - p).toArray();
    for (int q = 0; q < questions.size(); q++) {
      Set<Integer> expected = new TreeSet<>();
      boolean[] labels = new boolean[passages.size()];
      for (int p = 0; p < passages.size(); p++) {
        if (matcher.matches(questions.get(q), passages.get(p))) {
          expected.add(p);
          labels[passages.size() - 1 - p] = true;
        }
      }
      assertEquals(new ArrayList<>(expected), IntStream.of(index.passagesOf(q)).boxed().toList());
      assertArrayEquals(labels, index.label(q, backwards));
      for (int p : expected) {
        assertTrue(index.holds(q, p));
      }
    }
    assertEquals(Collections.emptyList(), NORMALISED.spans(Question.of("q"), "text"));
  }
}
