package org.realm4j.pretrain;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;

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

  /**
   * A text with [MASK] in it, whose targets nobody knows.
   *
   * @throws RealmException.BadInput if there is no mask, or one lies behind the query limit
   */
  public static MaskedQuery of(String text, RealmModel model) {
    int[] ids = model.tokenizer().ids(text);
    IntArrayList masked = new IntArrayList();
    for (int t = 0; t < ids.length; t++) {
      if (ids[t] == model.vocabulary().mask()) {
        masked.add(t);
      }
    }
    int limit = model.config().queryLimit() - 2;
    if (masked.isEmpty() || masked.getInt(masked.size() - 1) >= limit) {
      throw new RealmException.BadInput(
          "expected [MASK] within the first "
              + limit
              + " wordpieces, found "
              + (masked.isEmpty() ? "none" : "one at " + masked.getInt(masked.size() - 1))
              + " in: "
              + text);
    }
    return new MaskedQuery(-1, ids, masked.toIntArray(), new int[masked.size()], text);
  }

  /** Where masked token j stands in [CLS] x [SEP]. */
  public int position(int j) {
    return masked[j] + 1;
  }
}
