package org.realm4j.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.realm4j.io.SafetensorsHeader.Dtype;
import org.realm4j.io.SafetensorsHeader.Info;

/**
 * A safetensors file: named tensors behind a JSON header. Opening maps the file and checks all of
 * the header against it; reading copies a tensor to the heap. Thread-safe; closing unmaps the file,
 * after which reading throws {@link IllegalStateException}.
 */
public final class Safetensors implements AutoCloseable {
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble F64 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort I16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** A tensor to be written, row-major. The arrays are not copied. */
  public sealed interface Tensor permits Entry, DoubleEntry, LongEntry {
    /** The dimensions; empty for a scalar. */
    long[] shape();
  }

  /** Written as F32. */
  public record Entry(long[] shape, float[] floats) implements Tensor {}

  /** Written as F64. */
  public record DoubleEntry(long[] shape, double[] doubles) implements Tensor {}

  /** Written as I64. */
  public record LongEntry(long[] shape, long[] longs) implements Tensor {}

  private final Path file;
  private final Arena arena;
  private final SafetensorsHeader header;
  private final MemorySegment data;

  private Safetensors(Path file, Arena arena, MemorySegment all) {
    this.file = file;
    this.arena = arena;
    this.header = new SafetensorsHeader(file, all);
    this.data = all.asSlice(header.dataStart);
  }

  /**
   * Opens a file.
   *
   * @throws RealmException.CorruptFile if anything in the header is wrong or does not fit the file
   * @throws RealmException.BadInput if there is no such file
   */
  public static Safetensors open(Path file) {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new Safetensors(file, arena, all);
    } catch (IOException e) {
      arena.close();
      throw DiskFault.reading(file, e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Writes a file, in the order of the map, so that a crash leaves the old file or the new one. The
   * same input gives the same bytes.
   *
   * @param metadata free text by key; written sorted by key
   * @throws RealmException.BadInput if a shape does not fit its array
   */
  public static void write(
      Path file, SequencedMap<String, ? extends Tensor> tensors, Map<String, String> metadata) {
    SafetensorsWriter.write(FileLayer.DISK, file, tensors, metadata);
  }

  /** All names, in the order of the header. */
  public List<String> names() {
    return List.copyOf(header.tensors.keySet());
  }

  public boolean contains(String name) {
    return header.tensors.containsKey(name);
  }

  /** The dimensions; empty for a scalar. */
  public long[] shape(String name) {
    return info(name).shape().clone();
  }

  /** The type of the elements in the words of the format, such as {@code F32}. */
  public String dtype(String name) {
    return info(name).dtype().name();
  }

  /** The free text of the file. */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(header.metadata);
  }

  /**
   * The elements as floats, row-major; F64 is rounded, F16 and BF16 are widened.
   *
   * @throws RealmException.Incompatible if there is no such tensor or it has another type
   */
  public float[] floats(String name) {
    Info info = info(name);
    Dtype dtype = info.dtype();
    if (dtype != Dtype.F32 && dtype != Dtype.F64 && dtype != Dtype.F16 && dtype != Dtype.BF16) {
      throw wrongType(info, "F32, F64, F16 or BF16");
    }
    float[] values =
        LittleEndian.allocate(float[]::new, info.elements(), file + ": " + Names.shown(name));
    MemorySegment source = bytes(info);
    if (dtype == Dtype.F32) {
      MemorySegment.copy(source, F32, 0, values, 0, values.length);
      return values;
    }
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (dtype) {
            case F64 -> (float) source.get(F64, (long) i * Double.BYTES);
            case F16 -> Float.float16ToFloat(source.get(I16, (long) i * Short.BYTES));
            // The upper half of a float.
            default -> Float.intBitsToFloat(source.get(I16, (long) i * Short.BYTES) << Short.SIZE);
          };
    }
    return values;
  }

  /**
   * The elements of an F64 or F32 tensor, row-major.
   *
   * @throws RealmException.Incompatible if there is no such tensor or it has another type
   */
  public double[] doubles(String name) {
    Info info = info(name);
    if (info.dtype() != Dtype.F64 && info.dtype() != Dtype.F32) {
      throw wrongType(info, "F64 or F32");
    }
    double[] values =
        LittleEndian.allocate(double[]::new, info.elements(), file + ": " + Names.shown(name));
    MemorySegment source = bytes(info);
    if (info.dtype() == Dtype.F64) {
      MemorySegment.copy(source, F64, 0, values, 0, values.length);
      return values;
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = source.get(F32, (long) i * Float.BYTES);
    }
    return values;
  }

  /**
   * The elements of an I64, I32, U8 or BOOL tensor, row-major; false is 0.
   *
   * @throws RealmException.Incompatible if there is no such tensor or it has another type
   */
  public long[] longs(String name) {
    Info info = info(name);
    Dtype dtype = info.dtype();
    if (dtype != Dtype.I64 && dtype != Dtype.I32 && dtype != Dtype.U8 && dtype != Dtype.BOOL) {
      throw wrongType(info, "I64, I32, U8 or BOOL");
    }
    long[] values =
        LittleEndian.allocate(long[]::new, info.elements(), file + ": " + Names.shown(name));
    MemorySegment source = bytes(info);
    if (dtype == Dtype.I64) {
      MemorySegment.copy(source, I64, 0, values, 0, values.length);
      return values;
    }
    for (int i = 0; i < values.length; i++) {
      values[i] =
          dtype == Dtype.I32
              ? source.get(I32, (long) i * Integer.BYTES)
              : Byte.toUnsignedLong(source.get(ValueLayout.JAVA_BYTE, i));
    }
    return values;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private Info info(String name) {
    Info info = header.tensors.get(name);
    if (info == null) {
      throw new RealmException.Incompatible(
          "%s: no tensor %s among %,d%s"
              .formatted(
                  file,
                  Names.shown(name),
                  header.tensors.size(),
                  Names.near(name, header.tensors.keySet())));
    }
    return info;
  }

  private MemorySegment bytes(Info info) {
    return data.asSlice(info.begin(), info.end() - info.begin());
  }

  private RealmException wrongType(Info info, String expected) {
    return new RealmException.Incompatible(
        "%s: %s: expected %s, found %s"
            .formatted(file, Names.shown(info.name()), expected, info.dtype()));
  }
}
