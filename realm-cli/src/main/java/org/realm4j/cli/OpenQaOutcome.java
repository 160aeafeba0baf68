package org.realm4j.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.JsonObject;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.Question;
import org.realm4j.qa.Ranking;
import org.realm4j.text.WordPiece;

/**
 * What came of one question, as a line of an experiment's {@code outcomes.jsonl}.
 *
 * @param pieces wordpieces of the shortest answer; 0 if there is none
 * @param seconds that answering took
 */
record OpenQaOutcome(Outcome outcome, int pieces, double seconds) {

  static OpenQaOutcome of(Outcome outcome, WordPiece tokenizer, double seconds) {
    int pieces =
        outcome.question().answers().stream()
            .mapToInt(answer -> tokenizer.ids(answer).length)
            .min()
            .orElse(0);
    return new OpenQaOutcome(outcome, pieces, seconds);
  }

  Map<String, @Nullable Object> toLine() {
    Question question = outcome.question();
    Ranking ranking = Objects.requireNonNull(outcome.ranking(), "these were retrieved for");
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put("question", question.text());
    line.put("answer", question.answers());
    line.put("answer_pieces", pieces);
    line.put("passage", question.passage());
    line.put("id", question.id());
    line.put("prediction", outcome.prediction());
    line.put("probability", outcome.probability());
    line.put("verdict", outcome.verdict().name().toLowerCase(Locale.ROOT));
    line.put("f1", outcome.f1());
    line.put("retrieved", ranking.retrieved());
    line.put("answer_rank", ranking.answerRank());
    line.put("gold_rank", ranking.goldRank());
    line.put("read", ranking.read());
    line.put("seconds", seconds);
    return line;
  }

  static OpenQaOutcome fromLine(JsonObject line) {
    List<String> answers = line.list("answer").stream().map(String::valueOf).toList();
    Question question =
        new Question(
            line.string("question"),
            answers,
            false,
            line.has("passage") ? line.string("passage") : null,
            line.has("id") ? line.string("id") : null);
    Outcome outcome =
        new Outcome(
            question,
            line.has("prediction") ? line.string("prediction") : null,
            line.number("probability"),
            Outcome.Verdict.valueOf(line.string("verdict").toUpperCase(Locale.ROOT)),
            line.number("f1"),
            new Ranking(
                line.int32("retrieved"),
                line.int32("answer_rank"),
                line.int32("gold_rank"),
                line.int32("read")));
    return new OpenQaOutcome(outcome, line.int32("answer_pieces"), line.number("seconds"));
  }
}
