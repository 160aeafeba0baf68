package org.realm4j.testkit.golden;

import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;
import org.realm4j.io.Safetensors;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.Weights;

/**
 * One case: {@code <name>.json} says what is allowed, {@code <name>.inputs.safetensors} and {@code
 * <name>.expected.safetensors} hold the tensors. The tensors are in memory, weights are read when
 * asked for.
 *
 * @param directory where the weights are that it uses
 * @param name without the directory, such as {@code batch_nullvec}
 * @param ints inputs that were whole numbers: ids, masks, labels
 * @param floats inputs that were real numbers
 * @param expected the truth by the name of the output
 * @param json everything else that the case says about itself
 */
public record GoldenCase(
    Path directory,
    String name,
    String description,
    Map<String, Ints> ints,
    Map<String, Floats> floats,
    Map<String, Expected> expected,
    JsonObject json) {

  /** Whole numbers and their dimensions; a scalar has none. */
  public record Ints(int[] shape, int[] values) {}

  /** Real numbers and their dimensions; a scalar has none. */
  public record Floats(int[] shape, float[] values) {}

  /**
   * A true output.
   *
   * @param atol how far from it a float32 implementation may be; 0 where it has to be equal
   */
  public record Expected(int[] shape, double[] values, double atol) {}

  /** Reads the three files of a case. */
  public static GoldenCase read(Path directory, String name) {
    JsonObject json = Json.parseObject(directory.resolve(name + ".json"));
    Map<String, Ints> ints = new LinkedHashMap<>();
    Map<String, Floats> floats = new LinkedHashMap<>();
    try (Safetensors inputs = Safetensors.open(directory.resolve(name + ".inputs.safetensors"))) {
      for (String tensor : inputs.names()) {
        int[] shape = shape(inputs, tensor);
        if (isInteger(inputs, tensor)) {
          ints.put(tensor, new Ints(shape, ints(inputs.longs(tensor), tensor)));
        } else {
          floats.put(tensor, new Floats(shape, inputs.floats(tensor)));
        }
      }
    }
    return new GoldenCase(
        directory,
        name,
        json.string("description", ""),
        Collections.unmodifiableMap(ints),
        Collections.unmodifiableMap(floats),
        Collections.unmodifiableMap(expected(directory, name, json.object("tensors"))),
        json);
  }

  private static Map<String, Expected> expected(Path directory, String name, JsonObject tensors) {
    Map<String, Expected> expected = new LinkedHashMap<>();
    try (Safetensors file = Safetensors.open(directory.resolve(name + ".expected.safetensors"))) {
      for (String tensor : file.names()) {
        JsonObject about = tensors.object(tensor);
        boolean integer = isInteger(file, tensor);
        double[] values = integer ? doubles(file.longs(tensor)) : file.doubles(tensor);
        double atol = integer ? 0 : about.number("atol");
        expected.put(tensor, new Expected(shape(file, tensor), values, atol));
      }
    }
    return expected;
  }

  private static boolean isInteger(Safetensors file, String tensor) {
    return !file.dtype(tensor).contains("F");
  }

  private static int[] shape(Safetensors file, String tensor) {
    long[] shape = file.shape(tensor);
    int[] ints = new int[shape.length];
    for (int i = 0; i < shape.length; i++) {
      ints[i] = Math.toIntExact(shape[i]);
    }
    return ints;
  }

  private static int[] ints(long[] values, String tensor) {
    int[] ints = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      if (values[i] != (int) values[i]) {
        throw new RealmException.BadInput(
            tensor + ": expected 32-bit values, found " + values[i] + " at " + i);
      }
      ints[i] = (int) values[i];
    }
    return ints;
  }

  private static double[] doubles(long[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  /** The directory's name, such as {@code g_bert}. */
  public String kind() {
    return String.valueOf(directory.getFileName());
  }

  /** What {@code config.json} beside the case says. */
  public JsonObject config() {
    return Json.parseObject(directory.resolve("config.json"));
  }

  /** The sizes of the networks. */
  public BertConfig bertConfig() {
    return BertConfig.of(config());
  }

  /** [CLS], pooler, projection and layer norm, as published REALMs have it. */
  public EmbedderConfig embedderConfig() {
    return EmbedderConfig.of(config());
  }

  /** The weights in one file of the directory. */
  public Weights weights(String file) {
    Map<String, float[]> values = new HashMap<>();
    try (Safetensors weights = Safetensors.open(directory.resolve(file))) {
      weights.names().forEach(n -> values.put(n, weights.floats(n)));
    }
    return Weights.of(values);
  }

  /** A whole-number input. */
  public Ints ints(String tensor) {
    return get(ints, tensor, "input of whole numbers");
  }

  /** A real input. */
  public Floats floats(String tensor) {
    return get(floats, tensor, "input of real numbers");
  }

  /** A true output. */
  public Expected expected(String tensor) {
    return get(expected, tensor, "output");
  }

  private <T> T get(Map<String, T> from, String tensor, String what) {
    T found = from.get(tensor);
    if (found == null) {
      throw new RealmException.BadInput(
          this + ": no " + what + " '" + tensor + "'; there are " + from.keySet());
    }
    return found;
  }

  /** Compares all values of an output. */
  public Comparison compare(String tensor, float[] actual) {
    return compare(tensor, widened(actual));
  }

  /** Compares all values of an output, in double precision. */
  public Comparison compare(String tensor, double[] actual) {
    Expected e = expected(tensor);
    return Comparison.of(tensor, actual, e.values, e.atol);
  }

  /**
   * Compares an output {@code [B, S, cols]} at the tokens of a packing only, since nothing is
   * computed for padding.
   *
   * @param actual {@code [tokens, cols]}
   */
  public Comparison compare(String tensor, float[] actual, Packed packed) {
    Expected e = expected(tensor);
    int cells = 1; // every dimension but the last
    for (int i = 0; i + 1 < e.shape.length; i++) {
      cells *= e.shape[i];
    }
    return Comparison.of(tensor, widened(actual), packed.pick(e.values, cells), e.atol);
  }

  private static double[] widened(float[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i];
    }
    return y;
  }

  /** Padded inputs without their padding. */
  public Packed packed(String ids, String mask, String types) {
    Ints i = ints(ids);
    int last = i.shape.length - 1;
    int length = i.shape[last];
    return Packed.of(
        i.values, ints(mask).values, ints(types).values, i.values.length / length, length);
  }

  @Override
  public String toString() {
    return kind() + "/" + name;
  }
}
