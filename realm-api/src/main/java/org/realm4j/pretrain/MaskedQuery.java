package org.realm4j.pretrain;

/**
 * A sentence with something masked: the x of p(y | x).
 *
 * @param passage the passage that the sentence comes from, or -1
 * @param ids wordpieces without special tokens, [MASK] where something is masked
 * @param masked ascending indexes into {@code ids}
 * @param targets what stood there
 * @param sentence the original text
 */
public record MaskedQuery(int passage, int[] ids, int[] masked, int[] targets, String sentence) {
  public MaskedQuery {
    if (masked.length != targets.length) {
      throw new IllegalArgumentException("expected one target a masked token");
    }
  }

  /** Where masked token j stands in [CLS] x [SEP]. */
  public int position(int j) {
    return masked[j] + 1;
  }
}
