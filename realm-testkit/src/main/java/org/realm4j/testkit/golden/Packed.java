package org.realm4j.testkit.golden;

import java.util.Arrays;
import org.realm4j.io.RealmException;

/**
 * A padded batch {@code [B, S]} as packed sequences: only where the mask is 1, each token with its
 * position in its row.
 *
 * @param ids of the tokens
 * @param types the segment of each token
 * @param positions of each token in its padded row
 * @param offsets where each sequence begins; length B + 1
 * @param rows the index b S + s of each token in the padded batch
 */
public record Packed(int[] ids, int[] types, int[] positions, int[] offsets, int[] rows) {

  /**
   * Takes the padding out.
   *
   * @param ids {@code [B, S]}, like mask and types
   */
  public static Packed of(int[] ids, int[] mask, int[] types, int batch, int length) {
    if (ids.length != batch * length || mask.length != ids.length || types.length != ids.length) {
      throw new RealmException.BadInput(
          "padded batch: expected "
              + batch
              + " x "
              + length
              + " ids, masks and types, found "
              + ids.length
              + ", "
              + mask.length
              + " and "
              + types.length);
    }
    int tokens = (int) Arrays.stream(mask).filter(m -> m != 0).count();
    Packed p =
        new Packed(
            new int[tokens], new int[tokens], new int[tokens], new int[batch + 1], new int[tokens]);
    int t = 0;
    for (int b = 0; b < batch; b++) {
      for (int s = 0; s < length; s++) {
        int row = b * length + s;
        if (mask[row] != 0) {
          p.ids[t] = ids[row];
          p.types[t] = types[row];
          p.positions[t] = s;
          p.rows[t] = row;
          t++;
        }
      }
      p.offsets[b + 1] = t;
    }
    return p;
  }

  public int tokens() {
    return ids.length;
  }

  /** The packed row of token s of sequence b. */
  public int row(int b, int s) {
    for (int t = offsets[b]; t < offsets[b + 1]; t++) {
      if (positions[t] == s) {
        return t;
      }
    }
    throw new RealmException.BadInput("token " + s + " of sequence " + b + " is padding");
  }

  /**
   * The rows of a padded tensor that are tokens.
   *
   * @param padded {@code [B, S, cols]}
   * @param cells B S, the number of padded rows
   * @return {@code [tokens, cols]}
   */
  public double[] pick(double[] padded, int cells) {
    int cols = padded.length / cells;
    double[] picked = new double[rows.length * cols];
    for (int t = 0; t < rows.length; t++) {
      System.arraycopy(padded, rows[t] * cols, picked, t * cols, cols);
    }
    return picked;
  }
}
