package org.realm4j.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * The wire format of protocol buffers: a message is a run of (field number, wire type, value).
 * Every length is checked against the message that holds it.
 */
final class ProtobufReader {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int BYTES = 2;
  static final int FIXED32 = 5;

  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment message;
  private final String where;
  private long position;
  private int field;
  private int wireType;

  ProtobufReader(MemorySegment message, String where) {
    this.message = message;
    this.where = where;
  }

  /** Whether bytes are left. */
  boolean hasMore() {
    return position < message.byteSize();
  }

  /** Moves to the next field; its value must then be read or skipped. */
  boolean next() {
    if (!hasMore()) {
      return false;
    }
    long tag = varint();
    field = (int) (tag >>> 3);
    wireType = (int) tag & 7;
    if (tag >>> 3 == 0 || tag >>> 3 > 0x1fffffff) {
      throw corrupt("invalid field number " + (tag >>> 3));
    }
    return true;
  }

  int field() {
    return field;
  }

  int wireType() {
    return wireType;
  }

  long varint() {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (position == message.byteSize()) {
        throw corrupt("a number is cut off");
      }
      byte b = message.get(ValueLayout.JAVA_BYTE, position++);
      value |= (b & 0x7fL) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw corrupt("a number is longer than 10 bytes");
  }

  float fixed32() {
    return Float.intBitsToFloat(take(Integer.BYTES).get(I32, 0));
  }

  /** A length and as many bytes, not copied. */
  MemorySegment bytes() {
    if (wireType != BYTES) {
      throw corrupt("field %d: expected bytes, found wire type %d".formatted(field, wireType));
    }
    return take(varint());
  }

  String string() {
    MemorySegment bytes = bytes();
    if (bytes.byteSize() > 1 << 16) {
      throw corrupt("field %d: a name of %,d bytes".formatted(field, bytes.byteSize()));
    }
    try {
      ByteBuffer buffer = ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE));
      return StandardCharsets.UTF_8.newDecoder().decode(buffer).toString();
    } catch (CharacterCodingException e) {
      throw corrupt("field %d: not valid UTF-8".formatted(field));
    }
  }

  void skip() {
    switch (wireType) {
      case VARINT -> varint();
      case FIXED64 -> take(Long.BYTES);
      case BYTES -> take(varint());
      case FIXED32 -> take(Integer.BYTES);
      default -> throw corrupt("field %d: unknown wire type %d".formatted(field, wireType));
    }
  }

  RealmException corrupt(String why) {
    return new RealmException.CorruptFile("%s: byte %,d: %s".formatted(where, position, why));
  }

  private MemorySegment take(long length) {
    if (length < 0 || length > message.byteSize() - position) {
      throw corrupt(
          "field %d: length %s, but %,d bytes are left"
              .formatted(field, Long.toUnsignedString(length), message.byteSize() - position));
    }
    MemorySegment taken = message.asSlice(position, length);
    position += length;
    return taken;
  }
}
