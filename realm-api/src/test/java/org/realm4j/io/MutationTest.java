package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files of every format end in success or in a {@link RealmException}, in nothing else. */
class MutationTest {
  private static final int MUTATIONS = 3000;
  private static final List<String> TOKENS =
      List.of(
          "-1",
          "0",
          "9223372036854775807",
          "18446744073709551616",
          "[",
          "]",
          "{",
          "}",
          "\"",
          ",",
          ":",
          "null",
          "1e999",
          "../",
          "/",
          "F64",
          "\u00e9",
          "[0,0]",
          "true");

  @TempDir Path dir;

  private interface Reader {
    void read(byte[] bytes) throws IOException;
  }

  @Test
  void safetensors() throws IOException {
    Path file = SafetensorsTest.sample(dir.resolve("f"));
    mutate(
        Files.readAllBytes(file),
        bytes -> {
          replace(file, bytes);
          try (Safetensors read = Safetensors.open(file)) {
            for (String name : read.names()) {
              read.shape(name);
              try {
                read.floats(name);
              } catch (RealmException.Incompatible e) {
                read.longs(name);
              }
            }
          }
        });
  }

  @Test
  void shardIndex() throws IOException {
    WeightFolder.write(dir, WeightFolderTest.tensors(), 24);
    Path index = dir.resolve("model.safetensors.index.json");
    mutate(
        Files.readAllBytes(index),
        bytes -> {
          replace(index, bytes);
          try (WeightFolder folder = WeightFolder.open(dir)) {
            folder.names().forEach(name -> folder.floats(name, folder.shape(name)));
          }
        });
  }

  @Test
  void json() throws IOException {
    String text = "{\"a\":[1,-2.5e3,\"x\\u00e9\\n\",true,null],\"b\":{\"c\":{}},\"é\":12345678901}";
    Path file = dir.resolve("f");
    mutate(
        text.getBytes(StandardCharsets.UTF_8),
        bytes -> {
          replace(file, bytes);
          Json.format(Json.parse(file));
        });
  }

  @Test
  void npy() throws IOException {
    Path file = dir.resolve("f");
    Npy.write(file, new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    mutate(
        Files.readAllBytes(file),
        bytes -> {
          replace(file, bytes);
          Npy.read(file);
        });
  }

  @Test
  void onnx() throws IOException {
    mutate(
        OnnxInitializersTest.sample(),
        bytes -> {
          MemorySegment model = MemorySegment.ofArray(bytes);
          try (OnnxInitializers onnx = OnnxInitializers.of(model, "model")) {
            for (String name : onnx.names()) {
              if (!name.equals("i64")) {
                onnx.floats(name);
              }
            }
          }
        });
  }

  @Test
  void publishedFolder() throws IOException {
    PublishedFolder folder = PublishedFolder.at(dir.resolve("p"));
    PublishedFolderTest.publish(FileLayer.DISK, folder, 1);
    Path current = dir.resolve("p/CURRENT");
    mutate(
        Files.readAllBytes(current),
        bytes -> {
          replace(current, bytes);
          folder.check();
        });
    // The same with the checksum made right, so that the mutations get past it.
    String whole = Files.readString(current);
    byte[] json = whole.substring(0, whole.indexOf('\n')).getBytes(StandardCharsets.UTF_8);
    mutate(
        json,
        bytes -> {
          java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
          crc.update(bytes);
          String checksum = Manifest.hex((int) crc.getValue()) + "\n";
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          out.writeBytes(bytes);
          out.writeBytes(("\n" + checksum).getBytes(StandardCharsets.UTF_8));
          replace(current, out.toByteArray());
          folder.check();
        });
  }

  @Test
  void gzippedLines() throws IOException {
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
      out.write("a line\nanother line, é\n\nthe last".getBytes(StandardCharsets.UTF_8));
    }
    Path file = dir.resolve("f");
    mutate(
        gzip.toByteArray(),
        bytes -> {
          replace(file, bytes);
          Lines.forEach(file, (number, line) -> {});
        });
  }

  /** Some file systems flush a file that is truncated and written, which costs milliseconds. */
  static void replace(Path file, byte[] bytes) throws IOException {
    Files.deleteIfExists(file);
    Files.write(file, bytes);
  }

  private static void mutate(byte[] valid, Reader reader) throws IOException {
    reader.read(valid);
    int refused = 0;
    for (int seed = 0; seed < MUTATIONS; seed++) {
      byte[] bytes = mutate(valid, new SplittableRandom(seed));
      try {
        reader.read(bytes);
      } catch (RealmException e) {
        refused++;
        assertTrue(
            e.getMessage() != null && e.getMessage().indexOf('\n') < 0, "seed " + seed + ": " + e);
      } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
        throw new AssertionError("seed " + seed + ": " + e, e);
      }
    }
    assertTrue(refused > MUTATIONS / 10, "only " + refused + " mutations did damage");
    reader.read(valid);
  }

  /** One to four changes: a bit, a byte, a cut, a copy of a piece, a token of JSON. */
  private static byte[] mutate(byte[] valid, SplittableRandom random) {
    byte[] bytes = valid.clone();
    for (int changes = 1 + random.nextInt(4); changes > 0 && bytes.length > 0; changes--) {
      int at = random.nextInt(bytes.length);
      int end = at + random.nextInt(Math.min(16, bytes.length - at) + 1);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes = splice(bytes, at, end, new byte[0]);
        case 3 -> bytes = splice(bytes, at, at, Arrays.copyOfRange(bytes, at, end));
        case 4 -> {
          String token = TOKENS.get(random.nextInt(TOKENS.size()));
          bytes = splice(bytes, at, end, token.getBytes(StandardCharsets.UTF_8));
        }
        default -> bytes = random.nextInt(4) == 0 ? Arrays.copyOf(bytes, at) : bytes;
      }
    }
    return bytes;
  }

  private static byte[] splice(byte[] bytes, int from, int to, byte[] with) {
    byte[] result = Arrays.copyOf(bytes, bytes.length - (to - from) + with.length);
    System.arraycopy(with, 0, result, from, with.length);
    System.arraycopy(bytes, to, result, from + with.length, bytes.length - to);
    return result;
  }
}
