package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {
  @TempDir Path dir;

  @Test
  void roundTripsWithAlignedData() throws IOException {
    for (int[] size : new int[][] {{0, 5}, {1, 1}, {3, 7}, {300, 100}}) {
      float[] values = new float[size[0] * size[1]];
      for (int i = 0; i < values.length; i++) {
        values[i] = i == 0 ? -0f : i / 3f;
      }
      Path file = dir.resolve("m.npy");
      Npy.write(file, values, size[0], size[1]);
      assertEquals(0, (Files.size(file) - 4L * values.length) % 64);
      Npy.Matrix matrix = Npy.read(file);
      assertArrayEquals(values, matrix.rowMajor());
      assertEquals(size[0], matrix.rows());
      assertEquals(size[1], matrix.cols());
    }
  }

  @Test
  void readsWhatNumPyWrites() throws IOException {
    // numpy.save of [[1, 2]] as float32.
    String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
    byte[] bytes = new byte[136];
    byte[] text = ("\u0093NUMPY\1\0v\0" + header).getBytes(StandardCharsets.ISO_8859_1);
    Arrays.fill(bytes, 0, 128, (byte) ' ');
    System.arraycopy(text, 0, bytes, 0, text.length);
    bytes[127] = '\n';
    System.arraycopy(new byte[] {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40}, 0, bytes, 128, 8);
    Path file = Files.write(dir.resolve("m.npy"), bytes);
    assertArrayEquals(new float[] {1, 2}, Npy.read(file).rowMajor());
  }

  @Test
  void wrongFilesAreRefused() throws IOException {
    Path file = dir.resolve("m.npy");
    Npy.write(file, new float[6], 2, 3);
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length++) {
      MutationTest.replace(file, Arrays.copyOf(whole, length));
      assertThrows(RealmException.class, () -> Npy.read(file), "length " + length);
    }
    Files.write(file, Arrays.copyOf(whole, whole.length + 1));
    assertThrows(RealmException.CorruptFile.class, () -> Npy.read(file));
    for (String change :
        List.of("<f4=<f8", "False=True ", "(2, 3)=(2,33)", "(2, 3)=(3, 3)", "(2, 3)=(-2,3)")) {
      String[] fromTo = change.split("=");
      String text = new String(whole, StandardCharsets.ISO_8859_1).replace(fromTo[0], fromTo[1]);
      Files.write(file, text.getBytes(StandardCharsets.ISO_8859_1));
      assertThrows(RealmException.class, () -> Npy.read(file), change);
    }
    assertThrows(RealmException.BadInput.class, () -> Npy.write(file, new float[6], 2, 2));
    assertThrows(
        RealmException.BadInput.class, () -> Npy.write(file, new float[0], 1 << 16, 1 << 16));
  }
}
