package org.realm4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.DiskFault;
import org.realm4j.io.RealmException;
import org.realm4j.qa.Question;
import org.realm4j.qa.QuestionFormat;
import org.realm4j.qa.QuestionSet;

/**
 * The questions of a demonstration: those that come with the command, about WordNet's named
 * instances, or somebody's own.
 *
 * @param training to learn from
 * @param test to be measured on
 */
record DemoQuestions(QuestionSet training, QuestionSet test) {
  /** Without questions to test on, every so many are taken of those to learn from. */
  private static final int HELD_OUT = 5;

  /**
   * The questions about WordNet.
   *
   * @param work a folder for files
   */
  static DemoQuestions bundled(Path work) {
    return new DemoQuestions(bundled(work, "train.jsonl"), bundled(work, "test.jsonl"));
  }

  private static QuestionSet bundled(Path work, String name) {
    Path file = work.resolve(name);
    try (InputStream resource =
        Objects.requireNonNull(
            DemoQuestions.class.getResourceAsStream("wordnet-questions/" + name), name)) {
      Files.copy(resource, file);
    } catch (IOException e) {
      throw DiskFault.writing(file, 0, e);
    }
    return QuestionSet.read(file, QuestionFormat.JSON_LINES);
  }

  /** Somebody's own. */
  static DemoQuestions read(Path training, @Nullable Path test) {
    QuestionSet questions = QuestionSet.read(training);
    if (test != null) {
      return new DemoQuestions(questions, QuestionSet.read(test));
    }
    if (questions.size() < 2) {
      throw new RealmException.BadInput(
          training + ": expected questions to learn from and others to test on, found one");
    }
    // The first, the sixth, ...
    return new DemoQuestions(
        subset(questions, i -> i % HELD_OUT != 0), subset(questions, i -> i % HELD_OUT == 0));
  }

  private static QuestionSet subset(QuestionSet questions, java.util.function.IntPredicate chosen) {
    List<Question> some =
        IntStream.range(0, questions.size()).filter(chosen).mapToObj(questions::question).toList();
    return new QuestionSet(questions.description(), some);
  }

  /** The same with at most so many to be measured on. */
  DemoQuestions testingAtMost(int count) {
    return new DemoQuestions(training, subset(test, i -> i < count));
  }

  /** The ids of all gold passages. */
  Set<String> goldPassages() {
    Set<String> ids = new HashSet<>();
    Stream.of(training, test)
        .flatMap(set -> set.questions().stream())
        .map(Question::passage)
        .filter(Objects::nonNull)
        .forEach(ids::add);
    return ids;
  }

  /**
   * Those that can be answered: a gold passage that is named is in the corpus.
   *
   * @throws RealmException.BadInput if none is left to learn from, or to test on
   */
  DemoQuestions within(PassageStore store) {
    return new DemoQuestions(within(training, store), within(test, store));
  }

  private static QuestionSet within(QuestionSet questions, PassageStore store) {
    QuestionSet inside =
        subset(
            questions,
            i -> {
              String passage = questions.question(i).passage();
              return passage == null || store.indexOf(passage) >= 0;
            });
    if (inside.size() == 0) {
      throw new RealmException.BadInput(
          "%s: expected questions whose passages are among the %,d of the corpus, found none"
              .formatted(questions.description(), store.size()));
    }
    return inside;
  }
}
