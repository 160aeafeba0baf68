package org.realm4j.qa;

import java.nio.file.Path;
import java.util.regex.Pattern;
import org.realm4j.io.Lines;
import org.realm4j.io.RealmException;

/** The file formats of questions, see {@link QuestionSet#read(Path)}. */
public enum QuestionFormat {
  /**
   * NQ-open's: a JSON object a line, with {@code question} and {@code answer} (a string or a list),
   * and, if there are, {@code id} and {@code passage}, the gold passage's id. Plain or gzip.
   */
  JSON_LINES,

  /**
   * The same, but answers are regular expressions: CuratedTREC as ORQA and DrQA distribute it. The
   * content does not tell it from {@link #JSON_LINES}, so it has to be named.
   */
  JSON_LINES_REGEX,

  /**
   * WebQuestions: a JSON list of {@code {qId, qText, answers}}, or the original one of {@code
   * {utterance, targetValue}}, whose target is {@code (list (description "..") ...)}.
   */
  WEB_QUESTIONS,

  /**
   * CuratedTREC: id, the word {@code factoid}, question and a regular expression, separated by
   * tabs. What follows the third tab is the expression, further tabs included: one in the published
   * file holds an escaped tab. Plain or gzip.
   */
  CURATED_TREC,

  /**
   * SQuAD 1.1 and 2.0. A question with {@code is_impossible} has no answers; its plausible ones are
   * left out. The gold passage is named {@code title#n}, the n-th paragraph of its article from 0.
   */
  SQUAD,

  /**
   * DPR's: question, tab, a list of strings as Python or JSON writes it. Fields may be quoted as in
   * CSV. Plain or gzip.
   */
  DPR_TSV,

  /** Question and answers, separated by tabs. Plain or gzip. */
  TSV;

  private static final int BEGINNING = 1 << 16;
  private static final Pattern SQUAD_HEAD =
      Pattern.compile("\\{\\s*(\"version\"\\s*:\\s*\"[^\"]*\"\\s*,\\s*)?\"data\"\\s*:\\s*\\[");
  private static final Pattern WEB_QUESTIONS_KEY = Pattern.compile("\"(qText|utterance)\"\\s*:");
  private static final Pattern QUESTION_KEY = Pattern.compile("\"question\"\\s*:");

  /**
   * Recognises the format by the first 64 KiB.
   *
   * @throws RealmException.BadInput if it is none of these; the message lists what was expected
   */
  public static QuestionFormat detect(Path file) {
    String head = Lines.beginning(file, BEGINNING);
    head = (head.startsWith("\uFEFF") ? head.substring(1) : head).stripLeading();
    String line = head.lines().findFirst().orElse("");
    if (head.startsWith("[") && WEB_QUESTIONS_KEY.matcher(head).find()) {
      return WEB_QUESTIONS;
    }
    if (SQUAD_HEAD.matcher(head).lookingAt()) {
      return SQUAD;
    }
    if (line.startsWith("{") && QUESTION_KEY.matcher(line).find()) {
      return JSON_LINES;
    }
    String[] fields = line.split("\t", -1);
    if (line.startsWith("{") || line.startsWith("[") || fields.length < 2) {
      throw unknown(file, line);
    }
    if (fields.length >= 4 && fields[1].equals("factoid")) {
      return CURATED_TREC;
    }
    return fields.length == 2 && StringList.looksLikeOne(fields[1]) ? DPR_TSV : TSV;
  }

  private static RealmException unknown(Path file, String line) {
    return new RealmException.BadInput(
        "%s: expected JSON lines with \"question\" and \"answer\", WebQuestions, CuratedTREC, SQuAD, or question<TAB>answer; found %s. Name the format if it is one of them"
            .formatted(file, line.isEmpty() ? "nothing" : "'" + Fields.shown(line) + "'"));
  }
}
