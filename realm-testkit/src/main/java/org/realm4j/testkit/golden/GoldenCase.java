package org.realm4j.testkit.golden;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Safetensors;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.Weights;

/**
 * One reference case: inputs, the truth, and for each tensor of the truth how far a float32
 * computation may be from it. Reads a tensor when it is asked for; closing unmaps the files.
 *
 * <p>The files of the case {@code KIND/NAME} are {@code NAME.inputs.safetensors} (F32, I64), {@code
 * NAME.expected.safetensors} (F64, I64) and {@code NAME.json} in the folder {@code KIND}, which
 * also holds {@code config.json} and the weights.
 */
public final class GoldenCase implements AutoCloseable {
  private final Path folder;
  private final String name;
  private final Safetensors inputs;
  private final Safetensors expected;
  private final JsonObject tensors;

  private GoldenCase(
      Path folder, String name, Safetensors inputs, Safetensors expected, JsonObject tensors) {
    this.folder = folder;
    this.name = name;
    this.inputs = inputs;
    this.expected = expected;
    this.tensors = tensors;
  }

  static GoldenCase open(Path folder, String name) {
    JsonObject tensors = Json.parseObject(folder.resolve(name + ".json")).object("tensors");
    Safetensors inputs = Safetensors.open(folder.resolve(name + ".inputs.safetensors"));
    try {
      Safetensors expected = Safetensors.open(folder.resolve(name + ".expected.safetensors"));
      return new GoldenCase(folder, name, inputs, expected, tensors);
    } catch (RuntimeException e) {
      inputs.close();
      throw e;
    }
  }

  /** Without its kind. */
  public String name() {
    return name;
  }

  /** The folder's name, such as {@code a_embedder}. */
  public String kind() {
    return String.valueOf(folder.getFileName());
  }

  /** Where its files are. */
  Path folder() {
    return folder;
  }

  /** The sizes of the networks. */
  public BertConfig bertConfig() {
    return BertConfig.read(folder.resolve("config.json"));
  }

  /** [CLS], pooler, projection and layer norm, as published REALMs have it. */
  public EmbedderConfig embedderConfig() {
    JsonObject json = Json.parseObject(folder.resolve("config.json"));
    return new EmbedderConfig(
        EmbedderConfig.Pooling.CLS,
        true,
        json.int32("retriever_proj_size"),
        true,
        (float) json.number("layer_norm_eps"));
  }

  /** The weights in one of the folder's files. */
  public Weights weights(String file) {
    Map<String, float[]> values = new HashMap<>();
    try (Safetensors weights = Safetensors.open(folder.resolve(file))) {
      weights.names().forEach(n -> values.put(n, weights.floats(n)));
    }
    return Weights.of(values);
  }

  /** An integer input. */
  public int[] ints(String input) {
    return toInts(inputs.longs(input));
  }

  /** A float input. */
  public float[] floats(String input) {
    return inputs.floats(input);
  }

  /** The dimensions of an input. */
  public int[] shape(String input) {
    return toInts(inputs.shape(input));
  }

  /** The names of the truth. */
  public List<String> expectedNames() {
    return new ArrayList<>(expected.names());
  }

  public boolean expects(String tensor) {
    return expected.contains(tensor);
  }

  /** The truth; integers are widened. */
  public double[] expected(String tensor) {
    if (isInteger(tensor)) {
      long[] longs = expected.longs(tensor);
      double[] values = new double[longs.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = longs[i];
      }
      return values;
    }
    return expected.doubles(tensor);
  }

  /** Whether a tensor of the truth has to agree exactly. */
  public boolean isInteger(String tensor) {
    return expected.dtype(tensor).equals("I64");
  }

  /** How far a float32 computation may be from the truth, as the case's author measured it. */
  public double tolerance(String tensor) {
    return isInteger(tensor) ? 0 : tensors.object(tensor).number("atol");
  }

  private static int[] toInts(long[] longs) {
    int[] values = new int[longs.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.toIntExact(longs[i]);
    }
    return values;
  }

  @Override
  public void close() {
    inputs.close();
    expected.close();
  }

  @Override
  public String toString() {
    return kind() + "/" + name;
  }
}
