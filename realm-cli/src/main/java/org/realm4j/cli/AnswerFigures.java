package org.realm4j.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.qa.Answer;
import org.realm4j.qa.Evidence;
import org.realm4j.text.Span;

/** All that an answer holds, for JSON. */
final class AnswerFigures {
  private AnswerFigures() {}

  static Map<String, @Nullable Object> of(Answer answer) {
    Map<String, @Nullable Object> figures = new LinkedHashMap<>();
    figures.put("question", answer.question());
    figures.put("answer", answer.text());
    figures.put("probability", answer.probability());
    figures.put("evidence", answer.evidence().stream().map(AnswerFigures::evidence).toList());
    figures.put(
        "alternatives", answer.alternatives().stream().map(AnswerFigures::alternative).toList());
    figures.put("generation", answer.generation());
    figures.put("cut", answer.cut());
    return figures;
  }

  private static Map<String, Object> evidence(Evidence evidence) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("id", evidence.passage().id());
    figures.put("title", evidence.passage().title());
    figures.put("text", evidence.passage().text());
    figures.put("probability", evidence.probability());
    figures.put("spans", evidence.spans().stream().map(AnswerFigures::span).toList());
    figures.put("best", span(evidence.best()));
    figures.put("best_probability", evidence.bestProbability());
    return figures;
  }

  private static Map<String, Object> alternative(Answer.Alternative alternative) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("text", alternative.text());
    figures.put("probability", alternative.probability());
    return figures;
  }

  /** Start and end in UTF-16 units of the passage's text, the end not included. */
  private static List<Integer> span(Span span) {
    return List.of(span.start(), span.end());
  }
}
