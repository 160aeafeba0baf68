package org.realm4j.pretrain;

import java.util.ArrayList;
import java.util.List;
import org.realm4j.corpus.PassageStore;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;

/**
 * Measures a model on held-out masked spans: how likely the span is with retrieval and with the
 * null document alone, how often it is predicted right, and how often a retrieved passage holds it.
 */
public final class SpanEvaluation {
  /** Queries that go through the networks together. */
  private static final int BATCH = 4;

  private static final int DEPTH = 20;

  private final RealmModel model;
  private final PassageStore store;
  private final SpanOccurrences occurrences;
  private final int candidates;
  private final KnowledgeAugmentedForward forward;

  /**
   * @param candidates K, the null document included
   */
  public SpanEvaluation(
      RealmModel model, PassageStore store, SpanOccurrences occurrences, int candidates) {
    this.model = model;
    this.store = store;
    this.occurrences = occurrences;
    this.candidates = candidates;
    this.forward = new KnowledgeAugmentedForward(model, store);
  }

  /**
   * What came out for one query.
   *
   * @param logLikelihood log p(y | x), in nats
   * @param nullLogLikelihood log p(y | null document, x)
   * @param rankOfSpan rank from 1 of the first retrieved passage that holds the span, 0 if none of
   *     the first 20 does
   * @param candidates passages, the null document (-1) first
   * @param prior p(z | x) of each candidate
   * @param given log p(y | z, x) of each candidate
   * @param predicted the most likely token at each mask by the mixture
   */
  public record Outcome(
      MaskedQuery query,
      double logLikelihood,
      double nullLogLikelihood,
      int rankOfSpan,
      int[] candidates,
      double[] prior,
      double[] given,
      int[] predicted) {
    /** Whether every masked token was predicted right. */
    public boolean correct() {
      return java.util.Arrays.equals(predicted, query.targets());
    }
  }

  /** Means over all queries. */
  public record Summary(
      int spans,
      double spanLogLikelihood,
      double spanLogLikelihoodNull,
      double nullProbability,
      double spanAccuracy,
      double recall1,
      double recall5,
      double recall20) {
    public double retrievalUtility() {
      return spanLogLikelihood - spanLogLikelihoodNull;
    }
  }

  public static Summary summary(List<Outcome> outcomes) {
    return new Summary(
        outcomes.size(),
        mean(outcomes, Outcome::logLikelihood),
        mean(outcomes, Outcome::nullLogLikelihood),
        mean(outcomes, o -> o.prior()[0]),
        mean(outcomes, o -> o.correct() ? 1 : 0),
        mean(outcomes, o -> found(o, 1)),
        mean(outcomes, o -> found(o, 5)),
        mean(outcomes, o -> found(o, 20)));
  }

  private static int found(Outcome o, int within) {
    return o.rankOfSpan() > 0 && o.rankOfSpan() <= within ? 1 : 0;
  }

  private static double mean(
      List<Outcome> outcomes, java.util.function.ToDoubleFunction<Outcome> figure) {
    return outcomes.stream().mapToDouble(figure).average().orElse(Double.NaN);
  }

  /** Told how many queries are done. */
  @FunctionalInterface
  public interface Progress {
    void at(int done, int all);
  }

  public List<Outcome> run(
      List<MaskedQuery> queries, KnowledgeIndex index, Session session, Progress progress) {
    List<Outcome> outcomes = new ArrayList<>();
    for (int from = 0; from < queries.size(); from += BATCH) {
      List<MaskedQuery> batch = queries.subList(from, Math.min(queries.size(), from + BATCH));
      outcomes.addAll(evaluate(batch, index, session));
      progress.at(outcomes.size(), queries.size());
    }
    return outcomes;
  }

  private List<Outcome> evaluate(List<MaskedQuery> batch, KnowledgeIndex index, Session session) {
    int[] ranks = ranks(batch, index, session);
    List<Outcome> outcomes = new ArrayList<>();
    try (Tape tape = session.infer()) {
      KnowledgeAugmentedForward.Result result =
          forward.run(
              session,
              batch,
              index,
              new KnowledgeAugmentedForward.Settings(
                  candidates, 0, Marginal.PER_SEQUENCE, true, 0f, 0, 0, 0));
      float[] prior = result.likelihood().logPrior().toArray();
      float[] given = result.likelihood().logLikelihood().toArray();
      float[] marginal = result.likelihood().marginal().toArray();
      float[] logits = model.encoder().head().logits(session, result.states()).toArray();
      int row = 0;
      for (int b = 0; b < batch.size(); b++) {
        MaskedQuery q = batch.get(b);
        double[] p = new double[candidates];
        double[] g = new double[candidates];
        for (int k = 0; k < candidates; k++) {
          p[k] = Math.exp(prior[b * candidates + k]);
          g[k] = given[b * candidates + k];
        }
        int[] predicted = predict(logits, row, p, q.masked().length);
        row += candidates * q.masked().length;
        outcomes.add(
            new Outcome(q, marginal[b], g[0], ranks[b], result.candidates()[b], p, g, predicted));
      }
    }
    return outcomes;
  }

  private int[] ranks(List<MaskedQuery> batch, KnowledgeIndex index, Session session) {
    float[] vectors;
    try (Tape tape = session.infer()) {
      List<InputSequence> inputs = batch.stream().map(q -> model.query(q.ids())).toList();
      vectors = model.queries().embed(session, TokenBatch.of(inputs), null).toArray();
    }
    int[] own = batch.stream().mapToInt(MaskedQuery::passage).toArray();
    MipsIndex.Hits[] hits = index.search(vectors, own, Math.min(DEPTH, store.size() - 1));
    int[] ranks = new int[batch.size()];
    for (int b = 0; b < ranks.length; b++) {
      int[] rows = hits[b].rows();
      for (int i = rows.length - 1; i >= 0; i--) {
        if (occurrences.contains(rows[i], batch.get(b).targets())) {
          ranks[b] = i + 1;
        }
      }
    }
    return ranks;
  }

  /** argmax over v of sum over z of p(z | x) p(v | z, x), at each masked token. */
  private int[] predict(float[] logits, int firstRow, double[] prior, int masks) {
    int vocabulary = model.vocabulary().size();
    int[] predicted = new int[masks];
    double[] mixture = new double[vocabulary];
    for (int j = 0; j < masks; j++) {
      java.util.Arrays.fill(mixture, 0);
      for (int k = 0; k < prior.length; k++) {
        addSoftmax(logits, (firstRow + k * masks + j) * vocabulary, prior[k], mixture);
      }
      for (int v = 1; v < vocabulary; v++) {
        if (mixture[v] > mixture[predicted[j]]) {
          predicted[j] = v;
        }
      }
    }
    return predicted;
  }

  private static void addSoftmax(float[] logits, int from, double weight, double[] mixture) {
    float max = Float.NEGATIVE_INFINITY;
    for (int v = 0; v < mixture.length; v++) {
      max = Math.max(max, logits[from + v]);
    }
    double sum = 0;
    for (int v = 0; v < mixture.length; v++) {
      sum += Math.exp(logits[from + v] - max);
    }
    for (int v = 0; v < mixture.length; v++) {
      mixture[v] += weight * Math.exp(logits[from + v] - max) / sum;
    }
  }
}
