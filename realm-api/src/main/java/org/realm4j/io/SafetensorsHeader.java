package org.realm4j.io;

import java.io.InputStream;
import java.io.Reader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The header of a safetensors file, checked as a whole. It is parsed as a stream from the mapped
 * file, so that a hostile header costs no more memory than the tensors that it really names.
 */
final class SafetensorsHeader {
  /** The limit of the reference reader. */
  static final long MAX_BYTES = 100_000_000;

  static final int PREFIX = Long.BYTES;
  private static final int MAX_RANK = 32;
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Element types and their bits. */
  enum Dtype {
    BOOL(8),
    U8(8),
    I8(8),
    F8_E5M2(8),
    F8_E4M3(8),
    F8_E8M0(8),
    I16(16),
    U16(16),
    F16(16),
    BF16(16),
    I32(32),
    U32(32),
    F32(32),
    I64(64),
    U64(64),
    F64(64),
    C64(64);

    private final int bits;

    Dtype(int bits) {
      this.bits = bits;
    }

    int bytes() {
      return bits / Byte.SIZE;
    }
  }

  /** One tensor; its bytes are [begin, end) behind the header. */
  record Info(String name, Dtype dtype, long[] shape, long begin, long end) {
    long elements() {
      return (end - begin) / dtype.bytes();
    }
  }

  final Map<String, Info> tensors = new LinkedHashMap<>();
  final Map<String, String> metadata = new LinkedHashMap<>();

  /** Where the data begins in the file. */
  final long dataStart;

  private final String file;

  /**
   * Parses and checks everything.
   *
   * @throws RealmException.CorruptFile that names the file, the tensor, expected and found
   */
  SafetensorsHeader(Path path, MemorySegment all) {
    file = path.toString();
    long length = headerLength(all);
    dataStart = PREFIX + length;
    MemorySegment header = all.asSlice(PREFIX, length);
    try (Reader reader = Json.strictUtf8(stream(header));
        JsonParser parser = Json.parser(reader)) {
      parse(parser);
    } catch (JacksonException e) {
      throw Json.fault(e, file + ": header");
    } catch (java.io.IOException e) {
      throw DiskFault.reading(path, e);
    }
    checkLayout(all.byteSize() - dataStart);
  }

  private long headerLength(MemorySegment all) {
    long size = all.byteSize();
    if (size < PREFIX) {
      throw corrupt("expected 8 bytes of header length, the file has %,d".formatted(size));
    }
    long length = all.get(LENGTH, 0);
    if (length < 0 || length > MAX_BYTES) {
      throw corrupt(
          "header length %s; at most %,d is possible"
              .formatted(Long.toUnsignedString(length), MAX_BYTES));
    }
    if (length > size - PREFIX) {
      throw corrupt(
          "header length %,d, but only %,d bytes follow: the file is truncated"
              .formatted(length, size - PREFIX));
    }
    if (length < 2) {
      throw corrupt("header length %d; expected at least {}".formatted(length));
    }
    if (all.get(ValueLayout.JAVA_BYTE, PREFIX) != '{') {
      throw corrupt("the header does not begin with {");
    }
    return length;
  }

  private void parse(JsonParser parser) {
    expect(parser, JsonToken.START_OBJECT, "the header", "an object");
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      if (name.equals("__metadata__")) {
        parseMetadata(parser);
      } else {
        tensors.put(name, parseTensor(parser, name));
      }
    }
    if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
      throw corrupt("something follows after the header's object");
    }
  }

  private void parseMetadata(JsonParser parser) {
    expect(parser, JsonToken.START_OBJECT, "__metadata__", "an object");
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = parser.currentName();
      expect(parser, JsonToken.VALUE_STRING, "__metadata__ " + key, "a string");
      metadata.put(key, parser.getString());
    }
  }

  private Info parseTensor(JsonParser parser, String name) {
    expect(parser, JsonToken.START_OBJECT, name, "an object");
    Dtype dtype = null;
    long[] shape = null;
    long[] offsets = null;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      switch (parser.currentName()) {
        case "dtype" -> dtype = parseDtype(parser, name);
        case "shape" -> shape = parseLongs(parser, name, "shape", MAX_RANK);
        case "data_offsets" -> offsets = parseLongs(parser, name, "data_offsets", 2);
        default -> throw corrupt(name, "unknown key " + Names.shorten(parser.currentName(), 40));
      }
    }
    return check(name, dtype, shape, offsets);
  }

  private Info check(
      String name, @Nullable Dtype dtype, long @Nullable [] shape, long @Nullable [] offsets) {
    if (dtype == null || shape == null || offsets == null) {
      throw corrupt(name, "expected dtype, shape and data_offsets; one is missing");
    }
    if (offsets.length != 2) {
      throw corrupt(name, "expected 2 data_offsets, found " + offsets.length);
    }
    if (offsets[1] < offsets[0]) {
      throw corrupt(
          name, "the data ends at %,d, before its begin at %,d".formatted(offsets[1], offsets[0]));
    }
    long bytes = dtype.bytes();
    try {
      for (long dimension : shape) {
        bytes = Math.multiplyExact(bytes, dimension);
      }
    } catch (ArithmeticException e) {
      throw corrupt(name, "the shape " + Arrays.toString(shape) + " exceeds 64 bits");
    }
    if (bytes != offsets[1] - offsets[0]) {
      throw corrupt(
          name,
          "%s %s needs %,d bytes, data_offsets give %,d"
              .formatted(dtype, Arrays.toString(shape), bytes, offsets[1] - offsets[0]));
    }
    return new Info(name, dtype, shape, offsets[0], offsets[1]);
  }

  private Dtype parseDtype(JsonParser parser, String name) {
    expect(parser, JsonToken.VALUE_STRING, name + " dtype", "a string");
    String text = parser.getString();
    for (Dtype dtype : Dtype.values()) {
      if (dtype.name().equals(text)) {
        return dtype;
      }
    }
    throw corrupt(name, "unknown dtype " + Names.shorten(text, 40));
  }

  private long[] parseLongs(JsonParser parser, String name, String key, int most) {
    expect(parser, JsonToken.START_ARRAY, name + " " + key, "a list");
    long[] values = new long[4];
    int count = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      boolean whole =
          parser.currentToken() == JsonToken.VALUE_NUMBER_INT
              && (parser.getNumberType() == JsonParser.NumberType.INT
                  || parser.getNumberType() == JsonParser.NumberType.LONG)
              && parser.getLongValue() >= 0;
      if (!whole) {
        throw corrupt(
            name,
            "%s: expected integers from 0 to 2^63 - 1, found %s"
                .formatted(key, Names.shorten(String.valueOf(parser.getString()), 40)));
      }
      if (count == most) {
        throw corrupt(name, "%s: more than %d numbers".formatted(key, most));
      }
      values = count == values.length ? Arrays.copyOf(values, 2 * count) : values;
      values[count++] = parser.getLongValue();
    }
    return Arrays.copyOf(values, count);
  }

  /** The tensors must tile the data: no overlap, no hole, nothing left at the end. */
  private void checkLayout(long dataLength) {
    List<Info> sorted =
        tensors.values().stream()
            .sorted(Comparator.comparingLong(Info::begin).thenComparingLong(Info::end))
            .toList();
    long expected = 0;
    for (Info info : sorted) {
      if (info.begin != expected) {
        throw corrupt(
            info.name,
            "%s: expected to begin at %,d, found %,d"
                .formatted(info.begin < expected ? "overlap" : "hole", expected, info.begin));
      }
      expected = info.end;
      if (expected > dataLength) {
        throw corrupt(
            info.name,
            "ends at %,d, but the file holds %,d bytes of data: it is truncated"
                .formatted(expected, dataLength));
      }
    }
    if (expected != dataLength) {
      throw corrupt("%,d bytes follow after the last tensor".formatted(dataLength - expected));
    }
  }

  private void expect(JsonParser parser, JsonToken token, String what, String expected) {
    JsonToken found = parser.nextToken();
    if (found != token) {
      throw corrupt(what, "expected %s, found %s".formatted(expected, found));
    }
  }

  private RealmException corrupt(String why) {
    return new RealmException.CorruptFile(file + ": " + why);
  }

  private RealmException corrupt(String what, String why) {
    return corrupt(Names.shown(what) + ": " + why);
  }

  private static InputStream stream(MemorySegment segment) {
    ByteBuffer buffer = segment.asByteBuffer();
    return new InputStream() {
      @Override
      public int read() {
        return buffer.hasRemaining() ? buffer.get() & 0xff : -1;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) {
        int n = Math.min(length, buffer.remaining());
        buffer.get(bytes, offset, n);
        return n == 0 && length > 0 ? -1 : n;
      }
    };
  }
}
