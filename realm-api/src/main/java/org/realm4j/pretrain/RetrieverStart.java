package org.realm4j.pretrain;

import it.unimi.dsi.fastutil.ints.Int2IntOpenHashMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;

/**
 * Gives a retriever that starts from a sentence encoder the parts that it lacks, so that retrieval
 * works before the first step: a projection onto the principal directions of the corpus's own
 * vectors, and a layer-norm weight for which p(z | x) is neither flat nor a spike.
 */
public final class RetrieverStart {
  /** Passages that the principal directions are computed from, at most. */
  private static final int SAMPLE = 5_000;

  private static final int BATCH = 64;

  /**
   * What was chosen and measured.
   *
   * @param gain the layer norm's initial weight
   * @param entropy mean entropy of p(z | x) over the candidates of the sample, in nats
   * @param nullProbability mean p(null document | x)
   */
  public record Report(float gain, double entropy, double nullProbability) {}

  private RetrieverStart() {}

  /** How many passages of a store are looked at. */
  public static int sampled(PassageStore store) {
    return Math.min(SAMPLE, store.size());
  }

  /**
   * Sets projection (uncentred principal directions, bias 0) and layer norm of both towers, and the
   * null vector where it is free.
   *
   * @param sample queries that the gain is measured with
   * @param candidates K, the null document included, at least 2
   * @param entropy the mean entropy that is aimed at, in nats
   */
  public static Report initialise(
      RealmModel model,
      PassageStore store,
      List<MaskedQuery> sample,
      int candidates,
      double entropy,
      Session session,
      PassageEmbedder.Progress progress) {
    int n = sampled(store);
    int[] passages =
        Arrays.copyOf(CounterRandom.permutation(store.size(), CounterRandom.key(1)), n);
    float[] states = pooled(model, store, passages, session, progress); // [n, hidden]
    float[] directions =
        principalDirections(
            states, model.config().retriever().hidden(), model.config().embedder().projection());
    for (Embedder tower : List.of(model.documents(), model.queries())) {
      for (Parameter p : tower.headParameters()) {
        switch (p.name()) {
          case "cls.dense.weight" -> p.set(directions);
          case "cls.dense.bias", "cls.LayerNorm.bias" -> p.set(new float[p.size()]);
          case "cls.LayerNorm.weight" -> p.set(filled(p.size(), 1f));
          default -> {}
        }
      }
    }
    float[] vectors; // [n, projection]
    try (Tape tape = session.infer()) {
      vectors =
          model
              .documents()
              .project(session, session.constant(states, n, states.length / n))
              .toArray();
    }
    return chooseGain(model, vectors, passages, sample, candidates, entropy, session);
  }

  private static float[] filled(int size, float value) {
    float[] values = new float[size];
    Arrays.fill(values, value);
    return values;
  }

  /** States before the projection, {@code [passages, hidden]}. */
  private static float[] pooled(
      RealmModel model,
      PassageStore store,
      int[] passages,
      Session session,
      PassageEmbedder.Progress progress) {
    int hidden = model.config().retriever().hidden();
    float[] states = new float[passages.length * hidden];
    PassageEmbedder inputs = new PassageEmbedder(model, store);
    for (int from = 0; from < passages.length; from += BATCH) {
      int to = Math.min(passages.length, from + BATCH);
      List<InputSequence> batch = new ArrayList<>();
      for (int i = from; i < to; i++) {
        batch.add(inputs.input(passages[i]));
      }
      try (Tape tape = session.infer()) {
        float[] rows = model.documents().pooled(session, TokenBatch.of(batch), null).toArray();
        System.arraycopy(rows, 0, states, from * hidden, rows.length);
      }
      progress.at(to, passages.length);
    }
    return states;
  }

  /** The largest eigenvectors of the second moments, {@code [projection, hidden]}. */
  private static float[] principalDirections(float[] states, int hidden, int projection) {
    if (projection > hidden) {
      throw new RealmException.BadInput(
          "projection: expected at most the hidden size " + hidden + ", found " + projection);
    }
    DMatrixRMaj moments = new DMatrixRMaj(hidden, hidden);
    addOuterProducts(states, hidden, moments.getData());
    EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(hidden, true, true);
    if (!eigen.decompose(moments)) {
      throw new RealmException("principal directions of the corpus: no convergence");
    }
    return largest(eigen, hidden, projection);
  }

  private static void addOuterProducts(float[] rows, int hidden, double[] moments) {
    for (int r = 0; r < rows.length; r += hidden) {
      double norm = 0;
      for (int i = 0; i < hidden; i++) {
        norm += (double) rows[r + i] * rows[r + i];
      }
      for (int i = 0; i < hidden; i++) {
        double x = rows[r + i] / Math.max(norm, 1e-30);
        for (int j = 0; j < hidden; j++) {
          moments[i * hidden + j] += x * rows[r + j];
        }
      }
    }
  }

  private static float[] largest(
      EigenDecomposition_F64<DMatrixRMaj> eigen, int hidden, int projection) {
    Integer[] order = new Integer[hidden];
    Arrays.setAll(order, i -> i);
    Arrays.sort(
        order,
        (a, b) ->
            Double.compare(eigen.getEigenvalue(b).getReal(), eigen.getEigenvalue(a).getReal()));
    float[] directions = new float[projection * hidden];
    for (int p = 0; p < projection; p++) {
      DMatrixRMaj vector = eigen.getEigenVector(order[p]);
      for (int i = 0; i < hidden; i++) {
        directions[p * hidden + i] = (float) vector.get(i);
      }
    }
    return directions;
  }

  /** With layer norm, scores grow with the square of its weight: one search finds the gain. */
  private static Report chooseGain(
      RealmModel model,
      float[] vectors,
      int[] passages,
      List<MaskedQuery> sample,
      int candidates,
      double entropy,
      Session session) {
    int d = model.config().embedder().projection();
    float[] queries;
    try (Tape tape = session.infer()) {
      List<InputSequence> inputs = sample.stream().map(q -> model.query(q.ids())).toList();
      queries = model.queries().embed(session, TokenBatch.of(inputs), null).toArray();
    }
    Int2IntOpenHashMap rowOf = new Int2IntOpenHashMap();
    rowOf.defaultReturnValue(-1);
    for (int row = 0; row < passages.length; row++) {
      rowOf.put(passages[row], row);
    }
    int[] own = sample.stream().mapToInt(q -> rowOf.get(q.passage())).toArray();
    MipsIndex.Hits[] hits;
    try (KnowledgeIndex index =
        new KnowledgeIndex(MipsIndexProvider.named("exact"), vectors, d, 0, 1)) {
      hits = index.search(queries, own, candidates - 1);
    }
    float[] empty = nullVector(model, session, queries, own.length, hits);
    double[][] scores = new double[own.length][];
    for (int q = 0; q < own.length; q++) {
      scores[q] = new double[1 + hits[q].scores().length];
      for (int i = 0; i < d; i++) {
        scores[q][0] += (double) queries[q * d + i] * empty[i];
      }
      for (int k = 0; k < hits[q].scores().length; k++) {
        scores[q][1 + k] = hits[q].scores()[k];
      }
    }
    if (!model.config().embedder().layerNorm()) {
      return measure(scores, 1); // nothing that a gain could be given to
    }
    double low = 1e-3;
    double high = 10;
    for (int i = 0; i < 60; i++) {
      double middle = Math.sqrt(low * high);
      if (measure(scores, middle).entropy() > entropy) {
        low = middle;
      } else {
        high = middle;
      }
    }
    Report chosen = measure(scores, low);
    scale(model, chosen.gain());
    return chosen;
  }

  /** The null document's vector; a free one is set so that it scores as the others on average. */
  private static float[] nullVector(
      RealmModel model, Session session, float[] queries, int count, MipsIndex.Hits[] hits) {
    for (Parameter p : model.retrieverHead()) {
      if (p.name().equals("null_embedding")) {
        int d = p.cols();
        float[] mean = new float[d];
        for (int i = 0; i < queries.length; i++) {
          mean[i % d] += queries[i] / count;
        }
        double byMean = 0;
        double byHits = 0;
        for (int q = 0; q < count; q++) {
          for (int i = 0; i < d; i++) {
            byMean += (double) queries[q * d + i] * mean[i] / count;
          }
          for (float s : hits[q].scores()) {
            byHits += s / (double) hits[q].scores().length / count;
          }
        }
        for (int i = 0; i < d; i++) {
          mean[i] *= (float) (byHits / byMean);
        }
        p.set(mean);
        return mean;
      }
    }
    try (Tape tape = session.infer()) {
      return model.withNullDocument(session, List.of(), null).toArray();
    }
  }

  private static void scale(RealmModel model, float gain) {
    for (Parameter p : model.retrieverHead()) {
      if (p.name().equals("cls.LayerNorm.weight") || p.name().equals("null_embedding")) {
        float[] values = p.values().clone();
        for (int i = 0; i < values.length; i++) {
          values[i] *= gain;
        }
        p.set(values);
      }
    }
  }

  private static Report measure(double[][] scores, double gain) {
    double entropy = 0;
    double empty = 0;
    for (double[] s : scores) {
      double max = Double.NEGATIVE_INFINITY;
      for (double x : s) {
        max = Math.max(max, x * gain * gain);
      }
      double sum = 0;
      for (double x : s) {
        sum += Math.exp(x * gain * gain - max);
      }
      for (double x : s) {
        double logP = x * gain * gain - max - Math.log(sum);
        entropy -= Math.exp(logP) * logP;
      }
      empty += Math.exp(s[0] * gain * gain - max) / sum;
    }
    return new Report((float) gain, entropy / scores.length, empty / scores.length);
  }
}
