package org.realm4j.qa;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;

/**
 * Measures predicted answers as the evaluation released with ORQA and REALM does (section 4.3 of
 * the paper), with SQuAD's F1 beside it. Thread-safe.
 */
public final class Evaluation {
  private Evaluation() {}

  /**
   * A text as answers are compared: canonical decomposition (NFD), lower case, ASCII punctuation
   * deleted, the articles a, an and the replaced by a space, white space collapsed. Accents stay,
   * and "the" becomes empty.
   */
  public static String normalise(String text) {
    return NormalisedText.of(text).text();
  }

  /**
   * Whether the prediction equals a reference, both normalised; or, if the references are regular
   * expressions, whether it begins with a match of one, as it stands. A question without answers
   * wants a prediction that normalises to nothing, as in SQuAD 2.0.
   */
  public static boolean exactMatch(Question question, String prediction) {
    return verdict(question, prediction) == Outcome.Verdict.RIGHT;
  }

  private static Outcome.Verdict verdict(Question question, @Nullable String prediction) {
    if (prediction == null) {
      return Outcome.Verdict.MISSING;
    }
    if (question.regex()) {
      return patternVerdict(question.answers(), prediction);
    }
    String normalised = normalise(prediction);
    boolean right =
        question.answers().isEmpty()
            ? normalised.isEmpty()
            : question.answers().stream().anyMatch(a -> normalise(a).equals(normalised));
    return right ? Outcome.Verdict.RIGHT : Outcome.Verdict.WRONG;
  }

  private static Outcome.Verdict patternVerdict(List<String> patterns, String prediction) {
    Outcome.Verdict verdict = Outcome.Verdict.WRONG;
    for (String pattern : patterns) {
      try {
        switch (AnswerPattern.compile(pattern).lookingAt(prediction)) {
          case MATCH -> {
            return Outcome.Verdict.RIGHT;
          }
          case GAVE_UP -> verdict = Outcome.Verdict.GAVE_UP;
          case NO_MATCH -> {}
        }
      } catch (PatternSyntaxException e) {
        verdict = Outcome.Verdict.BAD_PATTERN;
      }
    }
    return verdict;
  }

  /**
   * SQuAD's F1: the harmonic mean of precision and recall of the normalised words, as multisets,
   * for the best reference. 1 if both sides have no words, 0 if one has none.
   */
  public static double f1(Question question, String prediction) {
    if (question.regex()) {
      return exactMatch(question, prediction) ? 1 : 0;
    }
    String[] predicted = words(prediction);
    List<String> references = question.answers().isEmpty() ? List.of("") : question.answers();
    double best = 0;
    for (String reference : references) {
      best = Math.max(best, f1(words(reference), predicted));
    }
    return best;
  }

  private static double f1(String[] reference, String[] predicted) {
    if (reference.length == 0 || predicted.length == 0) {
      return reference.length == predicted.length ? 1 : 0;
    }
    Map<String, Integer> left = new HashMap<>();
    for (String word : reference) {
      left.merge(word, 1, Integer::sum);
    }
    int common = 0;
    for (String word : predicted) {
      if (left.merge(word, -1, Integer::sum) >= 0) {
        common++;
      }
    }
    // 2pr / (p + r) with p = common / predicted and r = common / reference.
    return 2.0 * common / (reference.length + predicted.length);
  }

  private static String[] words(String text) {
    String normalised = normalise(text);
    return normalised.isEmpty() ? new String[0] : normalised.split(" ");
  }

  /**
   * Judges one prediction.
   *
   * @param prediction null if there is none: the question counts as wrong
   * @param probability in [0, 1], or NaN if unknown
   * @param ranking null if nothing was retrieved
   */
  public static Outcome judge(
      Question question,
      @Nullable String prediction,
      double probability,
      @Nullable Ranking ranking) {
    if (probability < 0 || probability > 1) {
      throw new RealmException.BadInput(
          "probability of a prediction: expected one in [0, 1], found " + probability);
    }
    double f1 = prediction == null ? 0 : f1(question, prediction);
    return new Outcome(
        question, prediction, probability, verdict(question, prediction), f1, ranking);
  }

  /**
   * Judges predictions from a file; what stands there for other questions is left alone.
   *
   * @throws RealmException.Incompatible if none of the predictions is for one of these questions
   */
  public static List<Outcome> judge(QuestionSet questions, Predictions predictions) {
    List<Outcome> outcomes = new ArrayList<>(questions.size());
    for (Question question : questions.questions()) {
      outcomes.add(judge(question, predictions.prediction(question), Double.NaN, null));
    }
    if (outcomes.stream().allMatch(o -> o.prediction() == null)) {
      throw new RealmException.Incompatible(
          "%s: expected predictions for its %,d questions, found %,d by %s for others"
              .formatted(
                  questions.description(),
                  questions.size(),
                  predictions.answers().size(),
                  predictions.key()));
    }
    return outcomes;
  }

  /**
   * How much better the second of two runs over the same questions is, in exact match.
   *
   * @param seed of the resamples for the interval
   * @throws RealmException.Incompatible if the questions are not the same, in the same order
   */
  public static Comparison compare(List<Outcome> first, List<Outcome> second, long seed) {
    if (first.size() != second.size()) {
      throw new RealmException.Incompatible(
          "compared runs: expected the same questions, found %,d and %,d of them"
              .formatted(first.size(), second.size()));
    }
    double[] gains = new double[first.size()];
    for (int i = 0; i < gains.length; i++) {
      String question = first.get(i).question().text();
      if (!question.equals(second.get(i).question().text())) {
        throw new RealmException.Incompatible(
            "compared runs: question %,d: expected '%s' in both, found '%s' in the second"
                .formatted(
                    i, Fields.shown(question), Fields.shown(second.get(i).question().text())));
      }
      gains[i] = (second.get(i).right() ? 1 : 0) - (first.get(i).right() ? 1 : 0);
    }
    return new Comparison(
        gains.length,
        (int) Arrays.stream(gains).filter(g -> g < 0).count(),
        (int) Arrays.stream(gains).filter(g -> g > 0).count(),
        Bootstrap.ofMeans(new double[][] {gains}, seed)[0]);
  }

  /**
   * Two runs over the same questions.
   *
   * @param onlyFirst how many questions only the first run answered right
   * @param onlySecond how many only the second
   * @param interval of the difference of the shares, second minus first, 95 %
   */
  public record Comparison(
      int questions, int onlyFirst, int onlySecond, Bootstrap.Interval interval) {
    /** The second run's share of right answers minus the first's, in [-1, 1]. */
    public double difference() {
      return (double) (onlySecond - onlyFirst) / questions;
    }
  }
}
