package org.realm4j.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.nn.RealmModel;
import org.realm4j.pretrain.EncoderWarmUp;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.qa.FineTuning;
import org.realm4j.train.OptimizerSettings;

/**
 * How much of everything {@code realm experiment open-qa} does. What is not here is fixed, so that
 * results can be compared: no dropout, learning rates for short runs.
 *
 * @param budget questions to train on, each once
 * @param maxDev dev questions of each set to evaluate on, at most
 * @param projection the size of the dense rows' vectors; null for the usual one
 * @param clozeSteps of the inverse cloze task
 * @param warmUpSteps of the encoder, at most
 * @param warmUpUntil nats that reading is worth when it ends before; null if it does not
 * @param jointSteps of joint pre-training
 * @param batch questions a step of fine-tuning
 * @param accumulate parts that it is computed in
 * @param retrieved passages in the retriever's loss
 * @param read passages that are read
 * @param checkpointEvery steps, or dev questions, between two checkpoints
 * @param embedEvery passages between two checkpoints of an embedding
 */
record OpenQaSettings(
    QuestionBudget budget,
    int maxDev,
    @Nullable Integer projection,
    int clozeSteps,
    int clozeBatch,
    int warmUpSteps,
    @Nullable Float warmUpUntil,
    int jointSteps,
    int batch,
    int accumulate,
    int retrieved,
    int read,
    FineTuning.Supervision supervision,
    int checkpointEvery,
    int embedEvery,
    long seed) {
  static final int CANDIDATES = 8;
  private static final int JOINT_BATCH = 4;

  /** What the dense rows start from: MiniLM, with a projection that is not computed yet. */
  RealmModel start(Path bert) {
    return RealmModel.fromBert(
        bert, config -> projection == null ? config : config.withProjection(projection), seed);
  }

  /** Joint pre-training, as the demonstration does it; two refreshes. */
  Pretraining pretraining(PassageStore store) {
    return Pretraining.steps(jointSteps)
        .batch(JOINT_BATCH)
        .accumulate(JOINT_BATCH)
        .candidates(Math.min(CANDIDATES, store.size()))
        .refreshEvery(Math.max(1, (jointSteps - 1) / 3))
        .rates(Pretraining.Rates.shortRun())
        .optimizer(OptimizerSettings.adamW())
        .linearDecay(false)
        .dropout(0)
        .seed(seed);
  }

  /** One pass over so many questions. */
  FineTuning fineTuning(int questions, PassageStore store) {
    return FineTuning.steps(Math.ceilDiv(questions, batch))
        .batch(batch)
        .accumulate(accumulate)
        .retrieved(Math.max(read, Math.min(retrieved, store.size())))
        .read(read)
        .rates(FineTuning.Rates.shortRun())
        .supervision(supervision)
        .dropout(0)
        .seed(seed);
  }

  /** Measured on the way, whether it ends by that or not. */
  EncoderWarmUp.Settings encoderWarmUp() {
    return EncoderWarmUp.Settings.of(warmUpSteps)
        .seed(seed)
        .until(
            warmUpUntil == null ? Double.POSITIVE_INFINITY : warmUpUntil,
            WarmUpProgress.MEASURE_EVERY);
  }

  /** What the retriever's warm start depends on. */
  Map<String, Object> cloze() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("cloze_steps", clozeSteps);
    json.put("cloze_batch", clozeBatch);
    return json;
  }

  /** What the encoder's warm start depends on. */
  Map<String, Object> warmUp() {
    Map<String, Object> json = cloze();
    json.put("warm_up_steps", warmUpSteps);
    if (warmUpUntil != null) {
      json.put("warm_up_until", warmUpUntil);
    }
    return json;
  }
}
