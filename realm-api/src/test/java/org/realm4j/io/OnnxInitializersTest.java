package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.OnnxBuilder.Message;

class OnnxInitializersTest {
  @TempDir Path dir;

  static byte[] sample() {
    return new OnnxBuilder()
        .tensor("raw", new float[] {1, -2, 3, 4, 5, 6}, 2, 3)
        .tensor(
            new Message().number(1, 2).number(2, 1).fixed32(4, 7).fixed32(4, 8).string(8, "one"))
        .tensor(
            new Message()
                .bytes(1, new Message().raw(1).raw(2).toBytes())
                .number(2, 1)
                .bytes(4, OnnxBuilder.floats(9, 10))
                .string(8, "packed"))
        .tensor(new Message().number(1, 1).number(2, 7).string(8, "i64").bytes(9, new byte[8]))
        .node("/a/MatMul", "MatMul", List.of("x", "raw"), "y")
        .toBytes();
  }

  @Test
  void readsEveryWayToStoreFloats() throws Exception {
    Path file = Files.write(dir.resolve("m.onnx"), sample());
    try (OnnxInitializers onnx = OnnxInitializers.open(file)) {
      assertEquals(List.of("raw", "one", "packed", "i64"), onnx.names());
      assertArrayEquals(new float[] {1, -2, 3, 4, 5, 6}, onnx.floats("raw"));
      assertArrayEquals(new long[] {2, 3}, onnx.shape("raw"));
      assertArrayEquals(new float[] {7, 8}, onnx.floats("one"));
      assertArrayEquals(new float[] {9, 10}, onnx.floats("packed"));
      assertArrayEquals(new long[] {1, 2}, onnx.shape("packed"));
      assertEquals(
          List.of(
              new OnnxInitializers.Node("/a/MatMul", "MatMul", List.of("x", "raw"), List.of("y"))),
          onnx.nodes());
      assertThrows(RealmException.Incompatible.class, () -> onnx.floats("i64"));
      assertThrows(RealmException.Incompatible.class, () -> onnx.floats("none"));
    }
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] whole = sample();
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThrows(RealmException.CorruptFile.class, () -> of(cut), "length " + length);
    }
  }

  @Test
  void wrongSizesAreRefused() {
    assertMessage(
        new Message().number(1, 3).number(2, 1).string(8, "t").bytes(9, new byte[8]),
        "needs 3 floats");
    assertMessage(new Message().number(1, 3).number(2, 1).string(8, "t"), "needs 3 floats");
    assertMessage(new Message().number(1, -1).number(2, 1).string(8, "t"), "negative dimension");
    assertMessage(
        new Message().number(1, 1L << 62).number(1, 4).number(2, 1).string(8, "t"), "exceeds 64");
    assertMessage(new Message().bytes(1, new byte[1000]).string(8, "t"), "dimensions");
    assertMessage(new Message().string(2, "x").string(8, "t"), "expected a number");
    assertMessage(new Message().number(8, 3), "expected bytes");
    assertMessage(new Message().bytes(8, new byte[] {(byte) 0xff}), "UTF-8");
    assertMessage(new Message().bytes(13, new byte[0]).string(8, "t"), "another file");
    assertMessage(new Message().raw(9 << 3 | 2).raw(-1), "18446744073709551615");
    assertMessage(new Message().raw(9 << 3 | 3), "wire type 3");
  }

  private static void assertMessage(Message tensor, String part) {
    byte[] model = new OnnxBuilder().tensor(tensor).toBytes();
    RealmException e = assertThrows(RealmException.CorruptFile.class, () -> of(model).floats("t"));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  private static OnnxInitializers of(byte[] model) {
    return OnnxInitializers.of(MemorySegment.ofArray(model), "model");
  }
}
