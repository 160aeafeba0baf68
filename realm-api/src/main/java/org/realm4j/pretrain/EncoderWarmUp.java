package org.realm4j.pretrain;

import java.util.ArrayList;
import java.util.List;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.train.Optimizer;
import org.realm4j.train.OptimizerSettings;
import org.realm4j.train.RandomStream;
import org.realm4j.train.Schedule;

/**
 * Teaches an encoder that comes without an MLM head to predict masked spans and to read the passage
 * beside them. Only an encoder that reads gives the retriever a signal: without this, joint
 * training starts blind.
 *
 * <p>Each example is a masked query with a passage that holds the span (the best retrieved one,
 * else any), with a random passage, or with none.
 */
public final class EncoderWarmUp {
  /** Share of the examples with a passage that holds the span. */
  private static final float GOLD = 0.8f;

  /** Share with a random passage; the rest have none. */
  private static final float RANDOM = 0.1f;

  /** How deep the retrieved passages are searched for one that holds the span. */
  private static final int DEPTH = 50;

  /** Keeps the first updates of a fresh head from shaking the trunk. */
  private static final Schedule RAMP_UP = Schedule.rampUp(10);

  /** Queries of one measurement. */
  private static final int MEASURED = 96;

  /**
   * @param steps at most
   * @param batch queries a step
   * @param trunk learning rate of the encoder's BERT
   * @param head learning rate of the MLM head
   * @param measureEvery steps from one {@link Reading} to the next; 0 if nothing is measured
   * @param enough the utility, in nats, with which it ends before {@code steps}
   */
  public record Settings(
      int steps, int batch, float trunk, float head, int measureEvery, double enough, long seed) {
    public Settings {
      if (steps < 0 || batch < 1 || measureEvery < 0 || Double.isNaN(enough)) {
        throw new RealmException.BadInput(
            "encoder warm-up: expected steps >= 0, batch >= 1, steps between measurements >= 0,"
                + " found %d, %d, %d; enough: %s nats"
                    .formatted(steps, batch, measureEvery, enough));
      }
    }

    /** As tried for MiniLM; nothing is measured. */
    public static Settings of(int steps) {
      return new Settings(steps, 8, 3e-4f, 1e-3f, 0, Double.POSITIVE_INFINITY, 1);
    }

    public Settings seed(long value) {
      return new Settings(steps, batch, trunk, head, measureEvery, enough, value);
    }

    /** Measures every so many steps, and ends when the utility is at least {@code nats}. */
    public Settings until(double nats, int every) {
      return new Settings(steps, batch, trunk, head, every, nats, seed);
    }
  }

  /**
   * How well the encoder reads, in nats: the mean log-likelihood of a masked span beside a passage
   * that holds it, and without one. Measured on queries that are about to be trained on, which in
   * the first epoch are new to it.
   */
  public record Reading(double beside, double without) {
    /** What the passage is worth; where it is 3 or more, retrievers have been seen to learn. */
    public double utility() {
      return beside - without;
    }
  }

  private final RealmModel model;
  private final PassageStore store;
  private final QuerySource queries;
  private final SpanOccurrences occurrences;
  private final KnowledgeIndex index;
  private final KnowledgeAugmentedForward forward;

  public EncoderWarmUp(
      RealmModel model,
      PassageStore store,
      QuerySource queries,
      SpanOccurrences occurrences,
      KnowledgeIndex index) {
    this.model = model;
    this.store = store;
    this.queries = queries.heldElsewhere(occurrences); // others cannot teach it to read
    this.occurrences = occurrences;
    this.index = index;
    this.forward = new KnowledgeAugmentedForward(model, store);
  }

  /**
   * The MLM head's start: the transform is the identity, the output bias the log of the wordpieces'
   * frequencies in the corpus.
   */
  public static void initialiseHead(RealmModel model, PassageStore store) {
    for (Parameter p : model.encoder().head().parameters()) {
      if (p.name().endsWith("transform.dense.weight")) {
        float[] identity = new float[p.size()];
        for (int i = 0; i < p.rows(); i++) {
          identity[i * p.cols() + i] = 1f;
        }
        p.set(identity);
      }
    }
    Parameter bias = model.encoder().head().bias();
    long[] counts = new long[bias.size()];
    long all = 0;
    for (int passage = 0; passage < store.size(); passage++) {
      for (int id : store.textIds(passage)) {
        counts[id]++;
        all++;
      }
    }
    float[] logs = new float[counts.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = (float) StrictMath.log((counts[i] + 0.1) / (all + 0.1 * logs.length));
    }
    bias.set(logs);
  }

  /** Told the mean log-likelihood of the span at each step, from 0. */
  @FunctionalInterface
  public interface Listener {
    void step(int step, double logLikelihood);

    /**
     * @param steps that were done before
     */
    default void measured(int steps, Reading reading) {}
  }

  /**
   * @return the steps that were done
   */
  public int run(Settings settings, Session session, Listener listener) {
    Optimizer optimizer =
        new Optimizer(
            OptimizerSettings.adamW(),
            List.of(
                new Optimizer.Group(model.encoder().bert().parameters(), settings.trunk()),
                new Optimizer.Group(model.encoder().head().parameters(), settings.head())));
    for (int step = 0; step < settings.steps(); step++) {
      if (settings.measureEvery() > 0 && step % settings.measureEvery() == 0) {
        Reading reading = measure(session, settings, step);
        listener.measured(step, reading);
        if (reading.utility() >= settings.enough()) {
          return step;
        }
      }
      List<MaskedQuery> batch = batch(settings, step);
      int[][] passages = choose(session, batch, settings, step);
      double sum;
      try (Tape tape = session.record()) {
        KnowledgeAugmentedForward.Joint joint = forward.joint(batch, passages);
        Tensor tokens =
            model
                .encoder()
                .logLikelihood(session, joint.batch(), joint.rows(), joint.targets(), null);
        float[] weights = new float[tokens.rows()];
        java.util.Arrays.fill(weights, -1f / batch.size());
        Tensor loss = session.weightedSum(tokens, weights);
        sum = -loss.scalar();
        session.backward(loss);
      }
      optimizer.step(session, RAMP_UP.at(step));
      listener.step(step, sum);
    }
    if (settings.measureEvery() > 0) {
      listener.measured(settings.steps(), measure(session, settings, settings.steps()));
    }
    return settings.steps();
  }

  private List<MaskedQuery> batch(Settings settings, int step) {
    List<MaskedQuery> batch = new ArrayList<>();
    for (int b = 0; b < settings.batch(); b++) {
      batch.add(queries.draw(settings.seed(), (long) step * settings.batch() + b));
    }
    return batch;
  }

  private Reading measure(Session session, Settings settings, int step) {
    double beside = 0;
    double without = 0;
    int measured = 0;
    for (int ahead = 0; measured < MEASURED; ahead++) {
      List<MaskedQuery> batch = batch(settings, step + ahead);
      MipsIndex.Hits[] hits = retrieve(session, batch);
      int key = RandomStream.WARM_UP.key(settings.seed(), step + ahead);
      int[][] passages = new int[batch.size()][];
      for (int b = 0; b < batch.size(); b++) {
        passages[b] =
            new int[] {
              holder(batch.get(b), hits[b], key, b), KnowledgeAugmentedForward.NULL_DOCUMENT
            };
      }
      float[] tokens = logLikelihoods(session, batch, passages);
      int at = 0;
      for (MaskedQuery query : batch) {
        int masked = query.masked().length;
        beside += sum(tokens, at, masked);
        without += sum(tokens, at + masked, masked);
        at += 2 * masked;
      }
      measured += batch.size();
    }
    return new Reading(beside / measured, without / measured);
  }

  private float[] logLikelihoods(Session session, List<MaskedQuery> batch, int[][] passages) {
    try (Tape tape = session.infer()) {
      KnowledgeAugmentedForward.Joint joint = forward.joint(batch, passages);
      return model
          .encoder()
          .logLikelihood(session, joint.batch(), joint.rows(), joint.targets(), null)
          .toArray();
    }
  }

  private static double sum(float[] x, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += x[i];
    }
    return sum;
  }

  private int[][] choose(Session session, List<MaskedQuery> batch, Settings settings, int step) {
    MipsIndex.Hits[] hits = retrieve(session, batch);
    int key = RandomStream.WARM_UP.key(settings.seed(), step);
    int[][] chosen = new int[batch.size()][1];
    for (int b = 0; b < batch.size(); b++) {
      float u = CounterRandom.uniform(key, b);
      if (u < GOLD) {
        chosen[b][0] = holder(batch.get(b), hits[b], key, b);
      } else if (u < GOLD + RANDOM) {
        chosen[b][0] = CounterRandom.below(store.size(), key, b);
      } else {
        chosen[b][0] = KnowledgeAugmentedForward.NULL_DOCUMENT;
      }
    }
    return chosen;
  }

  private MipsIndex.Hits[] retrieve(Session session, List<MaskedQuery> batch) {
    float[] vectors;
    try (Tape tape = session.infer()) {
      List<InputSequence> inputs = batch.stream().map(q -> model.query(q.ids())).toList();
      vectors = model.queries().embed(session, TokenBatch.of(inputs), null).toArray();
    }
    return index.search(vectors, batch.stream().mapToInt(MaskedQuery::passage).toArray(), DEPTH);
  }

  /**
   * A passage that holds the span, the best retrieved one if there is one; else the best at all,
   * none in a corpus of one.
   */
  private int holder(MaskedQuery query, MipsIndex.Hits hits, int key, int b) {
    for (int row : hits.rows()) {
      if (occurrences.contains(row, query.targets())) {
        return row;
      }
    }
    int[] holders = occurrences.passagesWith(query.targets(), query.passage());
    if (holders.length > 0) {
      return holders[CounterRandom.below(holders.length, key, 1000 + b)];
    }
    return hits.rows().length > 0 ? hits.rows()[0] : KnowledgeAugmentedForward.NULL_DOCUMENT;
  }
}
