package org.realm4j.io;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Builds small ONNX models as bytes. */
final class OnnxBuilder {
  private final Message graph = new Message();

  /** A message in the wire format. */
  static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message number(int field, long value) {
      raw(field << 3 | ProtobufReader.VARINT);
      return raw(value);
    }

    Message bytes(int field, byte[] value) {
      raw(field << 3 | ProtobufReader.BYTES);
      raw(value.length);
      out.writeBytes(value);
      return this;
    }

    Message string(int field, String value) {
      return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message fixed32(int field, float value) {
      raw(field << 3 | ProtobufReader.FIXED32);
      out.writeBytes(floats(value));
      return this;
    }

    Message raw(long varint) {
      long rest = varint;
      while ((rest & ~0x7fL) != 0) {
        out.write((int) (rest & 0x7f | 0x80));
        rest >>>= 7;
      }
      out.write((int) rest);
      return this;
    }

    byte[] toBytes() {
      return out.toByteArray();
    }
  }

  static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  OnnxBuilder tensor(String name, float[] values, long... dims) {
    Message tensor = new Message();
    for (long dim : dims) {
      tensor.number(1, dim);
    }
    return tensor(tensor.number(2, 1).string(8, name).bytes(9, floats(values)));
  }

  OnnxBuilder tensor(Message tensor) {
    graph.bytes(5, tensor.toBytes());
    return this;
  }

  OnnxBuilder node(String name, String opType, List<String> inputs, String output) {
    Message node = new Message();
    inputs.forEach(input -> node.string(1, input));
    graph.bytes(1, node.string(2, output).string(3, name).string(4, opType).toBytes());
    return this;
  }

  byte[] toBytes() {
    return new Message()
        .number(1, 6) // ir_version
        .string(2, "test")
        .bytes(7, graph.string(2, "graph").toBytes())
        .toBytes();
  }
}
