package org.realm4j.corpus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;
import org.realm4j.text.WordPiece;

class PassageStoreTest {
  private static final long SEED = 20260723;

  @TempDir Path dir;
  private final WordPiece tokenizer = TestVocabulary.tokenizer();

  private PassageStore build(String name, List<Passage> passages, int limit) {
    return PassageStore.build(dir.resolve(name), Corpus.of(passages), tokenizer, limit);
  }

  /** Enough text for several blocks of the file, with texts of very different lengths. */
  static List<Passage> passages(int count) {
    Random random = new Random(SEED);
    List<Passage> passages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder("x");
      for (int words = random.nextInt(40); words > 0; words--) {
        text.append(' ').append(Long.toString(random.nextLong() >>> 20, 36)).append("é");
      }
      passages.add(new Passage("id" + i * 7919, i % 3 == 0 ? "" : "Title " + i, text.toString()));
    }
    return passages;
  }

  @Test
  void givesBackWhatWasBuilt() {
    List<Passage> passages = passages(2_000);
    int limit = 1_000;
    long wordpieces = 0;
    try (PassageStore store = build("all", passages, limit)) {
      assertEquals(passages.size(), store.size());
      for (int i = 0; i < passages.size(); i++) {
        Passage passage = passages.get(i);
        int[] title = tokenizer.encode(passage.title()).ids();
        int[] text = tokenizer.encode(passage.text()).ids();
        assertEquals(passage, store.passage(i));
        assertArrayEquals(title, store.titleIds(i));
        assertArrayEquals(text, store.textIds(i));
        assertEquals(i, store.indexOf(passage.id()));
        assertEquals(-1, store.indexOf(passage.id() + "?"));
        wordpieces += title.length + text.length;
      }
      assertEquals(wordpieces, store.wordpieces());
      assertEquals(limit, store.limit());
      assertEquals(tokenizer.vocabulary().size(), store.vocabularySize());
      assertEquals(-1, store.indexOf(""));
      assertEquals(
          "list of 2000 passages: 2,000 passages of at most 1000 wordpieces", store.describe());
      store.check();
    }
  }

  @Test
  void longPassagesAreStoredInParts() {
    try (PassageStore store =
        build("parts", List.of(new Passage("p", "city", "The city. ".repeat(10))), 16)) {
      assertEquals(3, store.size());
      assertEquals(2, store.indexOf("p#3"));
      assertEquals(-1, store.indexOf("p"));
      assertEquals("The city. The city. The city. The city.", store.passage(0).text());
    }
  }

  @Test
  void aPassageOfOneWordpieceIsFine() {
    try (PassageStore store = build("one", List.of(new Passage("p", "", "x")), 16)) {
      assertEquals(1, store.textIds(0).length);
      assertEquals(0, store.titleIds(0).length);
      assertEquals(0, store.indexOf("p"));
      store.check();
    }
  }

  @Test
  void theFingerprintIsOfTheContentsAlone() {
    List<Passage> passages = passages(50);
    String fingerprint = fingerprint("a", passages, 64);
    assertEquals(fingerprint, fingerprint("b", passages, 64));
    assertEquals(fingerprint, fingerprint("a", passages, 64), "built again over the old one");
    assertNotEquals(fingerprint, fingerprint("c", passages, 4_000), "other parts");
    assertNotEquals(
        fingerprint("e", passages, 4_000), fingerprint("f", passages, 4_001), "the same parts");
    assertNotEquals(fingerprint, fingerprint("d", passages.reversed(), 64));
  }

  private String fingerprint(String name, List<Passage> passages, int limit) {
    try (PassageStore store = build(name, passages, limit)) {
      assertTrue(store.fingerprint().matches("[0-9a-f]{32}"), store.fingerprint());
      return store.fingerprint();
    }
  }

  @Test
  void refusesWhatCannotBeStored() {
    refused(List.of(), "list of 0 passages", "none");
    refused(
        List.of(new Passage("a", "T", "x"), new Passage("blank", "Bl", " \n")), "'blank'", "'Bl'");
    // The part of the first passage takes the id of the second.
    refused(
        List.of(new Passage("a", "", "The city. ".repeat(30)), new Passage("a#2", "", "x")),
        "'a#2'",
        "passages 1 and ");
  }

  private void refused(List<Passage> passages, String... parts) {
    Path folder = dir.resolve("refused" + passages.size());
    RealmException e =
        assertThrows(
            RealmException.BadInput.class,
            () -> PassageStore.build(folder, Corpus.of(passages), tokenizer, 32));
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
    assertThrows(RealmException.class, () -> PassageStore.open(folder), "nothing was published");
  }

  @Test
  void aFailedBuildLeavesTheOldStore() {
    List<Passage> passages = passages(20);
    String fingerprint = fingerprint("kept", passages, 64);
    Corpus broken =
        new Corpus() {
          @Override
          public void forEach(Consumer<Passage> consumer) {
            consumer.accept(new Passage("x", "", "x"));
            throw new IllegalStateException("the disk of the corpus");
          }

          @Override
          public String describe() {
            return "broken";
          }
        };
    assertThrows(
        IllegalStateException.class,
        () -> PassageStore.build(dir.resolve("kept"), broken, tokenizer, 64));
    try (PassageStore store = PassageStore.open(dir.resolve("kept"))) {
      assertEquals(fingerprint, store.fingerprint());
      store.check();
    }
  }

  @Test
  void manyThreadsReadTheSame() throws Exception {
    List<Passage> passages = passages(300);
    try (PassageStore store = build("threads", passages, 1_000);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Integer>> right = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        Random random = new Random(SEED + t);
        right.add(
            threads.submit(
                () -> {
                  int count = 0;
                  for (int n = 0; n < 2_000; n++) {
                    int i = random.nextInt(passages.size());
                    Passage passage = passages.get(i);
                    boolean same = store.passage(i).equals(passage);
                    count += same && store.indexOf(passage.id()) == i ? 1 : 0;
                  }
                  return count;
                }));
      }
      for (Future<Integer> count : right) {
        assertEquals(2_000, count.get());
      }
    }
  }

  @Test
  void useAfterCloseAndNumbersOutsideAreRefused() {
    PassageStore store = build("closed", passages(3), 1_000);
    assertThrows(IndexOutOfBoundsException.class, () -> store.passage(3));
    assertThrows(IndexOutOfBoundsException.class, () -> store.textIds(-1));
    store.close();
    store.close();
    assertThrows(IllegalStateException.class, () -> store.passage(0));
    assertThrows(IllegalStateException.class, () -> store.indexOf("id0"));
    assertThrows(IllegalStateException.class, store::check);
    assertThrows(IllegalStateException.class, store::size);
  }
}
