package org.realm4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.DiskFault;
import org.realm4j.io.RealmException;
import org.realm4j.qa.AnswerMatcher;
import org.realm4j.qa.Question;
import org.realm4j.qa.QuestionSet;

/**
 * A folder of passages and questions about them: {@code passages.jsonl}, and {@code
 * questions.train.jsonl} with {@code questions.dev.jsonl}, or several sets, {@code
 * questions.NAME.train.jsonl} and so on; plain or gzip.
 *
 * @param name of the folder
 * @param training files by the name of the set, "" if it has none
 * @param dev the same
 */
record OpenQaData(String name, Path passages, Map<String, Path> training, Map<String, Path> dev) {
  private static final Pattern QUESTIONS =
      Pattern.compile("questions(?:\\.([\\w-]+))?\\.(train|dev)\\.jsonl(?:\\.gz)?");
  private static final Pattern PASSAGES = Pattern.compile("passages\\.jsonl(?:\\.gz)?");

  /**
   * @throws RealmException.BadInput if something is missing, with the names that are expected
   */
  static OpenQaData in(Path dir) {
    Map<String, Path> training = new TreeMap<>();
    Map<String, Path> dev = new TreeMap<>();
    Path passages = null;
    for (Path file : files(dir)) {
      String name = file.getFileName().toString();
      Matcher matcher = QUESTIONS.matcher(name);
      if (matcher.matches()) {
        String set = matcher.group(1) == null ? "" : matcher.group(1);
        (matcher.group(2).equals("dev") ? dev : training).put(set, file);
      } else if (PASSAGES.matcher(name).matches()) {
        passages = file;
      }
    }
    if (passages == null) {
      throw missing(dir, "passages.jsonl");
    }
    if (training.isEmpty()) {
      throw missing(dir, "questions.train.jsonl or questions.NAME.train.jsonl");
    }
    if (dev.isEmpty()) {
      throw missing(dir, "questions.dev.jsonl or questions.NAME.dev.jsonl");
    }
    return new OpenQaData(
        String.valueOf(dir.toAbsolutePath().getFileName()), passages, training, dev);
  }

  private static List<Path> files(Path dir) {
    if (!Files.isDirectory(dir)) {
      throw new RealmException.BadInput(
          dir + ": expected a folder of passages and questions, found none");
    }
    try (Stream<Path> entries = Files.list(dir)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      throw DiskFault.reading(dir, e);
    }
  }

  private static RealmException missing(Path dir, String expected) {
    return new RealmException.BadInput(
        "%s: expected %s (plain or .gz) in it, found none".formatted(dir, expected));
  }

  Corpus corpus() {
    return Corpus.jsonLines(passages);
  }

  /** The questions of all sets that are trained on. */
  QuestionSet training(QuestionBudget budget, PassageStore store) {
    List<Question> questions = new ArrayList<>();
    for (Map.Entry<String, Path> set : training.entrySet()) {
      int most = budget.of(set.getKey(), training.keySet());
      if (most > 0) {
        questions.addAll(every(QuestionSet.read(set.getValue()).questions(), most));
      }
    }
    return located(new QuestionSet("training questions", questions), store);
  }

  /** The dev questions of a set, every n-th if there are more than wanted. */
  QuestionSet dev(String set, int most, PassageStore store) {
    Path file = dev.get(set);
    if (file == null) {
      throw new IllegalArgumentException("expected one of %s, found %s".formatted(dev, set));
    }
    QuestionSet all = QuestionSet.read(file);
    return located(new QuestionSet(all.description(), every(all.questions(), most)), store);
  }

  /** Every n-th, in order, so that a part is of all kinds. */
  private static List<Question> every(List<Question> questions, int most) {
    if (questions.size() <= most) {
      return questions;
    }
    List<Question> some = new ArrayList<>();
    for (int i = 0; i < most; i++) {
      some.add(questions.get((int) ((long) i * questions.size() / most)));
    }
    return some;
  }

  /**
   * A passage that was longer than the model reads is several in the store: of them, the first that
   * holds an answer is the gold passage.
   */
  private static QuestionSet located(QuestionSet questions, PassageStore store) {
    AnswerMatcher matcher = new AnswerMatcher(AnswerMatcher.Mode.NORMALISED);
    return new QuestionSet(
        questions.description(),
        questions.questions().stream().map(q -> located(q, store, matcher)).toList());
  }

  private static Question located(Question question, PassageStore store, AnswerMatcher matcher) {
    String gold = question.passage();
    if (gold == null || store.indexOf(gold) >= 0 || store.indexOf(gold + "#1") < 0) {
      return question;
    }
    String part = gold + "#1";
    for (int n = 1; store.indexOf(gold + "#" + n) >= 0; n++) {
      String text = store.passage(store.indexOf(gold + "#" + n)).text();
      if (matcher.matches(question, text)) {
        part = gold + "#" + n;
        break;
      }
    }
    return new Question(question.text(), question.answers(), question.regex(), part, question.id());
  }
}
