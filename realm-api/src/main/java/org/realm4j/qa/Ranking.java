package org.realm4j.qa;

import org.realm4j.io.RealmException;

/**
 * Where an answer and the gold passage stand among the passages that were retrieved for a question.
 *
 * @param retrieved how many passages were retrieved
 * @param answerRank the rank of the first that holds an answer, from 1; 0 if none does
 * @param goldRank the rank of the gold passage, from 1; 0 if it was not retrieved or none is named
 * @param read how many of the first passages the reader read
 */
public record Ranking(int retrieved, int answerRank, int goldRank, int read) {
  public Ranking {
    if (Math.min(answerRank, goldRank) < 0
        || Math.max(answerRank, goldRank) > retrieved
        || read < 0
        || read > retrieved) {
      throw new RealmException.BadInput(
          "ranking: expected 0 <= answer rank, gold rank and read <= retrieved = %d, found %d, %d and %d"
              .formatted(retrieved, answerRank, goldRank, read));
    }
  }

  /**
   * @param retrieved [candidates], numbers of passages, best first
   * @param gold the number of the gold passage, negative if unknown
   */
  public static Ranking of(
      OccurrenceIndex occurrences, int question, int[] retrieved, int gold, int read) {
    int answerRank = 0;
    int goldRank = 0;
    for (int rank = retrieved.length; rank > 0; rank--) {
      int passage = retrieved[rank - 1];
      answerRank = occurrences.holds(question, passage) ? rank : answerRank;
      goldRank = gold >= 0 && passage == gold ? rank : goldRank;
    }
    return new Ranking(retrieved.length, answerRank, goldRank, read);
  }

  /** Whether one of the first k passages holds an answer: what recall@k averages. */
  public boolean answerWithin(int k) {
    return answerRank > 0 && answerRank <= k;
  }

  /** Whether the gold passage is one of the first k. */
  public boolean goldWithin(int k) {
    return goldRank > 0 && goldRank <= k;
  }
}
