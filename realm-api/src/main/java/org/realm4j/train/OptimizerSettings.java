package org.realm4j.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.realm4j.io.RealmException;

/**
 * How gradients become updates.
 *
 * @param biasCorrection whether the moments are corrected for their start at 0: AdamW does, BERT's
 *     optimiser does not
 * @param clip the largest global norm of the gradients; infinity for no clipping
 */
public record OptimizerSettings(
    boolean biasCorrection,
    float beta1,
    float beta2,
    float epsilon,
    float weightDecay,
    float clip) {
  public OptimizerSettings {
    if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
      throw new RealmException.BadInput(
          "Adam: expected 0 <= beta < 1, found " + beta1 + " and " + beta2);
    }
    if (!(epsilon > 0 && weightDecay >= 0 && clip > 0)) {
      throw new RealmException.BadInput(
          "Adam: expected epsilon and clip above 0 and no negative decay, found "
              + epsilon
              + ", "
              + clip
              + ", "
              + weightDecay);
    }
  }

  /** BERT's own: no bias correction, decay 0.01, clipped to a global norm of 1. */
  public static OptimizerSettings bert() {
    return new OptimizerSettings(false, 0.9f, 0.999f, 1e-6f, 0.01f, 1f);
  }

  /** AdamW (Loshchilov and Hutter 2019) with bias correction. */
  public static OptimizerSettings adamW() {
    return new OptimizerSettings(true, 0.9f, 0.999f, 1e-6f, 0.01f, 1f);
  }

  /**
   * All settings by name; no clipping is the word {@code Infinity}, which JSON has no number for.
   */
  public Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("bias_correction", biasCorrection);
    json.put("beta1", beta1);
    json.put("beta2", beta2);
    json.put("epsilon", epsilon);
    json.put("weight_decay", weightDecay);
    json.put("clip", Float.isInfinite(clip) ? "Infinity" : (Object) clip);
    return json;
  }

  public OptimizerSettings withClip(float norm) {
    return new OptimizerSettings(biasCorrection, beta1, beta2, epsilon, weightDecay, norm);
  }

  public OptimizerSettings withWeightDecay(float decay) {
    return new OptimizerSettings(biasCorrection, beta1, beta2, epsilon, decay, clip);
  }
}
