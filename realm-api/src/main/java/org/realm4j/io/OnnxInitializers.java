package org.realm4j.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The constant tensors of an ONNX model and the nodes that use them; enough to take the weights out
 * of a model, not to run it. Thread-safe; after closing, reading throws {@link
 * IllegalStateException}.
 */
public final class OnnxInitializers implements AutoCloseable {
  private static final int FLOAT = 1;
  private static final int MAX_RANK = 32;
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** An operation of the graph; absent inputs are empty names. */
  public record Node(String name, String opType, List<String> inputs, List<String> outputs) {}

  /** A tensor; {@code raw} holds its bytes unless single floats were given. */
  private record Tensor(
      String name,
      long[] shape,
      long elements,
      int type,
      @Nullable MemorySegment raw,
      List<MemorySegment> packed,
      List<Float> single) {}

  private final String where;
  private final @Nullable Arena arena;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final List<Node> nodes = new ArrayList<>();

  private OnnxInitializers(MemorySegment model, String where, @Nullable Arena arena) {
    this.where = where;
    this.arena = arena;
    boolean graph = false;
    ProtobufReader reader = new ProtobufReader(model, where);
    while (reader.next()) {
      if (reader.field() == 7) { // ModelProto.graph
        readGraph(reader.bytes());
        graph = true;
      } else {
        reader.skip();
      }
    }
    if (!graph) {
      throw new RealmException.CorruptFile(where + ": not an ONNX model: it has no graph");
    }
  }

  /**
   * Maps a file.
   *
   * @throws RealmException.CorruptFile if it is no ONNX model or damaged
   * @throws RealmException.BadInput if there is no such file
   */
  public static OnnxInitializers open(Path file) {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new OnnxInitializers(all, file.toString(), arena);
    } catch (IOException e) {
      arena.close();
      throw DiskFault.reading(file, e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Reads a model that is in memory; the segment must outlive the result.
   *
   * @param where names the model in errors
   */
  public static OnnxInitializers of(MemorySegment model, String where) {
    return new OnnxInitializers(model, where, null);
  }

  /** The names of all tensors, in the order of the file. */
  public List<String> names() {
    return List.copyOf(tensors.keySet());
  }

  /** The operations, in the order of the file. */
  public List<Node> nodes() {
    return List.copyOf(nodes);
  }

  public boolean contains(String name) {
    return tensors.containsKey(name);
  }

  /** The dimensions; empty for a scalar. */
  public long[] shape(String name) {
    return tensor(name).shape.clone();
  }

  /**
   * The elements of a float32 tensor, row-major.
   *
   * @throws RealmException.Incompatible if there is no such tensor or it has another type
   */
  public float[] floats(String name) {
    Tensor tensor = tensor(name);
    if (tensor.type != FLOAT) {
      throw new RealmException.Incompatible(
          "%s: %s: expected ONNX type 1 (float), found %d"
              .formatted(where, Names.shown(name), tensor.type));
    }
    long found =
        tensor.raw != null
            ? tensor.raw.byteSize()
            : tensor.packed.stream().mapToLong(MemorySegment::byteSize).sum()
                + 4L * tensor.single.size();
    if (found % Float.BYTES != 0 || found / Float.BYTES != tensor.elements) {
      throw new RealmException.CorruptFile(
          "%s: %s: shape %s needs %,d floats, found %,d bytes"
              .formatted(
                  where, Names.shown(name), Arrays.toString(tensor.shape), tensor.elements, found));
    }
    float[] values =
        LittleEndian.allocate(float[]::new, tensor.elements, where + ": " + Names.shown(name));
    int filled = 0;
    for (MemorySegment part : tensor.raw != null ? List.of(tensor.raw) : tensor.packed) {
      int length = (int) (part.byteSize() / Float.BYTES);
      MemorySegment.copy(part, F32, 0, values, filled, length);
      filled += length;
    }
    for (int i = 0; filled < values.length; i++) {
      values[filled++] = tensor.single.get(i);
    }
    return values;
  }

  @Override
  public void close() {
    if (arena != null && arena.scope().isAlive()) {
      arena.close();
    }
  }

  private Tensor tensor(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new RealmException.Incompatible(
          "%s: no initialiser %s among %,d%s"
              .formatted(
                  where, Names.shown(name), tensors.size(), Names.near(name, tensors.keySet())));
    }
    return tensor;
  }

  private void readGraph(MemorySegment graph) {
    ProtobufReader reader = new ProtobufReader(graph, where + ": graph");
    while (reader.next()) {
      switch (reader.field()) {
        case 1 -> nodes.add(readNode(reader.bytes()));
        case 5 -> {
          Tensor tensor = readTensor(reader.bytes());
          if (tensors.put(tensor.name, tensor) != null) {
            throw reader.corrupt("two initialisers are named " + Names.shown(tensor.name));
          }
        }
        default -> reader.skip();
      }
    }
  }

  private Node readNode(MemorySegment node) {
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    String name = "";
    String opType = "";
    ProtobufReader reader = new ProtobufReader(node, where + ": node");
    while (reader.next()) {
      switch (reader.field()) {
        case 1 -> inputs.add(reader.string());
        case 2 -> outputs.add(reader.string());
        case 3 -> name = reader.string();
        case 4 -> opType = reader.string();
        default -> reader.skip();
      }
    }
    return new Node(name, opType, List.copyOf(inputs), List.copyOf(outputs));
  }

  private Tensor readTensor(MemorySegment bytes) {
    String name = "";
    List<Long> dims = new ArrayList<>();
    int type = 0;
    MemorySegment raw = null;
    List<MemorySegment> packed = new ArrayList<>();
    List<Float> single = new ArrayList<>();
    ProtobufReader reader = new ProtobufReader(bytes, where + ": initialiser");
    while (reader.next()) {
      switch (reader.field()) {
        case 1 -> readDims(reader, dims);
        case 2 -> type = (int) varint(reader);
        case 4 -> {
          if (reader.wireType() == ProtobufReader.FIXED32) {
            single.add(reader.fixed32());
          } else {
            packed.add(reader.bytes());
          }
        }
        case 8 -> name = reader.string();
        case 9 -> raw = reader.bytes();
        case 13 -> throw reader.corrupt("the data is in another file, which is not supported");
        default -> reader.skip();
      }
    }
    long[] shape = dims.stream().mapToLong(Long::longValue).toArray();
    return new Tensor(name, shape, elements(reader, name, shape), type, raw, packed, single);
  }

  private static void readDims(ProtobufReader reader, List<Long> dims) {
    if (reader.wireType() == ProtobufReader.BYTES) {
      MemorySegment packed = reader.bytes();
      ProtobufReader values = new ProtobufReader(packed, "dims");
      while (values.hasMore() && dims.size() <= MAX_RANK) {
        dims.add(values.varint());
      }
    } else {
      dims.add(varint(reader));
    }
    if (dims.size() > MAX_RANK) {
      throw reader.corrupt("a tensor of more than " + MAX_RANK + " dimensions");
    }
  }

  private static long varint(ProtobufReader reader) {
    if (reader.wireType() != ProtobufReader.VARINT) {
      throw reader.corrupt(
          "field %d: expected a number, found wire type %d"
              .formatted(reader.field(), reader.wireType()));
    }
    return reader.varint();
  }

  private static long elements(ProtobufReader reader, String name, long[] shape) {
    long product = 1;
    try {
      for (long dimension : shape) {
        if (dimension < 0) {
          throw reader.corrupt(Names.shown(name) + ": negative dimension " + dimension);
        }
        product = Math.multiplyExact(product, dimension);
      }
    } catch (ArithmeticException e) {
      throw reader.corrupt(
          Names.shown(name) + ": the shape " + Arrays.toString(shape) + " exceeds 64 bits");
    }
    return product;
  }
}
