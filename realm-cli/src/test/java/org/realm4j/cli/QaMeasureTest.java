package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.realm4j.qa.Evaluation;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.Question;
import org.realm4j.qa.Ranking;

class QaMeasureTest {
  private static Outcome outcome(
      String prediction, int answerRank, int goldRank, @Nullable String passage) {
    Question question = new Question("who?", List.of("Ada Lovelace"), false, passage, null);
    return Evaluation.judge(question, prediction, 0.5, new Ranking(20, answerRank, goldRank, 5));
  }

  private static final List<Outcome> FIRST =
      List.of(
          outcome("Ada Lovelace", 1, 1, "p"),
          outcome("Ada", 5, 6, "p"),
          outcome("Bob", 6, 20, "p"),
          outcome("Bob", 0, 0, "p"));

  private static double mean(QaMeasure measure) {
    return measure.mean(FIRST, 1).mean();
  }

  @Test
  void meansAreThoseOfTheRanksAndVerdicts() {
    assertEquals(1 / 4.0, mean(QaMeasure.EM));
    assertEquals((1 + 2 / 3.0) / 4, mean(QaMeasure.F1), 1e-12);
    assertEquals(1 / 4.0, mean(QaMeasure.RECALL_1));
    assertEquals(1 / 4.0, mean(QaMeasure.RECALL_5));
    assertEquals(3 / 4.0, mean(QaMeasure.RECALL_20));
    assertEquals(1 / 4.0, mean(QaMeasure.ANSWER_RECALL_1));
    assertEquals(2 / 4.0, mean(QaMeasure.ANSWER_RECALL_5));
    assertEquals(3 / 4.0, mean(QaMeasure.ANSWER_RECALL_20));
    assertEquals(2 / 4.0, mean(QaMeasure.ORACLE));
    assertEquals(3, QaMeasure.RECALL_20.sum(FIRST));
  }

  @Test
  void differencesArePaired() {
    List<Outcome> worse = FIRST.stream().map(o -> outcome("Bob", 0, 0, "p")).toList();
    assertEquals(1 / 4.0, QaMeasure.EM.difference(FIRST, worse, 1).mean());
    assertEquals(-3 / 4.0, QaMeasure.RECALL_20.difference(worse, FIRST, 1).mean());
    // Nothing differs in any pair, so no resample can either, though the values themselves vary.
    QaMeasure.Mean none = QaMeasure.F1.difference(FIRST, FIRST, 1);
    assertEquals(0, none.interval().low());
    assertEquals(0, none.interval().high());
    assertTrue(
        QaMeasure.F1.mean(FIRST, 1).interval().low()
            < QaMeasure.F1.mean(FIRST, 1).interval().high());
  }

  @Test
  void goldPassagesAreMeasuredOnlyWhereEachQuestionNamesOne() {
    assertEquals(9, QaMeasure.of(FIRST).size());
    List<QaMeasure> unnamed = QaMeasure.of(List.of(FIRST.getFirst(), outcome("Bob", 1, 0, null)));
    assertEquals(6, unnamed.size());
    assertTrue(unnamed.contains(QaMeasure.ANSWER_RECALL_5), unnamed::toString);
    assertTrue(!unnamed.contains(QaMeasure.RECALL_5), unnamed::toString);
  }
}
