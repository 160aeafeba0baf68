package org.realm4j.nn;

import org.realm4j.io.RealmException;
import org.realm4j.text.Vocabulary;

/**
 * One input of a BERT: [CLS] s1 [SEP] s2 [SEP] ..., with the index of its part as the segment of
 * every token ([CLS] has 0, a [SEP] belongs to the part that it closes).
 */
public record InputSequence(int[] ids, int[] segments) {
  public InputSequence {
    if (ids.length != segments.length || ids.length == 0) {
      throw new IllegalArgumentException(
          "ids and segments: expected one length above 0, found "
              + ids.length
              + " and "
              + segments.length);
    }
  }

  public int length() {
    return ids.length;
  }

  /**
   * Joins parts of wordpieces. Each in turn takes what the limit leaves: earlier parts win, special
   * tokens are never dropped.
   *
   * @param limit tokens of the whole, specials included
   * @throws RealmException.BadInput if not even the special tokens fit
   */
  public static InputSequence join(Vocabulary vocabulary, int limit, int[]... parts) {
    int budget = limit - 1 - parts.length;
    if (budget < 0) {
      throw new RealmException.BadInput(
          "sequence limit: expected at least " + (1 + parts.length) + " tokens, found " + limit);
    }
    int length = 1 + parts.length;
    int[] taken = new int[parts.length];
    for (int i = 0; i < parts.length; i++) {
      taken[i] = Math.min(parts[i].length, budget);
      budget -= taken[i];
      length += taken[i];
    }
    int[] ids = new int[length];
    int[] segments = new int[length];
    ids[0] = vocabulary.cls();
    int at = 1;
    for (int i = 0; i < parts.length; i++) {
      System.arraycopy(parts[i], 0, ids, at, taken[i]);
      ids[at + taken[i]] = vocabulary.sep();
      java.util.Arrays.fill(segments, at, at + taken[i] + 1, i);
      at += taken[i] + 1;
    }
    return new InputSequence(ids, segments);
  }
}
