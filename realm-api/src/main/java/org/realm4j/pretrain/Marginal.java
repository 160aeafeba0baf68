package org.realm4j.pretrain;

/** Where the sum over passages stands when several tokens are masked. Equal for one token. */
public enum Marginal {
  /** The paper: log sum over z of p(z | x) times the product over j of p(y_j | z, x). */
  PER_SEQUENCE,
  /** The released code: the sum over j of log sum over z of p(z | x) p(y_j | z, x). */
  PER_TOKEN
}
