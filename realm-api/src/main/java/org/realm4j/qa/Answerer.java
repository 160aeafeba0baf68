package org.realm4j.qa;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.text.Span;

/**
 * Answers questions from a corpus: retrieves, reads, and takes the most likely span over all
 * passages together (ORQA, Lee et al. 2019, section 3). Any number of threads may answer at once,
 * each in its own session, while nobody trains.
 */
public final class Answerer {
  private final RealmModel model;
  private final SpanReader reader;
  private final PassageStore store;
  private final QuestionRetriever retriever;
  private final long generation;
  private final AnswerMatcher said = new AnswerMatcher(AnswerMatcher.Mode.NORMALISED);

  /**
   * @param generation of the index that the retriever searches, for {@link Answer#generation}
   */
  public Answerer(
      RealmModel model,
      SpanReader reader,
      PassageStore store,
      QuestionRetriever retriever,
      long generation) {
    this.model = model;
    this.reader = reader;
    this.store = store;
    this.retriever = retriever;
    this.generation = generation;
  }

  /**
   * An answer with all that was retrieved for it.
   *
   * @param retrieved numbers of passages, best first; the first of them were read
   * @param tokens that went through the reader
   */
  public record Result(Answer answer, int[] retrieved, int tokens) {}

  /** Answers one question. */
  public Answer answer(Session s, String question, Asking asking) {
    return answer(s, question, asking, asking.read()).answer();
  }

  /**
   * Answers one question and tells what was retrieved.
   *
   * @param depth how many passages to retrieve, for recall; at least those that are read
   * @throws RealmException.BadInput if the question is blank
   */
  public Result answer(Session s, String question, Asking asking, int depth) {
    if (question.isBlank()) {
      throw new RealmException.BadInput("question: expected a text, found a blank one");
    }
    try (Tape tape = s.infer()) {
      QuestionRetriever.Retrieved retrieved =
          retriever.retrieve(s, List.of(question), Math.max(depth, asking.read()), null);
      Reading reading =
          Reading.of(s, model, reader, store, List.of(question), retrieved, asking.read(), null);
      boolean cut = model.tokenizer().ids(question).length > model.config().queryLimit() - 2;
      Answer answer = answer(s, question, reading, asking, cut);
      return new Result(answer, retrieved.passages()[0], reading.tokens());
    }
  }

  private Answer answer(Session s, String question, Reading reading, Asking asking, boolean cut) {
    AnswerSpans spans = reading.answers();
    int best = spans.argmax()[0];
    if (best < 0) { // no passage was found, or none has text
      return new Answer(question, null, 0, List.of(), List.of(), generation, cut);
    }
    float[] logProbabilities = spans.logProbabilities(s).toArray();
    Map<String, Said> meanings = byMeaning(reading, logProbabilities);
    Said chosen = meanings.get(meaning(reading, best));
    if (chosen == null) {
      throw new IllegalStateException("the best span says nothing");
    }
    List<Answer.Alternative> others =
        meanings.values().stream()
            .filter(o -> o != chosen)
            .sorted(Comparator.comparingDouble(Said::probability).reversed())
            .limit(asking.alternatives())
            .map(o -> new Answer.Alternative(text(reading, o.best), o.probability()))
            .toList();
    double probability = chosen.probability();
    boolean found = probability >= asking.threshold();
    return new Answer(
        question,
        found ? text(reading, best) : null,
        probability,
        evidence(s, reading, logProbabilities, found ? chosen : null),
        others,
        generation,
        cut);
  }

  /** Spans that say the same, the most likely first, and their probability together. */
  private static final class Said {
    private final List<Integer> spans = new ArrayList<>();
    private int best = -1;
    private double sum;

    double probability() {
      return Math.min(sum, 1);
    }
  }

  /** Only spans that are not hopeless are told apart: there are thousands, and texts cost time. */
  private static final double HOPELESS = Math.log(1e-4);

  private static Map<String, Said> byMeaning(Reading reading, float[] logProbabilities) {
    double most = Double.NEGATIVE_INFINITY;
    for (float p : logProbabilities) {
      most = Math.max(most, p);
    }
    Map<String, Said> said = new LinkedHashMap<>();
    for (int span = 0; span < logProbabilities.length; span++) {
      float log = logProbabilities[span];
      if (log < most && log < most + HOPELESS) {
        continue;
      }
      Said group = said.computeIfAbsent(meaning(reading, span), _ -> new Said());
      group.spans.add(span);
      group.sum += Math.exp(log);
      if (group.best < 0 || log > logProbabilities[group.best]) {
        group.best = span;
      }
    }
    said.values()
        .forEach(
            group ->
                group.spans.sort(
                    Comparator.comparingDouble((Integer i) -> -logProbabilities[i])
                        .thenComparing(i -> i)));
    return said;
  }

  private static String meaning(Reading reading, int span) {
    String text = text(reading, span);
    String normalised = Evaluation.normalise(text);
    return normalised.isEmpty() ? text : normalised;
  }

  private static String text(Reading reading, int span) {
    int sequence = reading.sequenceOf(span);
    return reading.original(span, sequence).of(reading.texts().get(sequence));
  }

  private List<Evidence> evidence(
      Session s, Reading reading, float[] logProbabilities, @Nullable Said chosen) {
    int read = reading.passages().length;
    float[] prior =
        s.logSoftmax(
                s.gather(reading.retrieved().relevance(), reading.answers().read()),
                new int[] {0, read})
            .toArray();
    List<Evidence> evidence = new ArrayList<>();
    int[] offsets = reading.answers().spans().offsets();
    for (int sequence = 0; sequence < read; sequence++) {
      if (offsets[sequence] == offsets[sequence + 1]) {
        continue; // a passage of which nothing could be read
      }
      int best = offsets[sequence];
      for (int span = best; span < offsets[sequence + 1]; span++) {
        best = logProbabilities[span] > logProbabilities[best] ? span : best;
      }
      Set<Span> says = new LinkedHashSet<>();
      for (int span : chosen == null ? List.<Integer>of() : chosen.spans) {
        if (reading.sequenceOf(span) == sequence) {
          says.add(reading.original(span, sequence));
        }
      }
      if (chosen != null) { // places that the reader thinks nothing of say it all the same
        says.addAll(
            said.spans(
                Question.of("?", text(reading, chosen.best)), reading.texts().get(sequence)));
      }
      evidence.add(
          new Evidence(
              store.passage(reading.passages()[sequence]),
              Math.exp(prior[sequence]),
              List.copyOf(says),
              reading.original(best, sequence),
              Math.exp(logProbabilities[best])));
    }
    return evidence;
  }
}
