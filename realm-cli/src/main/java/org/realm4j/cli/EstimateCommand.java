package org.realm4j.cli;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code realm estimate}. */
@Command(
    name = "estimate",
    description = {
      "Tells on paper what a pre-training needs: memory, operations and time on a device.",
      "",
      "Without options, REALM as in the paper: two BERT-base, 13,353,718 passages, 200,000 steps of"
          + " 512 queries with 8 candidates each. Lengths are the most that the model reads, so"
          + " memory and work are upper bounds. Nothing is run: counts follow from the sizes, and a"
          + " time is a count divided by the device's rate, which the output names as measured or"
          + " assumed."
    },
    footer = {
      "",
      "Devices: reference-2-cores (measured), nvidia-t4, nvidia-v100, nvidia-a100-40, tpu-v3-core.",
      "",
      "Keys of a configuration, all of them optional whole numbers: vocab_size, hidden_size,"
          + " num_hidden_layers, num_attention_heads, intermediate_size, max_position_embeddings,"
          + " type_vocab_size, retriever_proj_size; query_tokens, passage_tokens, masked_tokens;"
          + " passages, steps, batch, candidates, refresh_every.",
      "",
      "JSON keys: device, devices, refreshing_devices, share, share_measured, rate, parameters,"
          + " parameter_bytes, gradient_bytes, optimiser_bytes, index_bytes, index_peak_bytes,"
          + " search_operations, refresh_operations, refresh_seconds, refreshes, all_reduce_bytes; kept and recomputed,"
          + " each with activation_bytes, micro_batch, step_operations, step_seconds, step_days,"
          + " days (the last three null where not even one query fits).",
      "",
      "Example: realm estimate --device nvidia-t4 --cards 8"
    })
final class EstimateCommand implements Runnable {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "A JSON file with the keys below, or the folder of a REALM model (or its realm.json).")
  private @Nullable Path config;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "reference-2-cores",
      converter = EstimateDevice.Converter.class,
      description = "One of the devices below. Default: reference-2-cores.")
  private EstimateDevice device;

  @Option(
      names = "--cards",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Devices that train, each an equal part of every batch. Default: 1.")
  private int cards = 1;

  @Option(
      names = "--refresh-cards",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description = {
        "More devices, which only embed passages, beside the training. Default: 0, those that train"
            + " do it between steps."
      })
  private int refreshCards;

  @Option(
      names = "--share",
      paramLabel = "X",
      converter = Numbers.Probability.class,
      description = "Assume that a step reaches this share of the device's peak, above 0 to 1.")
  private @Nullable Double share;

  @Option(names = "--passages", paramLabel = "N", description = "Of the corpus.")
  private @Nullable Integer passages;

  @Option(names = "--steps", paramLabel = "N", description = "Updates in all.")
  private @Nullable Integer steps;

  @Option(names = "--batch", paramLabel = "N", description = "Queries a step, on all cards.")
  private @Nullable Integer batch;

  @Option(
      names = "--candidates",
      paramLabel = "K",
      description = "Passages a query, the null document included.")
  private @Nullable Integer candidates;

  @Option(
      names = "--refresh-every",
      paramLabel = "N",
      description = "Steps between two refreshes of the index; 0 for none.")
  private @Nullable Integer refreshEvery;

  @Option(
      names = "--query-tokens",
      paramLabel = "N",
      description = "Of a query with its special tokens.")
  private @Nullable Integer queryTokens;

  @Option(
      names = "--passage-tokens",
      paramLabel = "N",
      description = "Of a passage with title and special tokens.")
  private @Nullable Integer passageTokens;

  @Option(names = "--masked-tokens", paramLabel = "N", description = "Predicted in each query.")
  private @Nullable Integer maskedTokens;

  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    EstimatePlan plan =
        config == null ? EstimatePlan.paper(given()) : EstimatePlan.read(config, given());
    if (cards > plan.batch()) {
      throw new ParameterException(
          spec.commandLine(),
          "--cards: expected at most one for each of the %,d queries of a step, found %,d"
              .formatted(plan.batch(), cards));
    }
    Estimate estimate = new Estimate(plan, rated(), cards, refreshCards);
    EstimateReport report = new EstimateReport(estimate);
    report.print(spec.commandLine().getOut());
    json.write(report.toJson());
  }

  private EstimateDevice rated() {
    if (share == null) {
      return device;
    }
    if (share == 0) {
      throw new ParameterException(
          spec.commandLine(), "--share: expected a number above 0 to 1, found 0");
    }
    return device.withShare(share);
  }

  private Map<EstimatePlan.Key, Integer> given() {
    Map<EstimatePlan.Key, Integer> given = new EnumMap<>(EstimatePlan.Key.class);
    put(given, EstimatePlan.Key.PASSAGES, passages);
    put(given, EstimatePlan.Key.STEPS, steps);
    put(given, EstimatePlan.Key.BATCH, batch);
    put(given, EstimatePlan.Key.CANDIDATES, candidates);
    put(given, EstimatePlan.Key.REFRESH_EVERY, refreshEvery);
    put(given, EstimatePlan.Key.QUERY_TOKENS, queryTokens);
    put(given, EstimatePlan.Key.PASSAGE_TOKENS, passageTokens);
    put(given, EstimatePlan.Key.MASKED_TOKENS, maskedTokens);
    return given;
  }

  private static void put(
      Map<EstimatePlan.Key, Integer> given, EstimatePlan.Key key, @Nullable Integer value) {
    if (value != null) {
      given.put(key, value);
    }
  }
}
