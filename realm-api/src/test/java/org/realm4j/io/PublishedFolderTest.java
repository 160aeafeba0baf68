package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PublishedFolderTest {
  private static final int LENGTH = 3000;

  @TempDir Path temp;

  @Test
  void publishesAndKeepsOneOlderGeneration() throws IOException {
    PublishedFolder folder = PublishedFolder.at(temp.resolve("f"));
    assertEquals(Optional.empty(), folder.current());
    Path previous = null;
    for (int i = 0; i < 5; i++) {
      publish(FileLayer.DISK, folder, i);
      assertEquals(i, content(temp.resolve("f")));
      assertTrue(previous == null || Files.exists(previous));
      previous = folder.current().orElseThrow();
    }
    folder.check();
    assertEquals(List.of("CURRENT", "generation-4", "generation-5", "writer.lock"), entries());
    publish(FileLayer.DISK, folder.keeping(0), 5);
    assertEquals(List.of("CURRENT", "generation-6", "writer.lock"), entries());
  }

  @Test
  void sameContentGivesSameIdAndOtherContentAnother() throws IOException {
    PublishedFolder one = PublishedFolder.at(temp.resolve("a"));
    PublishedFolder two = PublishedFolder.at(temp.resolve("b"));
    publish(FileLayer.DISK, one, 1);
    publish(FileLayer.DISK, two, 1);
    assertEquals(one.currentId(), two.currentId());
    assertEquals(32, one.currentId().orElseThrow().length());
    publish(FileLayer.DISK, one, 2);
    publish(FileLayer.DISK, two, 3);
    assertNotEquals(one.currentId(), two.currentId());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void everyFailureIsAllOrNothing(boolean once) throws IOException {
    Path dir = temp.resolve("f");
    publish(FileLayer.DISK, PublishedFolder.at(dir), 0);
    int old = 0;
    int thrown = 0;
    long faults = 0;
    for (int k = 1; ; k++) {
      FaultyLayer layer = FaultyLayer.failingAt(k, once);
      boolean returned = false;
      try {
        publish(layer, PublishedFolder.at(layer, dir), k);
        returned = true;
      } catch (RealmException e) {
        assertTrue(e.getMessage().contains("injected"), e.getMessage());
        thrown++;
      }
      PublishedFolder.at(dir).check();
      int found = content(dir);
      assertTrue(found == k || !returned && found == old, "operation %d: %d".formatted(k, found));
      faults += layer.faults;
      old = found;
      if (layer.faults == 0) {
        break;
      }
      // The next publication that succeeds leaves nothing of the failed one behind.
      publish(FileLayer.DISK, PublishedFolder.at(dir).keeping(0), k + 1000);
      old = k + 1000;
      assertEquals(3, entries().size(), entries().toString());
    }
    assertTrue(thrown >= 15 && faults >= thrown, "%d thrown, %d faults".formatted(thrown, faults));
  }

  @Test
  void fullDiskLeavesTheOldGeneration() throws IOException {
    Path dir = temp.resolve("f");
    publish(FileLayer.DISK, PublishedFolder.at(dir), 0);
    int full = 0;
    for (long bytes = 0; ; bytes += 97) {
      FaultyLayer layer = FaultyLayer.fullAfter(bytes);
      try {
        publish(layer, PublishedFolder.at(layer, dir), 1);
        assertEquals(1, content(dir));
        break;
      } catch (RealmException e) {
        full++;
        assertTrue(e.getMessage().matches(".*disk is full; [\\d,]+ bytes were needed"), "" + e);
        assertEquals(0, content(dir));
        assertEquals(List.of("CURRENT", "generation-1", "writer.lock"), entries());
      }
    }
    assertTrue(full > 2 * LENGTH / 97, "the disk was full only %d times".formatted(full));
  }

  @Test
  void aFailingWriterChangesNothing() throws IOException {
    Path dir = temp.resolve("f");
    publish(FileLayer.DISK, PublishedFolder.at(dir), 0);
    IllegalStateException mine = new IllegalStateException("mine");
    PublishedFolder.IOAction failing =
        generation -> {
          Files.writeString(generation.resolve("half"), "x");
          throw mine;
        };
    assertEquals(
        mine,
        assertThrows(IllegalStateException.class, () -> PublishedFolder.at(dir).publish(failing)));
    assertEquals(0, content(dir));
    assertEquals(List.of("CURRENT", "generation-1", "writer.lock"), entries());
  }

  @Test
  void orphansOfACrashAreSweptAndTheirNumbersNotUsedAgain() throws IOException {
    Path dir = temp.resolve("f");
    publish(FileLayer.DISK, PublishedFolder.at(dir), 0);
    Files.createDirectories(dir.resolve("generation-7/deep/er"));
    Files.writeString(dir.resolve("generation-7/deep/er/half"), "x");
    Files.writeString(dir.resolve("CURRENT.tmp"), "half");
    Files.writeString(dir.resolve("notes.txt"), "not ours");
    publish(FileLayer.DISK, PublishedFolder.at(dir).keeping(0), 1);
    assertEquals(List.of("CURRENT", "generation-8", "notes.txt", "writer.lock"), entries());
  }

  @Test
  void linksAreRefused() {
    PublishedFolder folder = PublishedFolder.at(temp.resolve("f"));
    RealmException e =
        assertThrows(
            RealmException.BadInput.class,
            () -> folder.publish(g -> Files.createSymbolicLink(g.resolve("x"), Path.of("/"))));
    assertTrue(e.getMessage().contains("only files"), e.getMessage());
  }

  @Test
  void everyBitFlipIsFound() throws IOException {
    Path dir = temp.resolve("f");
    PublishedFolder folder = PublishedFolder.at(dir);
    publish(FileLayer.DISK, folder, 3);
    Path current = folder.current().orElseThrow();
    for (Path file : List.of(dir.resolve("CURRENT"), current.resolve("a.bin"))) {
      byte[] bytes = Files.readAllBytes(file);
      // Every bit of the manifest; every 13th of the data.
      int stride = file.endsWith("CURRENT") ? 1 : 13;
      for (int bit = 0; bit < bytes.length * 8; bit += stride) {
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
        MutationTest.replace(file, bytes);
        assertThrows(RealmException.class, folder::check, file + ", bit " + bit);
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
      }
      Files.write(file, bytes);
    }
    folder.check();
  }

  @Test
  void wrongLengthsAreFoundAtOnce() throws IOException {
    PublishedFolder folder = PublishedFolder.at(temp.resolve("f"));
    publish(FileLayer.DISK, folder, 3);
    Path file = folder.current().orElseThrow().resolve("a.bin");
    Files.write(file, new byte[LENGTH - 1]);
    assertThrows(RealmException.CorruptFile.class, folder::current);
    Files.delete(file);
    RealmException e = assertThrows(RealmException.CorruptFile.class, folder::current);
    assertTrue(e.getMessage().contains("found no file"), e.getMessage());
  }

  @Test
  void aDamagedManifestStopsTheWriterToo() throws IOException {
    PublishedFolder folder = PublishedFolder.at(temp.resolve("f"));
    publish(FileLayer.DISK, folder, 3);
    Path current = folder.current().orElseThrow();
    Files.writeString(temp.resolve("f/CURRENT"), "{}\n");
    assertThrows(RealmException.CorruptFile.class, () -> publish(FileLayer.DISK, folder, 4));
    assertTrue(Files.exists(current), "the only good copy was swept");
  }

  @Test
  void aManifestFromElsewhereCannotLeadOutOfTheFolder() throws IOException {
    for (String name : List.of("../x", "/etc/passwd", "a/../../x", "", "a//b", "C:x", "..\\x")) {
      Manifest manifest = new Manifest(1, List.of(new Manifest.Content(name, 0, 0)));
      Path file = temp.resolve("CURRENT");
      Files.write(file, manifest.toBytes());
      assertThrows(
          RealmException.CorruptFile.class, () -> Manifest.read(FileLayer.DISK, file), name);
    }
  }

  @Test
  void readersDuringPublicationsAlwaysSeeAWholeGeneration() throws Exception {
    Path dir = temp.resolve("f");
    publish(FileLayer.DISK, PublishedFolder.at(dir), 0);
    int[] seen = new int[1];
    Thread reader =
        Thread.ofPlatform()
            .start(
                () -> {
                  int last = 0;
                  while (last < 60) {
                    String name = PublishedFolder.at(dir).current().orElseThrow().toString();
                    last = Integer.parseInt(name.substring(name.lastIndexOf('-') + 1)) - 1;
                    seen[0]++;
                  }
                });
    for (int i = 1; i <= 60; i++) {
      publish(FileLayer.DISK, PublishedFolder.at(dir).keeping(0), i);
    }
    reader.join(10_000);
    assertFalse(reader.isAlive(), "the reader failed or did not see the last generation");
    assertTrue(seen[0] > 0);
  }

  /** A file and one in a sub-folder, both full of the value, written through the layer. */
  static void publish(FileLayer layer, PublishedFolder folder, int value) {
    folder.publish(
        generation -> {
          layer.createFolder(generation.resolve("sub"));
          byte[] bytes = new byte[LENGTH];
          java.util.Arrays.fill(bytes, (byte) value);
          for (String name : List.of("a.bin", "sub/b.bin")) {
            DurableFile.write(layer, generation.resolve(name), LENGTH, out -> out.write(bytes));
          }
          Json.write(layer, generation.resolve("value.json"), value);
        });
  }

  static int content(Path dir) throws IOException {
    Path current = PublishedFolder.at(dir).current().orElseThrow();
    int value = ((Long) Json.parse(current.resolve("value.json"))).intValue();
    for (String name : List.of("a.bin", "sub/b.bin")) {
      for (byte b : Files.readAllBytes(current.resolve(name))) {
        assertEquals((byte) value, b);
      }
    }
    return value;
  }

  private List<String> entries() throws IOException {
    try (Stream<Path> entries = Files.list(temp.resolve("f"))) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }
}
