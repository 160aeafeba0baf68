package org.realm4j.lucene;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.io.RealmException;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.text.Passage;

class Bm25Test {
  private static final List<Passage> PASSAGES =
      List.of(
          new Passage("0", "Bonn", "a city on the Rhine"),
          new Passage("1", "Paris", "the capital of France"),
          new Passage("2", "Rhine", "a river through many cities"),
          new Passage("3", "Same", "not to be or not to be"),
          new Passage("4", "Same", "not to be or not to be"));

  @Test
  void findsByTextAndByTitleAndByStem() {
    try (Bm25 bm25 = Bm25.index(PASSAGES)) {
      assertEquals(5, bm25.size());
      assertArrayEquals(new int[] {1}, bm25.search("France's", 3));
      assertArrayEquals(new int[] {1}, bm25.search("PARIS", 3));
      assertArrayEquals(new int[] {0, 2}, sorted(bm25.search("city", 3)), "stems");
      assertArrayEquals(new int[0], bm25.search("volcano", 3));
      assertArrayEquals(new int[0], bm25.search("", 3));
      assertEquals(0, bm25.rank("volcano", 3).scores().length);
    }
  }

  @Test
  void equalScoresComeInTheOrderOfTheNumbersAndStopWordsCount() {
    try (Bm25 bm25 = Bm25.index(PASSAGES)) {
      assertArrayEquals(new int[] {3, 4}, bm25.search("to be or not to be", 5));
      assertArrayEquals(new int[] {3}, bm25.search("to be or not to be", 1));
    }
  }

  @Test
  void oneMayBeExcluded() {
    try (Bm25 bm25 = Bm25.index(PASSAGES)) {
      assertArrayEquals(new int[] {4}, bm25.search("to be or not to be", 1, 3));
      assertArrayEquals(new int[] {3}, bm25.search("to be or not to be", 5, 4));
      assertArrayEquals(new int[] {3, 4}, bm25.search("to be or not to be", 5, 0));
      assertArrayEquals(new int[] {3, 4}, bm25.search("be", Integer.MAX_VALUE, 0));
    }
  }

  @Test
  void numbersSurviveManySegments() {
    List<Passage> passages =
        IntStream.range(0, 5_000).mapToObj(i -> new Passage("" + i, "", "no" + i)).toList();
    try (Bm25 bm25 = Bm25.index(passages, 3)) {
      for (int i = 0; i < passages.size(); i++) {
        assertArrayEquals(new int[] {i}, bm25.search("no" + i, 2));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Paris AND (",
        "\"Paris",
        "Paris~ *",
        "[Paris TO",
        "+Paris -capital!",
        "\\Paris:^"
      })
  void noCharacterOfAQueryIsSpecial(String query) {
    try (Bm25 bm25 = Bm25.index(PASSAGES)) {
      assertEquals(1, bm25.search(query, 1)[0], query);
    }
  }

  @Test
  void refusesNoPassagesAndNoHits() {
    assertThrows(RealmException.BadInput.class, () -> Bm25.index(List.of()));
    try (Bm25 bm25 = Bm25.index(PASSAGES)) {
      assertThrows(RealmException.BadInput.class, () -> bm25.search("x", 0));
      assertThrows(RealmException.BadInput.class, () -> bm25.rank("x", 0));
    }
  }

  @Test
  void aVeryLongQueryIsAnswered() {
    StringBuilder query = new StringBuilder("Paris");
    for (int i = 0; i < 5_000; i++) {
      query.append(" w").append(i);
    }
    try (Bm25 bm25 = Bm25.index(PASSAGES)) {
      assertArrayEquals(new int[] {1}, bm25.search(query.toString(), 3));
    }
  }

  /** Lengths below 40 terms are exact in Lucene's norms, so that the slow way gives its ranks. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void ranksAsTheFormulaDoes(long seed) {
    Random random = new Random(seed);
    List<Passage> passages = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      passages.add(new Passage("" + i, "", words(random, 1 + random.nextInt(35))));
    }
    try (Bm25 bm25 = Bm25.index(passages)) {
      for (int q = 0; q < 20; q++) {
        String query = words(random, 1 + random.nextInt(6));
        int excluded = random.nextInt(passages.size());
        double[] scores = scores(passages, query);
        int[] found = bm25.search(query, 30, excluded);
        MipsIndex.Hits ranked = bm25.rank(query, 30);
        assertArrayEquals(bm25.search(query, 30), ranked.rows());
        for (int i = 0; i < ranked.rows().length; i++) {
          String which = "seed " + seed + ", " + query + ", score " + i;
          assertEquals(scores[ranked.rows()[i]], ranked.scores()[i], 1e-4, which);
        }
        int[] expected =
            IntStream.range(0, scores.length)
                .filter(i -> scores[i] > 0 && i != excluded)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -scores[i]).thenComparing(i -> i))
                .limit(30)
                .mapToInt(Integer::intValue)
                .toArray();
        assertEquals(expected.length, found.length, "seed " + seed + ", " + query);
        for (int i = 0; i < found.length; i++) {
          // Float sums may order near-equal scores differently, so scores are compared, not ranks.
          assertEquals(
              scores[expected[i]],
              scores[found[i]],
              1e-4,
              "seed " + seed + ", " + query + ", " + i);
        }
      }
    }
  }

  private static String words(Random random, int count) {
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < count; i++) {
      // Squaring makes some terms common and others rare. Digits have no stems.
      int word = (int) (random.nextDouble() * random.nextDouble() * 200);
      words.append(words.isEmpty() ? "" : " ").append(1000 + word);
    }
    return words.toString();
  }

  private static double[] scores(List<Passage> passages, String query) {
    List<String[]> documents = passages.stream().map(p -> p.text().split(" ")).toList();
    double mean = documents.stream().mapToInt(d -> d.length).average().orElseThrow();
    Map<String, Integer> frequency = new HashMap<>();
    documents.forEach(
        d -> new LinkedHashSet<>(List.of(d)).forEach(t -> frequency.merge(t, 1, Integer::sum)));
    double[] scores = new double[documents.size()];
    for (String term : new LinkedHashSet<>(List.of(query.split(" ")))) {
      int df = frequency.getOrDefault(term, 0);
      double idf = Math.log(1 + (documents.size() - df + 0.5) / (df + 0.5));
      for (int i = 0; i < scores.length; i++) {
        String[] document = documents.get(i);
        long tf = Arrays.stream(document).filter(term::equals).count();
        double norm = 0.9 * (1 - 0.4 + 0.4 * document.length / mean);
        scores[i] += idf * tf / (tf + norm);
      }
    }
    return scores;
  }

  private static int[] sorted(int[] ordinals) {
    return Arrays.stream(ordinals).sorted().toArray();
  }
}
