package org.realm4j.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.CopyOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.io.BlockFile;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;
import org.realm4j.text.WordPiece;

/** Whatever happens to the files: found by open or by check, one typed line, no foreign error. */
class PassageStoreCorruptionTest {
  private static final long SEED = 42;

  @TempDir Path dir;
  private final WordPiece tokenizer = TestVocabulary.tokenizer();
  private Path folder;

  @BeforeEach
  void build() {
    PassageStore.build(dir.resolve("small"), small(), tokenizer, 16).close();
    folder = files(dir.resolve("small"));
  }

  private static Corpus small() {
    return Corpus.of(
        List.of(new Passage("a", "city", "The city of Bonn."), new Passage("b", "", "x")));
  }

  private static Path files(Path store) {
    return PublishedFolder.at(store).current().orElseThrow();
  }

  /** Without the manifest, which would find the wrong lengths before the files are looked at. */
  private PassageStore open() {
    return PassageStore.openFiles(folder);
  }

  /** What open and check say of the damaged files. */
  private String complaint(String what) {
    try (PassageStore store = open()) {
      readAll(store);
      store.check();
      return fail(what + ": not found");
    } catch (RealmException.CorruptFile | RealmException.Incompatible e) {
      assertTrue(e.getMessage().contains("passages."), what + ": " + e.getMessage());
      assertEquals(1, e.getMessage().lines().count(), what + ": " + e.getMessage());
      return e.getMessage();
    }
  }

  /** Damage may be read as other text before check finds it, but never breaks a reader. */
  private static void readAll(PassageStore store) {
    for (int i = 0; i < store.size(); i++) {
      try {
        store.passage(i);
        store.titleIds(i);
        store.textIds(i);
        store.indexOf("b");
      } catch (RealmException.CorruptFile e) {
        assertTrue(e.getMessage().contains("expected"), e.getMessage());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {PassageStore.DATA, PassageStore.INDEX})
  void everyTruncationIsFoundAtOpen(String name) throws IOException {
    Path file = folder.resolve(name);
    byte[] bytes = Files.readAllBytes(file);
    for (int length = 0; length < bytes.length; length++) {
      Files.write(file, Arrays.copyOf(bytes, length));
      int found = length;
      assertThrows(RealmException.CorruptFile.class, this::open, () -> name + " cut to " + found);
    }
    Files.write(file, Arrays.copyOf(bytes, bytes.length + 1));
    assertThrows(RealmException.CorruptFile.class, this::open, "a trailing byte");
  }

  @ParameterizedTest
  @ValueSource(strings = {PassageStore.DATA, PassageStore.INDEX})
  void everyFlippedBitIsFound(String name) throws IOException {
    Path file = folder.resolve(name);
    byte[] bytes = Files.readAllBytes(file);
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      byte[] damaged = bytes.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(file, damaged);
      complaint(name + " bit " + bit);
    }
    Files.write(file, bytes);
    try (PassageStore store = open()) {
      store.check();
    }
  }

  @Test
  void flippedBitsOfALargeStoreAreFoundAndTheBlockIsNamed() throws IOException {
    Path large = dir.resolve("large");
    Corpus corpus = Corpus.of(PassageStoreTest.passages(500));
    PassageStore.build(large, corpus, tokenizer, 4_000).close();
    Path file = files(large).resolve(PassageStore.DATA);
    byte[] bytes = Files.readAllBytes(file);
    int blocks = (bytes.length - BlockFile.HEADER - BlockFile.FOOTER) / BlockFile.BLOCK + 1;
    assertTrue(blocks > 3, blocks + " blocks");
    Random random = new Random(SEED);
    for (int n = 0; n < 100; n++) {
      int at = BlockFile.HEADER + random.nextInt(bytes.length - BlockFile.HEADER - 100);
      bytes[at] ^= 4;
      Files.write(file, bytes);
      bytes[at] ^= 4;
      String expected = "block " + (at - BlockFile.HEADER) / BlockFile.BLOCK + " of " + blocks;
      try (PassageStore store = PassageStore.open(large)) {
        RealmException e = assertThrows(RealmException.CorruptFile.class, store::check);
        assertTrue(e.getMessage().contains(expected), "seed " + SEED + ": " + e.getMessage());
      }
    }
  }

  @Test
  void filesOfDifferentBuildsAreRefused() throws IOException {
    Corpus other = Corpus.of(List.of(new Passage("a", "city", "The city of Rome.")));
    PassageStore.build(dir.resolve("other"), other, tokenizer, 16).close();
    Path index = files(dir.resolve("other")).resolve(PassageStore.INDEX);
    Files.copy(index, folder.resolve(PassageStore.INDEX), REPLACE);
    assertTrue(complaint("mixture").contains("different builds"));
  }

  @Test
  void theFilesMayNotBeExchanged() throws IOException {
    Files.copy(folder.resolve(PassageStore.DATA), folder.resolve(PassageStore.INDEX), REPLACE);
    assertTrue(complaint("data as index").contains("the kind"));
  }

  @Test
  void aLaterFormatVersionSaysBothVersions() throws IOException {
    rewrite(PassageStore.DATA, header -> header.putInt(12, 2));
    RealmException e = assertThrows(RealmException.Incompatible.class, this::open);
    assertTrue(e.getMessage().contains("version 1, found 2"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 40})
  void aPayloadLengthThatDoesNotFitTheFileIsRefused(long length) throws IOException {
    rewrite(PassageStore.DATA, header -> header.putLong(32, length));
    assertTrue(complaint("length").contains("payload of " + length));
  }

  /** Sums that pass as numbers of the index, with right checksums, but lie. */
  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 30, 3})
  void aLyingIndexIsRefusedBeforeAnythingIsAllocated(int lie) throws IOException {
    // Size, length of the description, slots.
    for (int at : new int[] {0, 12, 24}) {
      Path file = folder.resolve(PassageStore.INDEX);
      byte[] right = Files.readAllBytes(file);
      if (ByteBuffer.wrap(right).order(ByteOrder.LITTLE_ENDIAN).getInt(BlockFile.HEADER + at)
          != lie) {
        rewrite(PassageStore.INDEX, bytes -> bytes.putInt(BlockFile.HEADER + at, lie));
        assertThrows(RealmException.CorruptFile.class, this::open, lie + " at " + at);
      }
      Files.write(file, right);
    }
  }

  /** The lengths of id and text of the first record: 1 and 17 bytes. */
  @Test
  void aRecordWhoseLengthsLieIsRefusedByItsReader() throws IOException {
    rewrite(PassageStore.DATA, bytes -> lengths(bytes, -1, 19));
    refusedByReader("length -1");
    rewrite(PassageStore.DATA, bytes -> lengths(bytes, 1, 16));
    refusedByReader("parts of");
    rewrite(PassageStore.DATA, bytes -> lengths(bytes, 1, Integer.MAX_VALUE));
    refusedByReader("length " + Integer.MAX_VALUE);
  }

  private static void lengths(ByteBuffer bytes, int id, int text) {
    bytes.putInt(BlockFile.HEADER, id).putInt(BlockFile.HEADER + 8, text);
  }

  private void refusedByReader(String part) {
    try (PassageStore store = open()) {
      RealmException e = assertThrows(RealmException.CorruptFile.class, () -> store.passage(0));
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
  }

  private static final CopyOption REPLACE = StandardCopyOption.REPLACE_EXISTING;

  private interface Change {
    void apply(ByteBuffer bytes);
  }

  /** Changes bytes and makes the header's checksum right again. */
  private void rewrite(String name, Change change) throws IOException {
    Path file = folder.resolve(name);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    change.apply(bytes);
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate().position(0).limit(44));
    bytes.putInt(44, (int) crc.getValue());
    Files.write(file, bytes.array());
  }
}
