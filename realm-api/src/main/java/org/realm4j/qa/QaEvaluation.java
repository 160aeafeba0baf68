package org.realm4j.qa;

import java.util.ArrayList;
import java.util.List;
import org.realm4j.corpus.PassageStore;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Session;

/** Measures an {@link Answerer} on questions whose answers are known. */
public final class QaEvaluation {
  /** Passages retrieved for recall. */
  public static final int DEPTH = 20;

  private final Answerer answerer;
  private final PassageStore store;
  private final AnswerMatcher matcher;

  public QaEvaluation(Answerer answerer, PassageStore store, AnswerMatcher matcher) {
    this.answerer = answerer;
    this.store = store;
    this.matcher = matcher;
  }

  /**
   * Answers all questions, one after the other.
   *
   * @param progress told after each
   * @return in the order of the questions
   */
  public List<Outcome> run(
      Session session, QuestionSet questions, Asking asking, PassageEmbedder.Progress progress) {
    OccurrenceIndex occurrences = OccurrenceIndex.of(questions, matcher, store);
    List<Outcome> outcomes = new ArrayList<>();
    for (int q = 0; q < questions.size(); q++) {
      Question question = questions.question(q);
      Answerer.Result result = answerer.answer(session, question.text(), asking, DEPTH);
      String passage = question.passage();
      Ranking ranking =
          Ranking.of(
              occurrences,
              q,
              result.retrieved(),
              passage == null ? -1 : store.indexOf(passage),
              Math.min(asking.read(), result.retrieved().length));
      Answer answer = result.answer();
      outcomes.add(
          answer.text() == null && question.answers().isEmpty()
              // SQuAD 2.0: that there is no answer is right here, and its probability not known.
              ? Evaluation.judge(question, "", Double.NaN, ranking)
              : Evaluation.judge(question, answer.text(), answer.probability(), ranking));
      progress.at(q + 1, questions.size());
    }
    return outcomes;
  }
}
