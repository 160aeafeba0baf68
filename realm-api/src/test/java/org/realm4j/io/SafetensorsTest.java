package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsTest {
  @TempDir Path dir;

  /** Each header is wrong in one way; the data has 8 bytes; the message must hold the word. */
  static Stream<Arguments> wrongHeaders() {
    String a = "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";
    return Stream.of(
        Arguments.of("[]", "begin with {"),
        Arguments.of("{} {}", "follows after"),
        Arguments.of("{" + a, "JSON"),
        Arguments.of("{" + a + "," + a + "}", "uplicate"),
        Arguments.of("{\"a\":3}", "a: expected an object"),
        Arguments.of("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", "missing"),
        Arguments.of("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "missing"),
        Arguments.of("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "missing"),
        Arguments.of(tensor("F33", "[2]", "[0,8]"), "unknown dtype F33"),
        Arguments.of(tensor("F32", "2", "[0,8]"), "expected a list"),
        Arguments.of(tensor("F32", "[-2]", "[0,8]"), "found -2"),
        Arguments.of(tensor("F32", "[2.0]", "[0,8]"), "found 2.0"),
        Arguments.of(tensor("F32", "[9223372036854775808]", "[0,8]"), "integers"),
        Arguments.of(tensor("F32", "[4294967296,4294967296]", "[0,8]"), "exceeds 64 bits"),
        Arguments.of(tensor("F32", "[2305843009213693952,2]", "[0,8]"), "exceeds 64 bits"),
        Arguments.of(tensor("F32", "[1" + ",1".repeat(32) + "]", "[0,8]"), "more than 32"),
        Arguments.of(tensor("F32", "[3]", "[0,8]"), "needs 12 bytes"),
        Arguments.of(tensor("F32", "[2]", "[0]"), "expected 2 data_offsets"),
        Arguments.of(tensor("F32", "[2]", "[0,8,9]"), "more than 2"),
        Arguments.of(tensor("F32", "[2]", "[8,0]"), "before its begin"),
        Arguments.of(tensor("F32", "[2]", "[-8,0]"), "found -8"),
        Arguments.of(tensor("F32", "[1]", "[4,8]"), "hole"),
        Arguments.of(tensor("F32", "[1]", "[0,4]"), "4 bytes follow"),
        Arguments.of(tensor("F32", "[3]", "[0,12]"), "truncated"),
        Arguments.of(
            "{" + a + ",\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", "overlap"),
        Arguments.of("{" + a.replace("\"shape\"", "\"x\":1,\"shape\"") + "}", "unknown key x"),
        Arguments.of("{\"__metadata__\":{\"k\":1}," + a + "}", "__metadata__ k: expected a string"),
        Arguments.of("{\"__metadata__\":[]," + a + "}", "__metadata__: expected an object"),
        Arguments.of("{\"a\":" + "[".repeat(100_000), "expected an object"),
        Arguments.of("{\"a\":{\"dtype\":" + "[".repeat(100_000), "expected a string"));
  }

  private static String tensor(String dtype, String shape, String offsets) {
    return "{\"a\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}}"
        .formatted(dtype, shape, offsets);
  }

  @ParameterizedTest
  @MethodSource("wrongHeaders")
  void wrongHeaderIsNamed(String header, String word) throws IOException {
    Path file = file(header.getBytes(StandardCharsets.UTF_8), new byte[8]);
    String message = assertThrows(RealmException.CorruptFile.class, () -> open(file)).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    assertTrue(message.contains(word), message);
    assertFalse(message.contains("\n"), message);
  }

  @Test
  void wrongHeaderLengthIsNamed() throws IOException {
    for (long length : new long[] {0, 1, 1000, 100_000_001, Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
      Path file = dir.resolve("f");
      byte[] bytes = new byte[40];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length).put((byte) '{');
      Files.write(file, bytes);
      String message =
          assertThrows(RealmException.CorruptFile.class, () -> open(file)).getMessage();
      assertTrue(message.contains("header length"), message);
    }
  }

  @Test
  void everyTruncationAndExtensionIsRefused() throws IOException {
    Path file = dir.resolve("f");
    byte[] whole = Files.readAllBytes(sample(file));
    for (int length = 0; length < whole.length; length++) {
      MutationTest.replace(file, java.util.Arrays.copyOf(whole, length));
      assertThrows(RealmException.CorruptFile.class, () -> open(file), "length " + length);
    }
    Files.write(file, java.util.Arrays.copyOf(whole, whole.length + 1));
    assertThrows(RealmException.CorruptFile.class, () -> open(file));
  }

  @Test
  void malformedUtf8IsRefused() throws IOException {
    byte[] header = "{\"?\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}".getBytes();
    header[2] = (byte) 0xff;
    Path file = file(header, new byte[8]);
    RealmException e = assertThrows(RealmException.CorruptFile.class, () -> open(file));
    assertTrue(e.getMessage().contains("UTF-8"), e.getMessage());
  }

  @Test
  void hundredThousandOverlappingTensorsAreRefusedSoon() throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < 100_000; i++) {
      header.append(i == 0 ? "" : ",");
      header.append("\"t%d\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}".formatted(i));
    }
    Path file = file(header.append("}").toString().getBytes(StandardCharsets.UTF_8), new byte[8]);
    long start = System.nanoTime();
    assertThrows(RealmException.CorruptFile.class, () -> open(file));
    assertTrue(System.nanoTime() - start < 5_000_000_000L);
  }

  @Test
  void hugeHeaderOfZerosCostsNothing() throws IOException {
    Path file = dir.resolve("sparse");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(SafetensorsHeader.MAX_BYTES + 8);
      ByteBuffer prefix = ByteBuffer.allocate(9).order(ByteOrder.LITTLE_ENDIAN);
      sparse.write(prefix.putLong(SafetensorsHeader.MAX_BYTES).put((byte) '{').array());
    }
    assertThrows(RealmException.CorruptFile.class, () -> open(file));
  }

  @Test
  void missingTensorIsNamedWithNearNames() {
    try (Safetensors file = Safetensors.open(sample(dir.resolve("f")))) {
      RealmException e =
          assertThrows(RealmException.Incompatible.class, () -> file.floats("layer.wieght"));
      assertTrue(e.getMessage().contains("near names: layer.weight"), e.getMessage());
      e = assertThrows(RealmException.Incompatible.class, () -> file.longs("layer.weight"));
      assertTrue(e.getMessage().contains("found F32"), e.getMessage());
    }
  }

  @Test
  void missingFileIsBadInput() {
    assertThrows(RealmException.BadInput.class, () -> open(dir.resolve("none")));
  }

  @Test
  void useAfterCloseThrows() {
    Safetensors file = Safetensors.open(sample(dir.resolve("f")));
    file.close();
    file.close();
    assertThrows(IllegalStateException.class, () -> file.floats("layer.weight"));
  }

  @Test
  void allTypesRoundTripInAnyOrder() {
    Path file = sample(dir.resolve("f"));
    try (Safetensors read = Safetensors.open(file)) {
      assertEquals(List.of("layer.weight", "step", "mean", "scalar", "empty"), read.names());
      assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, read.floats("layer.weight"));
      assertArrayEquals(new long[] {3, 2}, read.shape("layer.weight"));
      assertArrayEquals(new long[] {Long.MIN_VALUE, 7}, read.longs("step"));
      assertArrayEquals(new double[] {Math.PI}, read.doubles("mean"));
      assertArrayEquals(new double[] {1, 2, 3, 4, 5, 6}, read.doubles("layer.weight"));
      assertArrayEquals(new float[] {(float) Math.PI}, read.floats("mean"));
      assertArrayEquals(new long[0], read.shape("scalar"));
      assertArrayEquals(new float[0], read.floats("empty"));
      assertEquals("I64", read.dtype("step"));
      assertEquals(Map.of("b", "2", "a", "1"), read.metadata());
    }
  }

  @Test
  void sameInputGivesSameBytesAndAlignedHeader() throws IOException {
    byte[] first = Files.readAllBytes(sample(dir.resolve("f")));
    byte[] second = Files.readAllBytes(sample(dir.resolve("g")));
    assertArrayEquals(first, second);
    assertEquals(0, ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getLong() % 8);
    try (Stream<Path> left = Files.list(dir)) {
      assertEquals(2, left.count(), "a temporary file was left");
    }
  }

  @Test
  void readsWhatOthersWriteInAnotherOrder() throws IOException {
    // The header names b first although its data comes last; halves, small integers and booleans.
    String header =
        "{\"b\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[12,14]},"
            + "\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]},"
            + "\"i\":{\"data_offsets\":[8,12],\"shape\":[1],\"dtype\":\"I32\"},"
            + "\"g\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[4,8]}}   ";
    ByteBuffer data = ByteBuffer.allocate(14).order(ByteOrder.LITTLE_ENDIAN);
    data.putShort((short) 0x3c00).putShort((short) 0xc000); // 1, -2
    data.putShort((short) 0x3f80).putShort((short) 0xc000); // 1, -2
    data.putInt(-5).put((byte) 1).put((byte) 0);
    try (Safetensors file = open(file(header.getBytes(StandardCharsets.UTF_8), data.array()))) {
      assertEquals(List.of("b", "h", "i", "g"), file.names());
      assertArrayEquals(new float[] {1, -2}, file.floats("h"));
      assertArrayEquals(new float[] {1, -2}, file.floats("g"));
      assertArrayEquals(new long[] {-5}, file.longs("i"));
      assertArrayEquals(new long[] {1, 0}, file.longs("b"));
    }
  }

  @Test
  void writerRefusesWhatDoesNotFit() {
    for (long[] shape : new long[][] {{3}, {-1, -2}, {1L << 62, 4}, {}}) {
      LinkedHashMap<String, Safetensors.Entry> tensors = new LinkedHashMap<>();
      tensors.put("a", new Safetensors.Entry(shape, new float[2]));
      Path file = dir.resolve("f");
      assertThrows(RealmException.BadInput.class, () -> Safetensors.write(file, tensors, Map.of()));
      assertFalse(Files.exists(file));
    }
  }

  @Test
  void failedWriteLeavesTheOldFile() throws IOException {
    Path file = sample(dir.resolve("f"));
    byte[] old = Files.readAllBytes(file);
    int failures = 0;
    for (int k = 1; ; k++) {
      FaultyLayer layer = FaultyLayer.failingAt(k, true);
      LinkedHashMap<String, Safetensors.Entry> tensors = new LinkedHashMap<>();
      tensors.put("a", new Safetensors.Entry(new long[] {1}, new float[] {k}));
      try {
        SafetensorsWriter.write(layer, file, tensors, Map.of());
        break;
      } catch (RealmException e) {
        failures++;
        try (Safetensors read = Safetensors.open(file)) {
          boolean isNew = read.contains("a") && read.floats("a")[0] == k;
          assertTrue(isNew || java.util.Arrays.equals(old, Files.readAllBytes(file)));
          old = Files.readAllBytes(file);
        }
      }
    }
    assertTrue(failures >= 5, "only " + failures + " operations could fail");
  }

  private static Safetensors open(Path file) {
    return Safetensors.open(file);
  }

  static Path sample(Path file) {
    LinkedHashMap<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    tensors.put(
        "layer.weight", new Safetensors.Entry(new long[] {3, 2}, new float[] {1, 2, 3, 4, 5, 6}));
    tensors.put("step", new Safetensors.LongEntry(new long[] {2}, new long[] {Long.MIN_VALUE, 7}));
    tensors.put("mean", new Safetensors.DoubleEntry(new long[] {1, 1}, new double[] {Math.PI}));
    tensors.put("scalar", new Safetensors.Entry(new long[0], new float[] {-0f}));
    tensors.put("empty", new Safetensors.Entry(new long[] {6, 0}, new float[0]));
    Safetensors.write(file, tensors, Map.of("b", "2", "a", "1"));
    return file;
  }

  private Path file(byte[] header, byte[] data) throws IOException {
    ByteBuffer all = ByteBuffer.allocate(8 + header.length + data.length);
    all.order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).put(header).put(data);
    return Files.write(dir.resolve("hand-made"), all.array());
  }
}
