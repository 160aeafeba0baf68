package org.realm4j.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.lucene.Bm25;
import org.realm4j.pretrain.MaskedQuery;
import org.realm4j.pretrain.QuerySource;
import org.realm4j.pretrain.SpanOccurrences;
import org.realm4j.qa.Question;
import org.realm4j.qa.QuestionSet;
import org.realm4j.qa.RankedRetriever;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.text.WordPiece;

/**
 * The corpus's own sentences as questions, for a reader that has few real ones to learn spans from:
 * a sentence with a name masked is the question, the name the answer, and the passages are those
 * that BM25 finds for it, without the sentence's own. Only sentences are taken of which one of the
 * passages to be read holds the name.
 */
final class ClozeQuestions implements RankedRetriever.Ranker {
  private static final String MASK = "[MASK]";

  /** How often each passage may give a sentence. */
  private static final int EPOCHS = 4;

  private final Bm25 bm25;
  private final QuestionSet questions;
  private final Map<String, Integer> ownPassage = new HashMap<>();

  /**
   * @param count how many at most
   * @param read how many passages the reader will read
   */
  ClozeQuestions(
      QuerySource source,
      SpanOccurrences occurrences,
      WordPiece tokenizer,
      Bm25 bm25,
      int count,
      int read,
      long seed) {
    this.bm25 = bm25;
    List<Question> found = new ArrayList<>();
    for (int i = 0; i < EPOCHS * source.size() && found.size() < count; i++) {
      MaskedQuery query = source.draw(seed, i);
      Question question = question(query, tokenizer.encode(query.sentence()));
      if (ownPassage.putIfAbsent(question.text(), query.passage()) == null
          && holds(rank(question.text(), read).rows(), occurrences, query.targets())) {
        found.add(question);
      }
    }
    questions = new QuestionSet("cloze questions of the corpus", found);
  }

  private static Question question(MaskedQuery query, WordPiece.Encoding pieces) {
    int[] masked = query.masked();
    int from = pieces.starts()[masked[0]];
    int to = pieces.ends()[masked[masked.length - 1]];
    String sentence = query.sentence();
    String text = sentence.substring(0, from) + MASK + sentence.substring(to);
    return Question.of(text, sentence.substring(from, to));
  }

  private static boolean holds(int[] passages, SpanOccurrences occurrences, int[] span) {
    for (int passage : passages) {
      if (occurrences.contains(passage, span)) {
        return true;
      }
    }
    return false;
  }

  QuestionSet questions() {
    return questions;
  }

  /** The best passages for one of the questions, without its own. */
  @Override
  public MipsIndex.Hits rank(String question, int k) {
    return bm25.rank(question.replace(MASK, " "), k, ownPassage.getOrDefault(question, -1));
  }
}
