package org.realm4j.tensor;

/**
 * One update of Adam, for one parameter:
 *
 * <pre>
 * g = gradientScale * gradient
 * m = beta1 m + (1 - beta1) g
 * v = beta2 v + (1 - beta2) g^2
 * w = w - learningRate * ((m / correction1) / (sqrt(v / correction2) + epsilon) + weightDecay * w)
 * </pre>
 *
 * BERT's own optimiser has both corrections at 1; AdamW has {@code 1 - beta^t}. The decay is the
 * same in both, since it uses the weight before the update.
 *
 * @param gradientScale what clipping by the global norm multiplies gradients by
 */
public record AdamStep(
    float learningRate,
    float beta1,
    float beta2,
    float epsilon,
    float weightDecay,
    float correction1,
    float correction2,
    float gradientScale) {}
