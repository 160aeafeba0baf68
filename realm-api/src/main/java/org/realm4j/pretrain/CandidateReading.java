package org.realm4j.pretrain;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.realm4j.nn.DropoutPlan;
import org.realm4j.nn.KnowledgeAugmentedEncoder;
import org.realm4j.nn.TokenBatch;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/**
 * What a step of REALM computes once the candidates are known (figure 2): the retriever scores
 * them, the encoder reads them, and both together say how likely the masked tokens are.
 *
 * @param scores f(x, z), {@code [queries * candidates, 1]}
 * @param states of the encoder at the masked tokens, ordered by query, candidate, token
 * @param tokens log p(y_j | z, x) in the same order, {@code [rows, 1]}
 */
public record CandidateReading(
    Tensor scores, Tensor states, Tensor tokens, MarginalLikelihood likelihood) {

  /**
   * The candidates of some queries, each query with as many, and the encoder's inputs.
   *
   * @param perQuery K, the null document included
   * @param vectorRows which row of the document vectors each candidate is; length queries * K
   * @param joint query and passage together, ordered by query, candidate
   * @param maskedRows of {@code joint}, ordered by query, candidate, token
   * @param targets what stood there
   * @param masks masked tokens of each query
   */
  public record Candidates(
      int perQuery,
      int[] vectorRows,
      TokenBatch joint,
      int[] maskedRows,
      int[] targets,
      int[] masks) {}

  /**
   * Scores and reads.
   *
   * @param queryVectors {@code [queries, projection]}
   * @param documentVectors {@code [documents, projection]}
   */
  public static CandidateReading of(
      Session s,
      KnowledgeAugmentedEncoder encoder,
      Tensor queryVectors,
      Tensor documentVectors,
      Candidates c,
      Marginal marginal,
      @Nullable DropoutPlan dropout) {
    int[] queryRows = new int[c.vectorRows.length];
    Arrays.setAll(queryRows, i -> i / c.perQuery);
    Tensor scores = s.innerProducts(queryVectors, documentVectors, queryRows, c.vectorRows);
    Tensor states = encoder.bert().forward(s, c.joint, c.maskedRows, dropout); // [rows, hidden]
    Tensor tokens = encoder.head().logLikelihood(s, states, c.targets);
    MarginalLikelihood likelihood =
        MarginalLikelihood.of(s, scores, tokens, c.perQuery, c.masks, marginal);
    return new CandidateReading(scores, states, tokens, likelihood);
  }
}
