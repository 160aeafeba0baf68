package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.zip.GZIPOutputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinesTest {
  @TempDir Path dir;

  @Test
  void handlesEndsMarksAndEmptyLines() throws IOException {
    assertEquals(List.of(), lines(""));
    assertEquals(List.of("a", "", "b"), lines("a\n\nb"));
    assertEquals(List.of("a", "b"), lines("\ufeffa\r\nb\r\n"));
    assertEquals(List.of("", ""), lines("\n\n"));
    assertEquals(List.of("\ufeff"), lines("\ufeff\ufeff"));
  }

  @Test
  void numbersBeginWithOne() throws IOException {
    List<Long> numbers = new ArrayList<>();
    Lines.forEach(write("a\nb\nc"), (number, line) -> numbers.add(number));
    assertEquals(List.of(1L, 2L, 3L), numbers);
    try (Lines lines = Lines.open(write("a\nb"))) {
      assertEquals(0, lines.lineNumber());
      assertTrue(lines.hasNext());
      assertEquals(0, lines.lineNumber());
      assertEquals("a", lines.next());
      assertEquals(1, lines.lineNumber());
      assertEquals("b", lines.next());
      assertEquals(2, lines.lineNumber());
      assertThrows(NoSuchElementException.class, lines::next);
    }
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    Path file = Files.writeString(dir.resolve("w"), "old");
    Lines.write(file, List.of("ä", "", "😀"));
    assertEquals("ä\n\n😀\n", Files.readString(file));
    for (String broken : List.of("a\nb", "a\r")) {
      RealmException e =
          assertThrows(
              RealmException.BadInput.class, () -> Lines.write(file, List.of("x", broken)));
      assertTrue(e.getMessage().contains("line break"), e.getMessage());
    }
    assertEquals("ä\n\n😀\n", Files.readString(file));
  }

  @Test
  void theBeginningIsThatOfTheContent() throws IOException {
    assertEquals("ab", Lines.beginning(write("abc"), 2));
    assertEquals("abc", Lines.beginning(write("abc"), 99));
    assertEquals("a\uFFFD", Lines.beginning(write("aä"), 2));
    Path zipped = dir.resolve("z");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
      out.write("hello".getBytes(StandardCharsets.UTF_8));
    }
    assertEquals("hell", Lines.beginning(zipped, 4));
    Path cut = Files.write(dir.resolve("c"), Arrays.copyOf(Files.readAllBytes(zipped), 12));
    assertThrows(RealmException.CorruptFile.class, () -> Lines.beginning(cut, 9));
    assertThrows(RealmException.BadInput.class, () -> Lines.beginning(dir.resolve("none"), 9));
  }

  @Test
  void malformedUtf8NamesTheLine() throws IOException {
    byte[] bytes = "a\nb?\nc".getBytes(StandardCharsets.US_ASCII);
    bytes[3] = (byte) 0xe4;
    assertCorrupt(Files.write(dir.resolve("f"), bytes), "line 2: not valid UTF-8");
  }

  @Test
  void aLineMayHave16MebibytesAndNoMore() throws IOException {
    byte[] bytes = new byte[Lines.MAX_LINE_BYTES + 3];
    Arrays.fill(bytes, (byte) 'x');
    bytes[1] = '\n';
    Path file = Files.write(dir.resolve("f"), Arrays.copyOf(bytes, bytes.length - 1));
    int[] length = new int[1];
    Lines.forEach(file, (number, line) -> length[0] = line.length());
    assertEquals(Lines.MAX_LINE_BYTES, length[0]);
    assertCorrupt(Files.write(file, bytes), "line 2: longer than");
  }

  @Test
  void gzipIsKnownByItsBytes() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 20_000; i++) {
      text.append("line ").append(i * 7919L % 1013).append('\n');
    }
    Path file = gzip(text.toString().getBytes(StandardCharsets.UTF_8), 1);
    assertEquals(text.toString().lines().toList(), read(file));
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertCorrupt(file, "broken gzip");
    whole[whole.length - 6] ^= 1; // The checksum.
    Files.write(file, whole);
    assertCorrupt(file, "broken gzip");
    Files.write(file, Arrays.copyOf(whole, 5));
    assertCorrupt(file, "broken gzip");
  }

  @Test
  void decompressionBombsAreRefused() throws IOException {
    byte[] lines = new byte[1 << 20];
    Arrays.fill(lines, (byte) '\n');
    assertCorrupt(gzip(lines, 64), "decompression bomb");
    assertCorrupt(gzip(new byte[1 << 20], 64), "line 1: ");
  }

  @Test
  void missingFileIsBadInput() {
    assertThrows(RealmException.BadInput.class, () -> Lines.open(dir.resolve("none")));
  }

  @Property(tries = 100)
  void roundTrips(@ForAll @Size(max = 20) List<String> texts) throws IOException {
    List<String> lines =
        texts.stream().map(s -> s.replaceAll("[\\r\\n\\ufeff\\ud800-\\udfff]", "")).toList();
    Path file = Files.createTempFile("lines", ".txt");
    try {
      Files.writeString(file, String.join("", lines.stream().map(s -> s + "\n").toList()));
      assertEquals(lines, read(file));
    } finally {
      Files.delete(file);
    }
  }

  private static void assertCorrupt(Path file, String part) {
    RealmException e = assertThrows(RealmException.CorruptFile.class, () -> read(file));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  private Path write(String text) throws IOException {
    return Files.writeString(dir.resolve("f"), text);
  }

  private List<String> lines(String text) throws IOException {
    return read(write(text));
  }

  private static List<String> read(Path file) {
    List<String> lines = new ArrayList<>();
    Lines.forEach(file, (number, line) -> lines.add(line));
    return lines;
  }

  private Path gzip(byte[] bytes, int times) throws IOException {
    Path file = dir.resolve("text"); // No .gz on purpose.
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < times; i++) {
        out.write(bytes);
      }
    }
    return file;
  }
}
