package org.realm4j.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.text.Entity;
import org.realm4j.text.EntityTagger;
import org.realm4j.text.Passage;
import org.realm4j.text.SentenceSplitter;
import org.realm4j.text.Span;
import org.realm4j.text.WordPiece;

/** Invariants 19 and 20: what is masked, where, and how often. */
class QuerySourceTest {
  private static final WordPiece TOKENIZER = new WordPiece(TinyRealm.vocabulary());
  private static final int MASK = TinyRealm.vocabulary().mask();

  @TempDir Path dir;

  private static List<Passage> difficult() {
    String[] texts = {
      "Zoë Müller was born in Košice. 😀 The year was 1912 😀.",
      "The child 😀😀 of Ada Lovelace came to Copenhagen in 1777.",
      "İstanbul was the town of Jürgen Ångström in 1885; there was a child.",
      "in 1815 a child " + "worked ".repeat(40) + "with Max Planck.",
      "well " + "worked ".repeat(40) + "with Max Planck in 1858.",
      "1867",
      "the child of Noether knew Noether well. Lovelace came to London.",
      "Ada  Lovelace\u00a0was\tborn in\nLondon. The 中 of Kiel.",
    };
    List<Passage> all = new ArrayList<>();
    for (int i = 0; i < texts.length; i++) {
      all.add(new Passage("p" + i, i % 2 == 0 ? "Ünusual 😀" : "", texts[i]));
    }
    return all;
  }

  private static int[] restored(MaskedQuery q) {
    int[] ids = q.ids().clone();
    for (int j = 0; j < q.masked().length; j++) {
      ids[q.masked()[j]] = q.targets()[j];
    }
    return ids;
  }

  @ParameterizedTest
  @EnumSource
  void aMaskedQueryCanBeRestored(Masking masking) {
    int limit = 24;
    List<Passage> passages = new ArrayList<>(TinyRealm.passages());
    passages.addAll(difficult());
    try (PassageStore store = TinyRealm.store(dir, passages)) {
      QuerySource source = TinyRealm.queries(store, masking, limit);
      for (int n = 0; n < 400; n++) {
        MaskedQuery q = source.draw(3, n);
        assertArrayEquals(TOKENIZER.ids(q.sentence()), restored(q), q.sentence());
        assertTrue(q.masked().length >= 1 && q.masked().length <= QuerySource.MAX_MASKS);
        for (int j = 0; j < q.masked().length; j++) {
          assertEquals(MASK, q.ids()[q.masked()[j]]);
          assertTrue(q.position(j) >= 1 && q.position(j) <= limit - 2, q.sentence());
          assertTrue(j == 0 || q.masked()[j] > q.masked()[j - 1]);
        }
        assertEquals(q.masked().length, Arrays.stream(q.ids()).filter(id -> id == MASK).count());
        String text = store.passage(q.passage()).text();
        assertTrue(
            SentenceSplitter.split(text).stream().anyMatch(s -> s.of(text).equals(q.sentence())));
      }
    }
  }

  /** The masked tokens are all those inside one entity of the sentence, by offsets of the text. */
  @Test
  void aSalientSpanIsMaskedWholeAndNothingElse() {
    List<Passage> passages = new ArrayList<>(TinyRealm.passages());
    passages.addAll(difficult());
    try (PassageStore store = TinyRealm.store(dir, passages)) {
      QuerySource source = TinyRealm.queries(store, Masking.SALIENT_SPAN, 24);
      for (int n = 0; n < 400; n++) {
        MaskedQuery q = source.draw(4, n);
        String text = store.passage(q.passage()).text();
        int start = text.indexOf(q.sentence());
        Span sentence = new Span(start, start + q.sentence().length());
        WordPiece.Encoding tokens = TOKENIZER.encode(q.sentence());
        assertTrue(
            EntityTagger.builtIn().tag(text).stream()
                .map(Entity::span)
                .filter(sentence::contains)
                .anyMatch(span -> Arrays.equals(inside(tokens, span, start), q.masked())),
            q.sentence() + Arrays.toString(q.masked()));
      }
    }
  }

  private static int[] inside(WordPiece.Encoding tokens, Span span, int sentenceStart) {
    List<Integer> found = new ArrayList<>();
    for (int t = 0; t < tokens.size(); t++) {
      if (span.contains(
          new Span(tokens.starts()[t] + sentenceStart, tokens.ends()[t] + sentenceStart))) {
        found.add(t);
      }
    }
    return found.stream().mapToInt(i -> i).toArray();
  }

  @Test
  void aSpanThatStandsTwiceOrBehindTheLimitIsNeverMasked() {
    try (PassageStore store = TinyRealm.store(dir, difficult())) {
      QuerySource source = TinyRealm.queries(store, Masking.SALIENT_SPAN, 24);
      for (int n = 0; n < 300; n++) {
        String sentence = source.draw(5, n).sentence();
        assertFalse(sentence.startsWith("well"), sentence); // spans behind the limit only
        assertFalse(sentence.startsWith("the child"), sentence + " tells what is masked");
      }
    }
  }

  @Test
  void anEpochVisitsEveryPassageOnceInANewOrder() {
    try (PassageStore store = TinyRealm.store(dir)) {
      QuerySource source = TinyRealm.queries(store);
      List<List<Integer>> epochs = new ArrayList<>();
      for (int e = 0; e < 4; e++) {
        List<Integer> seen = new ArrayList<>();
        for (int i = 0; i < source.size(); i++) {
          seen.add(source.draw(1, (long) e * source.size() + i).passage());
        }
        assertEquals(source.size(), new HashSet<>(seen).size());
        assertFalse(epochs.contains(seen));
        epochs.add(seen);
      }
    }
  }

  @Test
  void aDrawIsAFunctionOfSeedAndNumber() {
    try (PassageStore store = TinyRealm.store(dir)) {
      QuerySource source = TinyRealm.queries(store);
      QuerySource again = TinyRealm.queries(store);
      List<String> first = new ArrayList<>();
      List<String> other = new ArrayList<>();
      for (int n = 0; n < 100; n++) {
        first.add(text(source.draw(1, n)));
        other.add(text(source.draw(2, n)));
      }
      assertNotEquals(first, other);
      for (int n = 99; n >= 0; n--) { // in another order, from another object
        assertEquals(first.get(n), text(again.draw(1, n)));
      }
      assertEquals(40, source.sample(1000, 1).size());
      assertEquals(first.subList(0, 7), source.sample(7, 1).stream().map(q -> text(q)).toList());
    }
  }

  private static String text(MaskedQuery q) {
    return q.passage() + " " + Arrays.toString(q.ids());
  }

  /** Chi-squared over the spans of one passage: below the 99.9 % quantile for this seed. */
  @Test
  void spansOfAPassageAreEquallyLikely() {
    Passage p =
        new Passage("x", "", "Ada came to London in 1815. Max Planck came to Kiel in 1867.");
    try (PassageStore store = TinyRealm.store(dir, List.of(p))) {
      QuerySource source = TinyRealm.queries(store);
      assertEquals(6, source.spans());
      Map<String, Integer> counts = new HashMap<>();
      int draws = 6000;
      for (int n = 0; n < draws; n++) {
        counts.merge(text(source.draw(11, n)), 1, Integer::sum);
      }
      assertEquals(6, counts.size());
      double chi = 0;
      for (int c : counts.values()) {
        chi += Math.pow(c - draws / 6.0, 2) / (draws / 6.0);
      }
      assertTrue(chi < 20.5, "chi-squared with 5 degrees of freedom: " + chi);
    }
  }

  // ---- the ablations

  @Test
  void randomTokensAreAboutFifteenPercent() {
    String text = "a child worked on algebra with people of the town and it was well there .";
    try (PassageStore store = TinyRealm.store(dir, List.of(new Passage("x", "", text)))) {
      QuerySource source = TinyRealm.queries(store, Masking.RANDOM_TOKENS, 24);
      int length = TOKENIZER.ids(text).length;
      int masked = 0;
      BitSet places = new BitSet();
      for (int n = 0; n < 2000; n++) {
        for (int t : source.draw(6, n).masked()) {
          masked++;
          places.set(t);
        }
      }
      // A draw that would mask nothing masks one.
      double expected = 0.15 * length + Math.pow(0.85, length);
      assertEquals(expected, masked / 2000.0, 0.12);
      assertEquals(length, places.cardinality());
    }
  }

  @Test
  void aRandomSpanIsARunOfWholeWords() {
    String text =
        "copenhagen noether lovelace a child worked on algebra with people of copenhagen and it"
            + " was lovelace";
    try (PassageStore store = TinyRealm.store(dir, List.of(new Passage("x", "", text)))) {
      QuerySource source = TinyRealm.queries(store, Masking.RANDOM_SPAN, 40);
      int[] ids = TOKENIZER.ids(text);
      for (int n = 0; n < 1000; n++) {
        int[] masked = source.draw(8, n).masked();
        for (int j = 1; j < masked.length; j++) {
          assertEquals(masked[j - 1] + 1, masked[j]);
        }
        int end = masked[masked.length - 1] + 1;
        assertFalse(continues(ids[masked[0]]), "starts inside a word");
        assertTrue(end == ids.length || !continues(ids[end]), "ends inside a word: draw " + n);
        assertTrue(masked.length <= 10);
      }
    }
  }

  private static boolean continues(int id) {
    return TinyRealm.vocabulary().token(id).startsWith("##");
  }

  /** SpanBERT: geometric with p = 0.2 among 1 to 10, whose mean is 3.8. */
  @Test
  void lengthsOfRandomSpansAreGeometric() {
    int n = 100_000;
    int[] counts = new int[11];
    for (int i = 0; i < n; i++) {
      counts[QuerySource.spanLength((i + 0.5f) / n)]++;
    }
    double rest = 1 - Math.pow(0.8, 10);
    double mean = 0;
    for (int length = 1; length <= 10; length++) {
      assertEquals(0.2 * Math.pow(0.8, length - 1) / rest, counts[length] / (double) n, 1e-3);
      mean += length * counts[length] / (double) n;
    }
    assertEquals(3.797, mean, 0.01);
    assertEquals(10, QuerySource.spanLength(Math.nextDown(1f)));
    assertEquals(1, QuerySource.spanLength(0f));
  }

  // ---- splitting

  @Test
  void passagesOfOneTitleFallToOneSide() {
    try (PassageStore store = TinyRealm.store(dir)) {
      QuerySource source = TinyRealm.queries(store);
      for (long seed = 1; seed <= 5; seed++) {
        List<QuerySource> parts = source.split(0.3f, seed);
        List<Set<String>> titles = new ArrayList<>();
        for (QuerySource part : parts) {
          Set<String> of = new HashSet<>();
          part.sample(40, 1).forEach(q -> of.add(store.passage(q.passage()).title()));
          titles.add(of);
        }
        assertEquals(source.size(), parts.get(0).size() + parts.get(1).size());
        assertEquals(source.spans(), parts.get(0).spans() + parts.get(1).spans());
        assertTrue(titles.get(0).stream().noneMatch(titles.get(1)::contains));
      }
      assertThrows(RealmException.BadInput.class, () -> source.split(1e-7f, 1));
    }
  }

  // ---- the edges

  @ParameterizedTest
  @EnumSource
  void nothingToMaskIsRefused(Masking masking) {
    try (PassageStore store = TinyRealm.store(dir, List.of(new Passage("x", "", "well")))) {
      RealmException e =
          assertThrows(RealmException.BadInput.class, () -> TinyRealm.queries(store, masking, 24));
      assertEquals(
          "corpus of 1 passages: expected sentences with something to mask ("
              + masking
              + "), found none",
          e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5, 8})
  void aShortQueryLimitBreaksNothing(int limit) {
    try (PassageStore store = TinyRealm.store(dir, difficult())) {
      for (Masking masking : Masking.values()) {
        QuerySource source;
        try {
          source = TinyRealm.queries(store, masking, limit);
        } catch (RealmException.BadInput e) {
          continue; // a limit of three tokens may leave no span
        }
        for (int n = 0; n < 100; n++) {
          MaskedQuery q = source.draw(1, n);
          assertTrue(q.position(q.masked().length - 1) <= limit - 2);
        }
      }
    }
  }

  @Test
  void aTextWithMasksIsAQuery() {
    var model = TinyRealm.model();
    MaskedQuery q = MaskedQuery.of("Ada [MASK] was born in [MASK].", model);
    assertArrayEquals(new int[] {1, 5}, q.masked());
    assertEquals(-1, q.passage());
    assertThrows(RealmException.BadInput.class, () -> MaskedQuery.of("Ada", model));
    RealmException e =
        assertThrows(
            RealmException.BadInput.class, () -> MaskedQuery.of("a ".repeat(22) + "[MASK]", model));
    assertTrue(e.getMessage().startsWith("expected [MASK] within the first 22 wordpieces, found"));
    assertEquals(21, MaskedQuery.of("a ".repeat(21) + "[MASK]", model).masked()[0]);
  }
}
