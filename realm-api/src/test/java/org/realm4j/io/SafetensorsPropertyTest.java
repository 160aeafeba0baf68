package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

class SafetensorsPropertyTest {
  @Property(tries = 150)
  void whatIsWrittenInAnyOrderIsRead(
      @ForAll @Size(max = 6) Map<String, @Size(max = 9) List<Double>> values, @ForAll long seed)
      throws IOException {
    List<String> order = new ArrayList<>(values.keySet());
    order.remove("__metadata__");
    Collections.shuffle(order, new Random(seed));
    LinkedHashMap<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    for (String name : order) {
      double[] doubles = values.get(name).stream().mapToDouble(d -> d).toArray();
      long[] shape = {1, doubles.length};
      tensors.put(
          name,
          switch (Math.floorMod(name.hashCode(), 3)) {
            case 0 -> new Safetensors.DoubleEntry(shape, doubles);
            case 1 -> new Safetensors.Entry(shape, toFloats(doubles));
            default -> new Safetensors.LongEntry(shape, toLongs(doubles));
          });
    }
    Path file = Files.createTempFile("property", ".safetensors");
    try {
      Safetensors.write(file, tensors, Map.of());
      check(file, tensors);
    } finally {
      Files.delete(file);
    }
  }

  private static void check(Path file, Map<String, Safetensors.Tensor> tensors) {
    try (Safetensors read = Safetensors.open(file)) {
      assertEquals(List.copyOf(tensors.keySet()), read.names());
      tensors.forEach(
          (name, tensor) -> {
            assertArrayEquals(tensor.shape(), read.shape(name));
            switch (tensor) {
              case Safetensors.Entry e -> assertArrayEquals(e.floats(), read.floats(name));
              case Safetensors.DoubleEntry e -> assertArrayEquals(e.doubles(), read.doubles(name));
              case Safetensors.LongEntry e -> assertArrayEquals(e.longs(), read.longs(name));
            }
          });
    }
  }

  private static float[] toFloats(double[] doubles) {
    float[] floats = new float[doubles.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) doubles[i];
    }
    return floats;
  }

  private static long[] toLongs(double[] doubles) {
    long[] longs = new long[doubles.length];
    for (int i = 0; i < longs.length; i++) {
      longs[i] = Double.doubleToLongBits(doubles[i]);
    }
    return longs;
  }
}
