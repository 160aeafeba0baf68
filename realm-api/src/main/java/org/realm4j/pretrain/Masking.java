package org.realm4j.pretrain;

/** What is masked in a sentence (section 3.4 and its ablations). */
public enum Masking {
  /** One name or date of the sentence, whole. */
  SALIENT_SPAN,
  /** Each token with probability 0.15, as in BERT; always to [MASK]. */
  RANDOM_TOKENS,
  /** One run of whole words, its length geometric with p = 0.2 among 1 to 10, as in SpanBERT. */
  RANDOM_SPAN
}
