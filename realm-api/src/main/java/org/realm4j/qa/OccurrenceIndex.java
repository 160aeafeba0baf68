package org.realm4j.qa;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.ints.IntRBTreeSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.realm4j.corpus.PassageStore;

/**
 * Which passages hold an answer of which question, found for all questions in one pass over the
 * corpus. The retrieval loss asks this of thousands of passages at each step (section 4.2: the top
 * 5,000), which then takes well under a millisecond.
 *
 * <p>Answers that are regular expressions cannot be searched together; they are matched when asked
 * for, passage by passage, so the passages must remain readable. Thread-safe.
 */
public final class OccurrenceIndex {
  private final AnswerMatcher matcher;
  private final IntFunction<String> texts;
  private final int passages;
  private final int[][] needlesOf; // [questions][needles]
  private final List<List<AnswerPattern>> patternsOf; // [questions][patterns]
  private final int[][] passagesWith; // [needles][passages], ascending

  private OccurrenceIndex(
      QuestionSet questions, AnswerMatcher matcher, int passages, IntFunction<String> texts) {
    this.matcher = matcher;
    this.texts = texts;
    this.passages = passages;
    needlesOf = new int[questions.size()][];
    patternsOf = new ArrayList<>(questions.size());
    AhoCorasick automaton = new AhoCorasick();
    for (int q = 0; q < needlesOf.length; q++) {
      Question question = questions.question(q);
      needlesOf[q] = question.regex() ? new int[0] : needles(question, automaton);
      patternsOf.add(question.regex() ? AnswerMatcher.patterns(question) : List.of());
    }
    automaton.link();
    passagesWith = scan(automaton);
  }

  /** Searches the texts of all passages of a store; titles do not count, as nobody reads them. */
  public static OccurrenceIndex of(
      QuestionSet questions, AnswerMatcher matcher, PassageStore store) {
    return of(questions, matcher, store.size(), p -> store.passage(p).text());
  }

  /**
   * Searches any texts.
   *
   * @param texts the text of a passage by its number, from 0 to {@code passages} - 1
   */
  public static OccurrenceIndex of(
      QuestionSet questions, AnswerMatcher matcher, int passages, IntFunction<String> texts) {
    return new OccurrenceIndex(questions, matcher, passages, texts);
  }

  private int[] needles(Question question, AhoCorasick automaton) {
    IntArrayList needles = new IntArrayList();
    for (String answer : question.answers()) {
      String needle = matcher.needle(answer);
      if (!needle.isEmpty()) {
        needles.add(automaton.add(needle));
      }
    }
    return needles.toIntArray();
  }

  private int[][] scan(AhoCorasick automaton) {
    IntArrayList[] found = new IntArrayList[automaton.size()];
    Arrays.setAll(found, n -> new IntArrayList(2));
    for (int p = 0; automaton.size() > 0 && p < passages; p++) {
      int passage = p;
      automaton.scan(
          matcher.haystack(texts.apply(p)),
          needle -> {
            IntArrayList list = found[needle];
            if (list.isEmpty() || list.getInt(list.size() - 1) != passage) {
              list.add(passage);
            }
          });
    }
    int[][] lists = new int[found.length][];
    for (int n = 0; n < found.length; n++) {
      lists[n] = found[n].toIntArray();
      found[n].clear();
    }
    return lists;
  }

  /** Whether a passage holds an answer of a question; both by their numbers. */
  public boolean holds(int question, int passage) {
    for (int needle : needlesOf[question]) {
      if (Arrays.binarySearch(passagesWith[needle], passage) >= 0) {
        return true;
      }
    }
    List<AnswerPattern> patterns = patternsOf.get(question);
    return !patterns.isEmpty() && matcher.matches(patterns, texts.apply(passage));
  }

  /**
   * The labels of retrieved passages.
   *
   * @param retrieved [candidates], numbers of passages in any order
   * @return [candidates], whether each holds an answer
   */
  public boolean[] label(int question, int[] retrieved) {
    boolean[] labels = new boolean[retrieved.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = holds(question, retrieved[i]);
    }
    return labels;
  }

  /** All passages that hold an answer of a question, ascending. */
  public int[] passagesOf(int question) {
    IntRBTreeSet all = new IntRBTreeSet();
    for (int needle : needlesOf[question]) {
      for (int passage : passagesWith[needle]) {
        all.add(passage);
      }
    }
    if (!patternsOf.get(question).isEmpty()) {
      for (int passage = 0; passage < passages; passage++) {
        if (holds(question, passage)) {
          all.add(passage);
        }
      }
    }
    return all.toIntArray();
  }
}
