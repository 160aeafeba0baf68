package org.realm4j.qa;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.List;
import org.realm4j.nn.ReadWindow;
import org.realm4j.nn.Spans;
import org.realm4j.nn.TokenBatch;

/**
 * Where answers stand in passages, by their wordpieces in the read window: the way to match answers
 * that decides which spans are correct (ORQA), and in Hugging Face's code also which passages have
 * an answer. All occurrences count, overlapping ones too; an answer that the window cuts off does
 * not.
 *
 * @param passages the number of sequences
 * @param sequences of each match, ascending; in a sequence in the order of the answers, then of
 *     their place
 * @param starts the row of the batch with the match's first wordpiece
 * @param ends the row with its last
 */
public record TokenMatches(int passages, int[] sequences, int[] starts, int[] ends) {

  /**
   * All matches.
   *
   * @param answers the wordpieces of each sequence's answers; one without wordpieces never matches
   */
  public static TokenMatches of(
      TokenBatch joint, ReadWindow window, List<? extends List<int[]>> answers) {
    if (answers.size() != window.sequences()) {
      throw new IllegalArgumentException(
          "answers: expected those of %d sequences, found %d"
              .formatted(window.sequences(), answers.size()));
    }
    IntArrayList sequences = new IntArrayList();
    IntArrayList starts = new IntArrayList();
    IntArrayList ends = new IntArrayList();
    for (int q = 0; q < window.sequences(); q++) {
      for (int[] answer : answers.get(q)) {
        for (int row : starts(joint.ids(), window.from()[q], window.to()[q], answer)) {
          sequences.add(q);
          starts.add(row);
          ends.add(row + answer.length - 1);
        }
      }
    }
    return new TokenMatches(
        window.sequences(), sequences.toIntArray(), starts.toIntArray(), ends.toIntArray());
  }

  /**
   * Where {@code wanted} occurs as a whole in {@code tokens[from, to)}, ascending and overlapping
   * ones too; nowhere if it is empty.
   */
  public static int[] starts(int[] tokens, int from, int to, int[] wanted) {
    IntArrayList found = new IntArrayList();
    for (int at = from; wanted.length > 0 && at + wanted.length <= to; at++) {
      int i = 0;
      while (i < wanted.length && tokens[at + i] == wanted[i]) {
        i++;
      }
      if (i == wanted.length) {
        found.add(at);
      }
    }
    return found.toIntArray();
  }

  /** Which passages hold an answer. {@code [sequences]} */
  public boolean[] hasAnswer() {
    boolean[] has = new boolean[passages];
    for (int q : sequences) {
      has[q] = true;
    }
    return has;
  }

  /**
   * Which spans are an answer. Matches in sequences that the spans do not have, because they are
   * not read, and matches that are wider than the spans are left out.
   *
   * @param spans of the same batch or of its first sequences
   * @return {@code [spans]}
   */
  public boolean[] correct(Spans spans) {
    boolean[] correct = new boolean[spans.size()];
    for (int m = 0; m < sequences.length; m++) {
      int span =
          sequences[m] < spans.sequences() ? spans.indexOf(sequences[m], starts[m], ends[m]) : -1;
      if (span >= 0) {
        correct[span] = true;
      }
    }
    return correct;
  }
}
