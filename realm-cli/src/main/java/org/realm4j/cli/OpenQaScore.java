package org.realm4j.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.Lines;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.Ranking;

/**
 * What came of one question without a word of it, so that it may be passed on where the corpus may
 * not: enough for paired comparisons between runs.
 *
 * @param question the first 8 bytes of the SHA-256 of its text, in hexadecimal
 * @param answerRank of the first retrieved passage with an answer, from 1; 0 if there is none
 * @param goldRank of the gold passage, from 1; 0 if it was not retrieved
 */
record OpenQaScore(String question, boolean right, double f1, int answerRank, int goldRank) {

  private static OpenQaScore of(Outcome outcome) {
    Ranking ranking = Objects.requireNonNull(outcome.ranking(), "these were retrieved for");
    return new OpenQaScore(
        digest(outcome.question().text()),
        outcome.right(),
        outcome.f1(),
        ranking.answerRank(),
        ranking.goldRank());
  }

  private static String digest(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  boolean goldWithin(int k) {
    return goldRank > 0 && goldRank <= k;
  }

  /** Whether a stage leaves scores. */
  static boolean has(JsonObject record) {
    return record.string("stage").startsWith("evaluated");
  }

  /** The scores of an evaluation, of a run or of what was exported of one. */
  static List<OpenQaScore> read(Path folder, String stage) {
    Path exported = file(folder, stage);
    if (Files.exists(exported)) {
      List<OpenQaScore> scores = new ArrayList<>();
      Lines.forEach(
          exported,
          (number, line) ->
              scores.add(fromLine(Json.parseObject(line, exported + ", line " + number))));
      return scores;
    }
    Path result =
        PublishedFolder.at(folder.resolve(stage))
            .current()
            .orElseThrow(
                () ->
                    new RealmException.BadInput(
                        "%s: expected the outcomes of an evaluation, or %s, found neither"
                            .formatted(folder.resolve(stage), exported.getFileName())));
    return JsonLog.read(result.resolve(OpenQaExperiment.OUTCOMES)).stream()
        .map(line -> of(OpenQaOutcome.fromLine(line).outcome()))
        .toList();
  }

  static void write(Path folder, String stage, List<OpenQaScore> scores) {
    Lines.write(
        file(folder, stage), scores.stream().map(score -> Json.format(score.toLine())).toList());
  }

  private static Path file(Path folder, String stage) {
    return folder.resolve(stage + ".jsonl");
  }

  private Map<String, Object> toLine() {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("question", question);
    line.put("right", right);
    line.put("f1", f1);
    line.put("answer_rank", answerRank);
    line.put("gold_rank", goldRank);
    return line;
  }

  private static OpenQaScore fromLine(JsonObject line) {
    return new OpenQaScore(
        line.string("question"),
        line.bool("right"),
        line.number("f1"),
        line.int32("answer_rank"),
        line.int32("gold_rank"));
  }
}
