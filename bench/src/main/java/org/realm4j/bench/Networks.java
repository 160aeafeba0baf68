package org.realm4j.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.JsonObject;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.TokenBatch;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Parameter;
import org.realm4j.train.Optimizer;
import org.realm4j.train.OptimizerSettings;

/** The networks that are measured: of MiniLM's size, with random weights and random tokens. */
final class Networks {
  /** As in torch's and this library's settings of the optimiser. */
  private static final float LEARNING_RATE = 1e-4f;

  /** Ids below are special tokens and unused ones. */
  private static final int FIRST_WORD = 999;

  private Networks() {}

  static BertConfig miniLm(Activation activation) {
    return new BertConfig(30522, 384, 6, 12, 1536, 512, 2, activation, 1e-12f);
  }

  /** The sizes for a process that does the same. */
  static Map<String, Object> toJson(BertConfig c) {
    Map<String, Object> json = new LinkedHashMap<>(c.toJson("bert"));
    json.put("projection", 128);
    return json;
  }

  static OptimizerSettings settings() {
    return OptimizerSettings.adamW().withClip(Float.POSITIVE_INFINITY);
  }

  static Optimizer optimizer(List<Parameter> parameters) {
    return new Optimizer(settings(), List.of(new Optimizer.Group(parameters, LEARNING_RATE)));
  }

  static int[] ints(JsonObject json, String key) {
    return ints(json.list(key), json.where() + ": " + key);
  }

  private static int[] ints(List<@Nullable Object> list, String where) {
    return list.stream()
        .mapToInt(
            o -> {
              if (o instanceof Long whole) {
                return Math.toIntExact(whole);
              }
              throw new IllegalArgumentException(where + ": expected whole numbers, found " + o);
            })
        .toArray();
  }

  /** Random words; the first part of a joint input is segment 0, the second segment 1. */
  static TokenBatch random(int[] lengths, int[] firstParts, int seed) {
    InputSequence[] sequences = new InputSequence[lengths.length];
    Arrays.setAll(
        sequences,
        s -> {
          int[] segments = new int[lengths[s]];
          Arrays.fill(segments, Math.min(firstParts[s], lengths[s]), lengths[s], 1);
          return new InputSequence(words(lengths[s], CounterRandom.key(seed, s)), segments);
        });
    return TokenBatch.of(List.of(sequences));
  }

  static TokenBatch random(int[] lengths, int seed) {
    return random(lengths, lengths, seed);
  }

  static int[] words(int n, int key) {
    int[] ids = new int[n];
    Arrays.setAll(ids, i -> FIRST_WORD + CounterRandom.below(30522 - FIRST_WORD, key, i));
    return ids;
  }

  static long size(List<Parameter> parameters) {
    return parameters.stream().mapToLong(Parameter::size).sum();
  }
}
