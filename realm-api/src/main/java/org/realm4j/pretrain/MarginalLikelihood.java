package org.realm4j.pretrain;

import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/**
 * REALM's objective (section 3.1, equation 1): the likelihood of the masked tokens, summed over the
 * candidate passages weighted by p(z | x). Its gradient by a passage's score is its posterior minus
 * its prior: passages that help are pulled up (appendix A).
 *
 * @param logPrior log p(z | x), {@code [queries * candidates, 1]}
 * @param logLikelihood log p(y | z, x), all masked tokens together, {@code [queries * candidates,
 *     1]}
 * @param marginal log p(y | x), one a query or one a masked token. {@code [terms, 1]}
 */
public record MarginalLikelihood(Tensor logPrior, Tensor logLikelihood, Tensor marginal) {

  /**
   * @param scores f(x, z), {@code [queries * candidates, 1]}
   * @param tokens log p(y_j | z, x) ordered by query, candidate, masked token
   * @param candidates how many each query has
   * @param masks masked tokens of each query
   */
  public static MarginalLikelihood of(
      Session s, Tensor scores, Tensor tokens, int candidates, int[] masks, Marginal kind) {
    int queries = masks.length;
    int[] byQuery = new int[queries + 1]; // candidates of a query
    int[] byCandidate = new int[queries * candidates + 1]; // masked tokens of a candidate
    for (int b = 0; b < queries; b++) {
      byQuery[b + 1] = (b + 1) * candidates;
      for (int k = 0; k < candidates; k++) {
        int i = b * candidates + k;
        byCandidate[i + 1] = byCandidate[i] + masks[b];
      }
    }
    Tensor logPrior = s.logSoftmax(scores, byQuery);
    Tensor logLikelihood = s.segmentSum(tokens, byCandidate, false);
    Tensor marginal =
        kind == Marginal.PER_SEQUENCE
            ? s.logSumExp(s.add(logPrior, logLikelihood), byQuery, null)
            : perToken(s, logPrior, tokens, candidates, masks, byCandidate);
    return new MarginalLikelihood(logPrior, logLikelihood, marginal);
  }

  private static Tensor perToken(
      Session s, Tensor logPrior, Tensor tokens, int candidates, int[] masks, int[] byCandidate) {
    int total = tokens.rows();
    int[] priorOf = new int[total]; // ordered by query, masked token, candidate
    int[] tokenOf = new int[total];
    int[] groups = new int[total / candidates + 1];
    int at = 0;
    int group = 0;
    for (int b = 0; b < masks.length; b++) {
      for (int j = 0; j < masks[b]; j++) {
        for (int k = 0; k < candidates; k++) {
          priorOf[at] = b * candidates + k;
          tokenOf[at++] = byCandidate[b * candidates + k] + j;
        }
        groups[++group] = at;
      }
    }
    Tensor joint = s.add(s.gather(logPrior, priorOf), s.gather(tokens, tokenOf));
    return s.logSumExp(joint, groups, null);
  }

  /**
   * The loss, to be minimised: minus the sum of the marginals over {@code divisor}, which is the
   * number of queries, or of masked tokens for {@link Marginal#PER_TOKEN}, of the whole batch, even
   * where this is only a part of it.
   */
  public Tensor loss(Session s, int divisor) {
    float[] weights = new float[marginal.rows()];
    java.util.Arrays.fill(weights, divisor == 0 ? 0f : -1f / divisor);
    return s.weightedSum(marginal, weights);
  }
}
