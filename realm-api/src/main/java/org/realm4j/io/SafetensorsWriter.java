package org.realm4j.io;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.realm4j.io.Safetensors.DoubleEntry;
import org.realm4j.io.Safetensors.Entry;
import org.realm4j.io.Safetensors.LongEntry;
import org.realm4j.io.Safetensors.Tensor;

/** Writes safetensors files; the same input gives the same bytes. */
final class SafetensorsWriter {
  private SafetensorsWriter() {}

  static void write(
      FileLayer layer,
      Path file,
      SequencedMap<String, ? extends Tensor> tensors,
      Map<String, String> metadata) {
    byte[] header = header(file, tensors, metadata);
    long dataLength = tensors.values().stream().mapToLong(SafetensorsWriter::bytes).sum();
    long total = Math.addExact(SafetensorsHeader.PREFIX + header.length, dataLength);
    DurableFile.write(
        layer,
        file,
        total,
        out -> {
          ByteBuffer prefix = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          out.write(prefix.putLong(0, header.length).array());
          out.write(header);
          for (Tensor tensor : tensors.values()) {
            writeData(out, tensor);
          }
        });
  }

  /** The bytes of the elements. */
  static long bytes(Tensor tensor) {
    return switch (tensor) {
      case Entry e -> 4L * e.floats().length;
      case DoubleEntry e -> 8L * e.doubles().length;
      case LongEntry e -> 8L * e.longs().length;
    };
  }

  private static byte[] header(
      Path file, SequencedMap<String, ? extends Tensor> tensors, Map<String, String> metadata) {
    Map<String, Object> fields = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      fields.put("__metadata__", new TreeMap<>(metadata));
    }
    long offset = 0;
    for (Map.Entry<String, ? extends Tensor> named : tensors.entrySet()) {
      Tensor tensor = named.getValue();
      check(file, named.getKey(), tensor);
      long end = Math.addExact(offset, bytes(tensor));
      Map<String, Object> info = new LinkedHashMap<>();
      info.put("dtype", dtype(tensor));
      info.put("shape", tensor.shape());
      info.put("data_offsets", List.of(offset, end));
      fields.put(named.getKey(), info);
      offset = end;
    }
    String json = Json.format(fields);
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    byte[] padded = Arrays.copyOf(bytes, Math.ceilDiv(bytes.length, 8) * 8);
    Arrays.fill(padded, bytes.length, padded.length, (byte) ' ');
    if (padded.length > SafetensorsHeader.MAX_BYTES) {
      throw new RealmException.BadInput(
          "%s: the header needs %,d bytes; at most %,d are possible"
              .formatted(file, padded.length, SafetensorsHeader.MAX_BYTES));
    }
    return padded;
  }

  private static void check(Path file, String name, Tensor tensor) {
    if (name.equals("__metadata__")) {
      throw new RealmException.BadInput(file + ": no tensor may be named __metadata__");
    }
    long length = bytes(tensor) / (tensor instanceof Entry ? Float.BYTES : Double.BYTES);
    long product = 1;
    boolean negative = false;
    try {
      for (long dimension : tensor.shape()) {
        negative |= dimension < 0;
        product = Math.multiplyExact(product, dimension);
      }
    } catch (ArithmeticException e) {
      negative = true;
    }
    if (negative || product != length) {
      throw new RealmException.BadInput(
          "%s: %s: the shape %s does not fit %,d elements"
              .formatted(file, name, Arrays.toString(tensor.shape()), length));
    }
  }

  private static String dtype(Tensor tensor) {
    return switch (tensor) {
      case Entry e -> "F32";
      case DoubleEntry e -> "F64";
      case LongEntry e -> "I64";
    };
  }

  private static void writeData(OutputStream out, Tensor tensor) throws java.io.IOException {
    switch (tensor) {
      case Entry e -> LittleEndian.write(out, e.floats());
      case DoubleEntry e -> LittleEndian.write(out, e.doubles());
      case LongEntry e -> LittleEndian.write(out, e.longs());
    }
  }
}
