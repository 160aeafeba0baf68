package org.realm4j.testkit.contract;

/** What is compared and has tolerances of its own: each operation, and a whole network. */
public enum Operation {
  EMBEDDING_SUM,
  LINEAR,
  LAYER_NORM,
  ATTENTION,
  DROPOUT,
  GATHER,
  CONCAT,
  ADD,
  SEGMENT_SUM,
  VOCABULARY_LOG_LIKELIHOOD,
  INNER_PRODUCTS,
  LOG_SOFTMAX,
  LOG_SUM_EXP,
  SPAN_STATES,
  WEIGHTED_SUM,
  PARAMETER,
  RECOMPUTED,
  ADAM,
  GRADIENT_NORM,
  /** Two layers of BERT, a masked-token head and a mixture over groups. */
  NETWORK
}
