package org.realm4j.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Safetensors.Tensor;

/**
 * The weights of a Hugging Face model folder: {@code model.safetensors}, or shards named by {@code
 * model.safetensors.index.json}. Remembers which tensors were read, so that a caller can report
 * those that it does not know. Thread-safe, apart from {@link #close}.
 */
public final class WeightFolder implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final Path dir;
  private final Map<String, Safetensors> fileOf = new LinkedHashMap<>();
  private final List<Safetensors> files = new ArrayList<>();
  private final Set<String> asked = ConcurrentHashMap.newKeySet();

  private WeightFolder(Path dir) {
    this.dir = dir;
  }

  /**
   * Opens all weight files of a folder.
   *
   * @throws RealmException.BadInput if the folder has no weights
   * @throws RealmException.CorruptFile if a file is wrong, a shard is missing, or the index does
   *     not agree with the shards
   */
  public static WeightFolder open(Path dir) {
    WeightFolder folder = new WeightFolder(dir);
    try {
      if (Files.exists(dir.resolve(SINGLE))) {
        folder.addAll(Safetensors.open(dir.resolve(SINGLE)));
      } else if (Files.exists(dir.resolve(INDEX))) {
        folder.addShards(dir.resolve(INDEX));
      } else {
        throw new RealmException.BadInput(
            "%s: expected %s or %s, found neither".formatted(dir, SINGLE, INDEX));
      }
      return folder;
    } catch (RuntimeException | Error e) {
      folder.close();
      throw e;
    }
  }

  /**
   * Writes the weights; the index, if there is one, last. A folder should hold one model: weights
   * that are already there are replaced.
   *
   * @param maxShardBytes tensors that exceed this together are spread over several files, a tensor
   *     never; {@link Long#MAX_VALUE} for one file
   */
  public static void write(
      Path dir, SequencedMap<String, ? extends Tensor> tensors, long maxShardBytes) {
    List<SequencedMap<String, Tensor>> shards = split(tensors, maxShardBytes);
    Map<String, String> metadata = Map.of("format", "pt");
    try {
      Files.createDirectories(dir);
      if (shards.size() == 1) {
        Safetensors.write(dir.resolve(SINGLE), tensors, metadata);
        Files.deleteIfExists(dir.resolve(INDEX));
        return;
      }
      Map<String, Object> weightMap = new TreeMap<>();
      long total = 0;
      for (int i = 0; i < shards.size(); i++) {
        String name = "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
        Safetensors.write(dir.resolve(name), shards.get(i), metadata);
        for (Map.Entry<String, Tensor> entry : shards.get(i).entrySet()) {
          weightMap.put(entry.getKey(), name);
          total += SafetensorsWriter.bytes(entry.getValue());
        }
      }
      Map<String, Object> index = new LinkedHashMap<>();
      index.put("metadata", Map.of("total_size", total));
      index.put("weight_map", weightMap);
      Json.write(dir.resolve(INDEX), index);
      Files.deleteIfExists(dir.resolve(SINGLE));
    } catch (IOException e) {
      throw DiskFault.writing(dir, 0, e);
    }
  }

  public boolean contains(String name) {
    return fileOf.containsKey(name);
  }

  /** All names, in the order of the files. */
  public List<String> names() {
    return List.copyOf(fileOf.keySet());
  }

  /** The dimensions of a tensor; does not count as reading it. */
  public long[] shape(String name) {
    return file(name).shape(name);
  }

  /**
   * The elements, row-major, as {@link Safetensors#floats} converts them.
   *
   * @throws RealmException.Incompatible if there is no such tensor or its shape is another one
   */
  public float[] floats(String name, long... expectedShape) {
    Safetensors file = file(name);
    long[] shape = file.shape(name);
    if (!Arrays.equals(shape, expectedShape)) {
      throw new RealmException.Incompatible(
          "%s: %s: expected shape %s, found %s"
              .formatted(
                  dir, Names.shown(name), Arrays.toString(expectedShape), Arrays.toString(shape)));
    }
    asked.add(name);
    return file.floats(name);
  }

  /** The names that {@link #floats} was never asked for, in the order of the files. */
  public List<String> unread() {
    return fileOf.keySet().stream().filter(name -> !asked.contains(name)).toList();
  }

  @Override
  public void close() {
    files.forEach(Safetensors::close);
  }

  private Safetensors file(String name) {
    Safetensors file = fileOf.get(name);
    if (file == null) {
      throw new RealmException.Incompatible(
          "%s: no tensor %s among %,d%s"
              .formatted(dir, Names.shown(name), fileOf.size(), Names.near(name, fileOf.keySet())));
    }
    return file;
  }

  private void addAll(Safetensors file) {
    files.add(file);
    file.names().forEach(name -> fileOf.put(name, file));
  }

  private void addShards(Path index) {
    Map<String, @Nullable Object> weightMap = Json.parseObject(index).object("weight_map").fields();
    Map<String, Safetensors> shards = new TreeMap<>();
    for (Map.Entry<String, @Nullable Object> entry : weightMap.entrySet()) {
      String name = entry.getKey();
      if (!(entry.getValue() instanceof String shard)) {
        throw new RealmException.CorruptFile(
            "%s: weight_map: %s: expected the name of a shard".formatted(index, Names.shown(name)));
      }
      Safetensors file = shards.get(shard);
      if (file == null) {
        file = openShard(index, shard);
        shards.put(shard, file);
      }
      if (!file.contains(name)) {
        throw new RealmException.CorruptFile(
            "%s: %s should be in %s, which does not hold it"
                .formatted(index, Names.shown(name), shard));
      }
      fileOf.put(name, file);
    }
  }

  private Safetensors openShard(Path index, String shard) {
    // A plain name only: an index from elsewhere must not make us read other files.
    if (!shard.matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,200}")) {
      throw new RealmException.CorruptFile(
          "%s: the shard '%s' is not a plain file name"
              .formatted(index, Names.shorten(shard, 100)));
    }
    Path path = dir.resolve(shard);
    if (!Files.exists(path)) {
      throw new RealmException.CorruptFile("%s: the shard %s is missing".formatted(index, shard));
    }
    Safetensors file = Safetensors.open(path);
    files.add(file);
    return file;
  }

  private static List<SequencedMap<String, Tensor>> split(
      SequencedMap<String, ? extends Tensor> tensors, long maxShardBytes) {
    if (maxShardBytes <= 0) {
      throw new RealmException.BadInput("maxShardBytes: expected over 0, found " + maxShardBytes);
    }
    List<SequencedMap<String, Tensor>> shards = new ArrayList<>();
    SequencedMap<String, Tensor> shard = new LinkedHashMap<>();
    long bytes = 0;
    for (Map.Entry<String, ? extends Tensor> entry : tensors.entrySet()) {
      long more = SafetensorsWriter.bytes(entry.getValue());
      if (!shard.isEmpty() && more > maxShardBytes - bytes) {
        shards.add(shard);
        shard = new LinkedHashMap<>();
        bytes = 0;
      }
      shard.put(entry.getKey(), entry.getValue());
      bytes += more;
    }
    shards.add(shard);
    return shards;
  }
}
