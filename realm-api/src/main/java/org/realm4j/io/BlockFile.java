package org.realm4j.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A mapped file of ours. All numbers are little-endian:
 *
 * <pre>
 * header   0 magic (8 bytes)  8 kind (4)  12 format version (4)  16 generation id (16)
 *         32 payload length (8)  40 block length (4)  44 CRC32C of the 44 bytes before (4)
 * payload 48 …
 * table      CRC32C of each block of the payload (4 each)
 * footer     magic (8)  CRC32C of the table (4)  CRC32C of the 12 bytes before (4)
 * </pre>
 *
 * <p>So every bit of the file is under a checksum, and opening looks at 64 bytes, whatever the
 * size. Safe for use by several threads.
 */
public final class BlockFile {
  static final int VERSION = 1;
  public static final int BLOCK = 1 << 16;
  public static final int HEADER = 48;
  public static final int FOOTER = 16;
  static final long MAGIC = magic("REALM4J\n");
  static final long FOOTER_MAGIC = magic("\nEND4J\r\n");

  public static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final MemorySegment file;
  private final MemorySegment payload;

  private BlockFile(Path path, MemorySegment file, long payloadLength) {
    this.path = path;
    this.file = file;
    this.payload = file.asSlice(HEADER, payloadLength);
  }

  private static long magic(String text) {
    long magic = 0;
    for (int i = 7; i >= 0; i--) {
      magic = magic << 8 | text.charAt(i);
    }
    return magic;
  }

  /** Four letters as the kind of a file. */
  public static int kind(String letters) {
    return letters.charAt(0)
        | letters.charAt(1) << 8
        | letters.charAt(2) << 16
        | letters.charAt(3) << 24;
  }

  /**
   * Maps the file and looks at header, length and footer.
   *
   * @throws RealmException.CorruptFile if it is none of ours, of another kind, cut or prolonged
   * @throws RealmException.Incompatible if a later version of this library wrote it
   */
  public static BlockFile open(Path path, int kind, Arena arena) {
    MemorySegment file = map(path, arena);
    long size = file.byteSize();
    if (size < HEADER + FOOTER) {
      throw corrupt(path, "at least " + (HEADER + FOOTER) + " bytes", size + " bytes");
    }
    expect(path, "the magic number", MAGIC, file.get(LONG, 0));
    expect(path, "the header's CRC32C", crc(file, 0, 44), file.get(INT, 44));
    expect(path, "the kind", kind, file.get(INT, 8));
    int version = file.get(INT, 12);
    if (version != VERSION) {
      throw new RealmException.Incompatible(
          "%s: expected format version %d, found %d: build it again with this release"
              .formatted(path, VERSION, version));
    }
    expect(path, "the block length", BLOCK, file.get(INT, 40));
    long length = file.get(LONG, 32);
    // The first test keeps the sum of the second from overflowing.
    if (length < 0 || length > size || size != fileLength(length)) {
      throw corrupt(path, "a length of " + size + " bytes", "a payload of " + length + " bytes");
    }
    expect(path, "the footer's magic number", FOOTER_MAGIC, file.get(LONG, size - FOOTER));
    int footerCrc = crc(file, size - FOOTER, FOOTER - 4);
    expect(path, "the footer's CRC32C", footerCrc, file.get(INT, size - 4));
    return new BlockFile(path, file, length);
  }

  private static MemorySegment map(Path path, Arena arena) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (ClosedByInterruptException e) {
      throw new RealmException(path + ": interrupted while it was opened", e);
    } catch (IOException e) {
      throw new RealmException.CorruptFile(path + ": cannot be mapped: " + e, e);
    }
  }

  public static long fileLength(long payloadLength) {
    return HEADER + payloadLength + 4 * blocks(payloadLength) + FOOTER;
  }

  static long blocks(long payloadLength) {
    return Math.ceilDiv(payloadLength, BLOCK);
  }

  public Path path() {
    return path;
  }

  public MemorySegment payload() {
    return payload;
  }

  /** The 16 bytes of the generation id as two numbers in hexadecimal. */
  public String generation() {
    return "%016x%016x"
        .formatted(Long.reverseBytes(file.get(LONG, 16)), Long.reverseBytes(file.get(LONG, 24)));
  }

  /**
   * Computes all checksums.
   *
   * @throws RealmException.CorruptFile that names the first damaged block
   */
  public void check() {
    long table = HEADER + payload.byteSize();
    long blocks = blocks(payload.byteSize());
    long footer = table + 4 * blocks;
    expect(
        path, "the block table's CRC32C", crc(file, table, 4 * blocks), file.get(INT, footer + 8));
    for (long block = 0; block < blocks; block++) {
      long start = block * BLOCK;
      int found = crc(payload, start, Math.min(BLOCK, payload.byteSize() - start));
      int expected = file.get(INT, table + 4 * block);
      if (found != expected) {
        throw corrupt(
            path,
            "CRC32C %08x in block %d of %d, at byte %d"
                .formatted(expected, block, blocks, HEADER + start),
            "%08x".formatted(found));
      }
    }
  }

  /** In steps of a block: a byte buffer cannot hold more than 2 GiB. */
  private static int crc(MemorySegment segment, long start, long length) {
    CRC32C crc = new CRC32C();
    for (long at = 0; at < length; at += BLOCK) {
      crc.update(segment.asSlice(start + at, Math.min(BLOCK, length - at)).asByteBuffer());
    }
    return (int) crc.getValue();
  }

  private static void expect(Path path, String what, int expected, int found) {
    expect(path, what, Integer.toUnsignedLong(expected), Integer.toUnsignedLong(found));
  }

  private static void expect(Path path, String what, long expected, long found) {
    if (expected != found) {
      throw corrupt(path, what + " %x".formatted(expected), "%x".formatted(found));
    }
  }

  /** The failure of a reader that found something else in here than it expected. */
  public RealmException corrupt(String expected, String found) {
    return corrupt(path, expected, found);
  }

  private static RealmException corrupt(Path path, String expected, String found) {
    return new RealmException.CorruptFile(
        path
            + ": expected "
            + expected
            + ", found "
            + found
            + ": the file is damaged, build it again");
  }
}
