package org.realm4j.io;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.zip.CRC32C;

/**
 * Writes a {@link BlockFile}, block by block; the header comes last, so that a file without an end
 * has no beginning either. The file must not exist.
 */
public final class BlockFileWriter implements AutoCloseable {
  private final Path path;
  private final FileChannel channel;
  private final ByteBuffer block =
      ByteBuffer.allocate(BlockFile.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
  private final IntArrayList table = new IntArrayList();
  private final MessageDigest digest = sha256();
  private long length;

  public BlockFileWriter(Path path) {
    this.path = path;
    try {
      this.channel =
          FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      channel.position(BlockFile.HEADER);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** How many bytes of payload have been written. */
  public long length() {
    return length;
  }

  /** Ends the payload; returns the SHA-256 of all of it. */
  public byte[] digest() {
    if (block.position() > 0) {
      endBlock();
    }
    return digest.digest();
  }

  /** A new SHA-256. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  public void putInt(int value) {
    // Across a block's end byte by byte, so that every block but the last is full.
    if (block.remaining() >= 4) {
      block.putInt(value);
      advance(4);
    } else {
      for (int shift = 0; shift < 32; shift += 8) {
        putByte((byte) (value >>> shift));
      }
    }
  }

  public void putLong(long value) {
    putInt((int) value);
    putInt((int) (value >>> 32));
  }

  public void putInts(int[] values) {
    for (int value : values) {
      putInt(value);
    }
  }

  public void putBytes(byte[] bytes) {
    int at = 0;
    while (at < bytes.length) {
      int some = Math.min(block.remaining(), bytes.length - at);
      block.put(bytes, at, some);
      at += some;
      advance(some);
    }
  }

  /** The first n of the values, as 32-bit floats. */
  public void putFloats(float[] values, int n) {
    for (int i = 0; i < n; ) {
      int some = Math.min(block.remaining() / Float.BYTES, n - i);
      if (some == 0) {
        putInt(Float.floatToRawIntBits(values[i++]));
      } else {
        block.asFloatBuffer().put(values, i, some);
        block.position(block.position() + some * Float.BYTES);
        advance(some * Float.BYTES);
        i += some;
      }
    }
  }

  public void putBytes(MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); ) {
      int some = (int) Math.min(block.remaining(), bytes.byteSize() - at);
      block.put(bytes.asSlice(at, some).asByteBuffer());
      at += some;
      advance(some);
    }
  }

  private void putByte(byte value) {
    block.put(value);
    advance(1);
  }

  private void advance(int bytes) {
    length += bytes;
    if (!block.hasRemaining()) {
      endBlock();
    }
  }

  private void endBlock() {
    block.flip();
    table.add(crc(block));
    digest.update(block.duplicate());
    write(block);
    block.clear();
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate());
    return (int) crc.getValue();
  }

  /**
   * Writes the rest, the table, the footer and the header. Forcing it to the disk is left to the
   * publication.
   *
   * @param generation 16 bytes
   */
  public void finish(int kind, byte[] generation) {
    if (block.position() > 0) {
      endBlock();
    }
    ByteBuffer checksums = buffer(4 * table.size());
    table.forEach(checksums::putInt);
    checksums.flip();
    ByteBuffer footer = buffer(BlockFile.FOOTER);
    footer.putLong(BlockFile.FOOTER_MAGIC).putInt(crc(checksums));
    seal(footer);
    ByteBuffer header = buffer(BlockFile.HEADER);
    header.putLong(BlockFile.MAGIC).putInt(kind).putInt(BlockFile.VERSION);
    header.put(generation).putLong(length).putInt(BlockFile.BLOCK);
    seal(header);
    write(checksums);
    write(footer);
    try {
      channel.position(0);
      write(header);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Appends the CRC32C of what is in the buffer, which is then full, and rewinds. */
  private static void seal(ByteBuffer buffer) {
    buffer.putInt(crc(buffer.duplicate().flip())).flip();
  }

  private void write(ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private RealmException failed(IOException e) {
    return new RealmException(path + ": cannot be written after " + length + " bytes: " + e, e);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
