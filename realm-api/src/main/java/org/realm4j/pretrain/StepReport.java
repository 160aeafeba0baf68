package org.realm4j.pretrain;

/**
 * What one training step did; log-likelihoods in nats, means over the queries of the batch.
 *
 * @param step from 0
 * @param loss what was minimised
 * @param logLikelihood log p(y | x) of all masked tokens of a query
 * @param nullLogLikelihood log p(y | null document, x)
 * @param nullProbability p(null document | x)
 * @param gradientNorm before clipping
 * @param staleness steps since the serving generation's parameters
 * @param tokens that went through a network
 * @param seconds of the step, the share of a refresh included
 * @param waited seconds that the step waited for a refresh
 */
public record StepReport(
    long step,
    double loss,
    double logLikelihood,
    double nullLogLikelihood,
    double nullProbability,
    double gradientNorm,
    long staleness,
    long tokens,
    double seconds,
    double waited) {

  /** Retrieval utility (section 4.3): what retrieval adds over the null document, in nats. */
  public double retrievalUtility() {
    return logLikelihood - nullLogLikelihood;
  }

  public double tokensPerSecond() {
    return tokens / seconds;
  }
}
