package org.realm4j.io;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a text file, plain or gzip (recognised by its first bytes, not by its name). Strict
 * UTF-8; a byte order mark at the start and a carriage return at the end of a line are dropped. An
 * iterator holds the file open until it is closed. Not thread-safe.
 *
 * <p>Errors are {@link RealmException.CorruptFile} with the number of the line: malformed UTF-8, a
 * line over {@value #MAX_LINE_BYTES} bytes, broken gzip, or gzip that expands more than {@value
 * #MAX_RATIO} times, which no text does and a decompression bomb must.
 */
public final class Lines implements Iterator<String>, AutoCloseable {
  /** The longest line, 16 MiB, without its end. */
  public static final int MAX_LINE_BYTES = 16 << 20;

  /** How many bytes a compressed byte may become. */
  public static final int MAX_RATIO = 200;

  /** Short files of one repeated line may legally exceed the ratio. */
  private static final long RATIO_FREE_BYTES = 4L << 20;

  /** Receives a line; numbers begin with 1. */
  @FunctionalInterface
  public interface LineConsumer {
    void accept(long lineNumber, String line);
  }

  private final Path file;
  private final InputStream in;
  private final @Nullable CountingStream compressed;
  private final byte[] buffer = new byte[1 << 16];
  private int position;
  private int limit;
  private long expanded;
  private byte[] line = new byte[256];
  private long lineNumber;
  private @Nullable String next;

  private Lines(Path file, InputStream in, @Nullable CountingStream compressed) {
    this.file = file;
    this.in = in;
    this.compressed = compressed;
  }

  /**
   * Opens a file.
   *
   * @throws RealmException.BadInput if there is no such file
   */
  public static Lines open(Path file) {
    try {
      return of(file, Files.newInputStream(file));
    } catch (IOException e) {
      throw DiskFault.reading(file, e);
    }
  }

  /**
   * The lines of a stream, which is closed with them.
   *
   * @param file named in errors, such as {@code stdin}
   */
  public static Lines of(Path file, InputStream stream) {
    BufferedInputStream raw = new BufferedInputStream(stream, 1 << 16);
    try {
      if (!isGzip(raw)) {
        return new Lines(file, raw, null);
      }
      CountingStream counting = new CountingStream(raw);
      return new Lines(file, new GZIPInputStream(counting, 1 << 14), counting);
    } catch (IOException e) {
      closeQuietly(raw);
      throw e instanceof java.util.zip.ZipException || e instanceof java.io.EOFException
          ? new RealmException.CorruptFile(file + ": broken gzip header", e)
          : DiskFault.reading(file, e);
    }
  }

  private static boolean isGzip(BufferedInputStream raw) throws IOException {
    raw.mark(2);
    boolean gzip = raw.read() == 0x1f && raw.read() == 0x8b;
    raw.reset();
    return gzip;
  }

  /**
   * The beginning of a file, plain or gzip, to tell formats apart; what is malformed becomes
   * U+FFFD, since the cut may go through a character.
   *
   * @param bytes the most that are read, after expansion
   * @throws RealmException.BadInput if there is no such file
   */
  public static String beginning(Path file, int bytes) {
    try (BufferedInputStream raw = new BufferedInputStream(Files.newInputStream(file))) {
      InputStream in = isGzip(raw) ? new GZIPInputStream(raw) : raw;
      return new String(in.readNBytes(bytes), StandardCharsets.UTF_8);
    } catch (java.util.zip.ZipException | java.io.EOFException e) {
      throw new RealmException.CorruptFile(file + ": broken gzip: " + e.getMessage(), e);
    } catch (IOException e) {
      throw DiskFault.reading(file, e);
    }
  }

  /**
   * Replaces a file by these lines, so that a crash leaves the old file or the new one.
   *
   * @throws RealmException.BadInput if one holds a line feed or a carriage return
   */
  public static void write(Path file, Iterable<String> lines) {
    StringBuilder text = new StringBuilder();
    for (String line : lines) {
      if (line.indexOf('\n') >= 0 || line.indexOf('\r') >= 0) {
        throw new RealmException.BadInput(
            file + ": expected lines, found one with a line break in it: " + Names.shown(line));
      }
      text.append(line).append('\n');
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    DurableFile.write(FileLayer.DISK, file, bytes.length, out -> out.write(bytes));
  }

  /** Hands every line to the consumer, whose exceptions pass through. */
  public static void forEach(Path file, LineConsumer consumer) {
    try (Lines lines = open(file)) {
      while (lines.hasNext()) {
        String line = lines.next();
        consumer.accept(lines.lineNumber(), line);
      }
    }
  }

  /** The number of the line that {@link #next} returned last; 0 before the first. */
  public long lineNumber() {
    return next == null ? lineNumber : lineNumber - 1;
  }

  @Override
  public boolean hasNext() {
    if (next == null) {
      next = read();
    }
    return next != null;
  }

  @Override
  public String next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException(file + " has no line after " + lineNumber);
    }
    String result = next;
    next = null;
    return result;
  }

  @Override
  public void close() {
    closeQuietly(in);
  }

  private @Nullable String read() {
    int length = 0;
    while (position < limit || fill()) {
      int end = position;
      while (end < limit && buffer[end] != '\n') {
        end++;
      }
      length = keep(length, end);
      boolean complete = end < limit;
      position = complete ? end + 1 : end;
      if (complete) {
        return text(length);
      }
    }
    return length == 0 ? null : text(length);
  }

  private int keep(int length, int end) {
    int total = length + end - position;
    if (total > MAX_LINE_BYTES) {
      throw corrupt("longer than %,d bytes".formatted(MAX_LINE_BYTES), null);
    }
    if (total > line.length) {
      line = Arrays.copyOf(line, Math.max(total, Math.min(2 * line.length, MAX_LINE_BYTES)));
    }
    System.arraycopy(buffer, position, line, length, end - position);
    return total;
  }

  private boolean fill() {
    try {
      position = 0;
      limit = Math.max(0, in.read(buffer));
    } catch (IOException e) {
      limit = 0;
      if (compressed == null || compressed.failed) {
        throw DiskFault.reading(file, e);
      }
      throw corrupt("broken gzip: " + e.getMessage(), e);
    }
    expanded += limit;
    if (compressed != null
        && expanded > RATIO_FREE_BYTES
        && expanded > MAX_RATIO * compressed.count) {
      throw corrupt(
          "%,d compressed bytes expand to over %,d, more than %d times as many: a decompression bomb"
              .formatted(compressed.count, expanded, MAX_RATIO),
          null);
    }
    return limit > 0;
  }

  private String text(int length) {
    lineNumber++;
    int start = lineNumber == 1 && startsWithMark(length) ? 3 : 0;
    int end = length > start && line[length - 1] == '\r' ? length - 1 : length;
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(line, start, end - start))
          .toString();
    } catch (CharacterCodingException e) {
      lineNumber--;
      throw corrupt("not valid UTF-8", e);
    }
  }

  private boolean startsWithMark(int length) {
    return length >= 3
        && line[0] == (byte) 0xef
        && line[1] == (byte) 0xbb
        && line[2] == (byte) 0xbf;
  }

  /** About the line that is being read. */
  private RealmException corrupt(String why, @Nullable IOException cause) {
    String message = "%s: line %,d: %s".formatted(file, lineNumber + 1, why);
    return cause == null
        ? new RealmException.CorruptFile(message)
        : new RealmException.CorruptFile(message, cause);
  }

  private static void closeQuietly(@Nullable InputStream in) {
    if (in != null) {
      try {
        in.close();
      } catch (IOException e) {
        // Everything that was asked for has been read.
      }
    }
  }

  /** Counts what the decompressor takes, and knows a fault of the disk from one of the content. */
  private static final class CountingStream extends FilterInputStream {
    private long count;
    private boolean failed;

    CountingStream(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      try {
        int n = super.read(bytes, offset, length);
        count += Math.max(0, n);
        return n;
      } catch (IOException e) {
        failed = true;
        throw e;
      }
    }
  }
}
