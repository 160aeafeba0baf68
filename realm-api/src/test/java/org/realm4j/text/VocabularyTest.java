package org.realm4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.RealmException;

class VocabularyTest {
  private static final String SPECIALS = "[CLS]\n[SEP]\n[MASK]\n[PAD]\n[UNK]\n";

  @TempDir Path folder;

  @Test
  void specialsAreFoundByName() {
    Vocabulary vocabulary =
        Vocabulary.of(List.of("a", "[UNK]", "[PAD]", "##b", "[MASK]", "[SEP]", "[CLS]"));
    assertEquals(7, vocabulary.size());
    assertEquals(1, vocabulary.unk());
    assertEquals(2, vocabulary.pad());
    assertEquals(4, vocabulary.mask());
    assertEquals(5, vocabulary.sep());
    assertEquals(6, vocabulary.cls());
    assertEquals(3, vocabulary.id("##b"));
    assertEquals("##b", vocabulary.token(3));
    assertEquals(-1, vocabulary.id("b"));
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    Vocabulary vocabulary = SmallVocabulary.with("é", "##\u0085", "𝒳", "two words");
    Path file = folder.resolve("vocab.txt");
    vocabulary.write(file);
    vocabulary.write(file); // Replaces.
    Vocabulary read = Vocabulary.load(file);
    assertEquals(vocabulary.size(), read.size());
    for (int id = 0; id < read.size(); id++) {
      assertEquals(vocabulary.token(id), read.token(id));
    }
    assertEquals(1, folder.toFile().list().length, "a temporary file was left behind");
  }

  @Test
  void carriageReturnsAndAMissingLastLineBreakAreAccepted() throws IOException {
    Vocabulary read = Vocabulary.load(file(SPECIALS.replace("\n", "\r\n") + "x"));
    assertEquals(6, read.size());
    assertEquals(5, read.id("x"));
  }

  @Test
  void missingFileIsBadInput() {
    Path missing = folder.resolve("none.txt");
    assertSays(RealmException.BadInput.class, missing, "none.txt: no such file");
    assertSays(RealmException.BadInput.class, folder, "cannot be read");
  }

  @Test
  void brokenFilesSayWhatIsWrong() throws IOException {
    Class<RealmException.CorruptFile> corrupt = RealmException.CorruptFile.class;
    assertSays(corrupt, file(SPECIALS + "x\ny\nx\n"), "'x' stands on line 6 and on line 8");
    assertSays(corrupt, file(SPECIALS.replace("[MASK]\n", "")), "[MASK] is missing");
    assertSays(corrupt, file(""), "is missing");
    assertSays(corrupt, file(SPECIALS + "\nx\n"), "line 6: expected a token");
    assertSays(corrupt, file(SPECIALS + "x".repeat(1001)), "line 6: a token of 1001 characters");
    Path latin1 = folder.resolve("latin1.txt");
    Files.write(latin1, new byte[] {'a', (byte) 0xE9, '\n'});
    assertSays(corrupt, latin1, "latin1.txt: not UTF-8");
  }

  @Test
  void badArgumentsAreBadInput() {
    Vocabulary vocabulary = SmallVocabulary.with();
    assertThrows(RealmException.BadInput.class, () -> vocabulary.token(-1));
    assertThrows(RealmException.BadInput.class, () -> vocabulary.token(vocabulary.size()));
    assertThrows(RealmException.BadInput.class, () -> SmallVocabulary.with("a\nb"));
    assertThrows(RealmException.BadInput.class, () -> SmallVocabulary.with("\uD800"));
    Path nowhere = folder.resolve("no/such/folder/vocab.txt");
    assertThrows(RealmException.BadInput.class, () -> vocabulary.write(nowhere));
  }

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("vocab.txt"), content);
  }

  private static void assertSays(Class<? extends RealmException> kind, Path file, String expected) {
    RealmException e = assertThrows(kind, () -> Vocabulary.load(file));
    assertTrue(e.getMessage().contains(expected), e::getMessage);
  }
}
