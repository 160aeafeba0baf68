package org.realm4j.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Matrices in NumPy's {@code .npy} format, version 1.0: float32, little-endian, row-major. Other
 * layouts are refused. Thread-safe.
 */
public final class Npy {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  private static final int PREFIX = MAGIC.length + 2;
  private static final Pattern HEADER =
      Pattern.compile(
          "\\{'descr': '<f4', 'fortran_order': False, 'shape': \\((\\d{1,10}), (\\d{1,10})\\), \\}"
              + " *\n");

  /** A matrix; element (r, c) is {@code rowMajor[r * cols + c]}. */
  public record Matrix(float[] rowMajor, int rows, int cols) {}

  private Npy() {}

  /**
   * Writes a matrix so that a crash leaves the old file or the new one.
   *
   * @throws RealmException.BadInput if {@code rows * cols} is not the length of the array
   */
  public static void write(Path file, float[] rowMajor, int rows, int cols) {
    if (rows < 0 || cols < 0 || Math.multiplyFull(rows, cols) != rowMajor.length) {
      throw new RealmException.BadInput(
          "%s: %,d x %,d elements expected, found %,d"
              .formatted(file, rows, cols, rowMajor.length));
    }
    byte[] header = header(rows, cols);
    long bytes = header.length + 4L * rowMajor.length;
    DurableFile.write(
        FileLayer.DISK,
        file,
        bytes,
        out -> {
          out.write(header);
          LittleEndian.write(out, rowMajor);
        });
  }

  /**
   * Reads a matrix.
   *
   * @throws RealmException.CorruptFile if it is no such file or its length is not what it says
   */
  public static Matrix read(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      return read(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena), file);
    } catch (IOException e) {
      throw DiskFault.reading(file, e);
    }
  }

  private static Matrix read(MemorySegment all, Path file) {
    long size = all.byteSize();
    if (size < PREFIX
        || all.asSlice(0, MAGIC.length).mismatch(MemorySegment.ofArray(MAGIC)) != -1) {
      throw new RealmException.CorruptFile(file + ": not a NumPy file of version 1.0");
    }
    int length = Byte.toUnsignedInt(all.get(ValueLayout.JAVA_BYTE, MAGIC.length));
    length |= Byte.toUnsignedInt(all.get(ValueLayout.JAVA_BYTE, MAGIC.length + 1)) << 8;
    if (PREFIX + length > size) {
      throw new RealmException.CorruptFile(
          "%s: the header says %,d bytes, the file has %,d".formatted(file, PREFIX + length, size));
    }
    byte[] header = all.asSlice(PREFIX, length).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(header, StandardCharsets.ISO_8859_1);
    Matcher matcher = HEADER.matcher(text);
    if (!matcher.matches()) {
      throw new RealmException.Incompatible(
          "%s: expected a row-major matrix of '<f4', found %s"
              .formatted(file, Names.shorten(text, 120)));
    }
    return matrix(
        all.asSlice(PREFIX + length),
        Long.parseLong(matcher.group(1)),
        Long.parseLong(matcher.group(2)),
        file);
  }

  private static Matrix matrix(MemorySegment data, long rows, long cols, Path file) {
    boolean tooLarge =
        rows > Integer.MAX_VALUE
            || cols > Integer.MAX_VALUE
            || Math.multiplyHigh(rows, cols) != 0
            || rows * cols < 0
            || rows * cols > LittleEndian.MAX_ARRAY;
    if (tooLarge || rows * cols * Float.BYTES != data.byteSize()) {
      throw new RealmException.CorruptFile(
          "%s: %,d x %,d floats expected, found %,d bytes"
              .formatted(file, rows, cols, data.byteSize()));
    }
    float[] values = LittleEndian.allocate(float[]::new, rows * cols, file.toString());
    MemorySegment.copy(data, FLOAT, 0, values, 0, values.length);
    return new Matrix(values, (int) rows, (int) cols);
  }

  /** NumPy wants the data to begin at a multiple of 64. */
  private static byte[] header(int rows, int cols) {
    String dictionary =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }".formatted(rows, cols);
    int length = Math.ceilDiv(PREFIX + dictionary.length() + 1, 64) * 64;
    byte[] header = new byte[length];
    System.arraycopy(MAGIC, 0, header, 0, MAGIC.length);
    header[MAGIC.length] = (byte) (length - PREFIX);
    header[MAGIC.length + 1] = (byte) (length - PREFIX >> 8);
    String padded = dictionary + " ".repeat(length - PREFIX - dictionary.length() - 1) + "\n";
    byte[] ascii = padded.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, header, PREFIX, ascii.length);
    return header;
  }
}
