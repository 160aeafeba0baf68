package org.realm4j.pretrain;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.realm4j.io.RealmException;
import org.realm4j.retrieval.IndexRefresher;
import org.realm4j.train.OptimizerSettings;

/**
 * The settings of a pre-training run. Immutable: every method with an argument gives a changed
 * copy. Two are equal if all settings are.
 */
public final class Pretraining {
  private static final String EXACT = "exact";

  // Written to before anybody else sees the object: see with.
  private long steps;
  private int batch = 4;
  private int accumulate = 1;
  private boolean recompute;
  private int candidates = 8;
  private String index = EXACT;
  private int overRetrieve;
  private Marginal marginal = Marginal.PER_SEQUENCE;
  private Masking masking = Masking.SALIENT_SPAN;
  private boolean frozenRetriever;

  private int refreshEvery = 500;
  private int refreshDelay = 500;
  private boolean freeRunning;
  private IndexRefresher.Mode refreshMode =
      Runtime.getRuntime().availableProcessors() <= 4
          ? IndexRefresher.Mode.BETWEEN_STEPS
          : IndexRefresher.Mode.BACKGROUND;

  private IndexRefresher.Load refreshLoad = IndexRefresher.Load.ONE_THREAD;

  private Rates rates = Rates.paper();
  private boolean linearDecay = true;
  private OptimizerSettings optimizer = OptimizerSettings.bert();
  private float dropout = 0.1f;
  private long seed = 1;

  /**
   * Learning rates.
   *
   * @param encoder of the knowledge-augmented encoder
   * @param retriever of the retriever's BERT
   * @param projection of what comes after the retriever's BERT
   */
  public record Rates(float encoder, float retriever, float projection) {
    /** The paper's: 3e-5 for everything. */
    public static Rates paper() {
      return new Rates(3e-5f, 3e-5f, 3e-5f);
    }

    /** For some hundred steps from a sentence encoder. */
    public static Rates shortRun() {
      return new Rates(1e-4f, 5e-5f, 5e-4f);
    }
  }

  private Pretraining() {}

  private Pretraining(Pretraining from) {
    steps = from.steps;
    batch = from.batch;
    accumulate = from.accumulate;
    recompute = from.recompute;
    candidates = from.candidates;
    index = from.index;
    overRetrieve = from.overRetrieve;
    marginal = from.marginal;
    masking = from.masking;
    frozenRetriever = from.frozenRetriever;
    refreshEvery = from.refreshEvery;
    refreshDelay = from.refreshDelay;
    freeRunning = from.freeRunning;
    refreshMode = from.refreshMode;
    refreshLoad = from.refreshLoad;
    rates = from.rates;
    linearDecay = from.linearDecay;
    optimizer = from.optimizer;
    dropout = from.dropout;
    seed = from.seed;
  }

  private Pretraining with(Consumer<Pretraining> change) {
    Pretraining changed = new Pretraining(this);
    change.accept(changed);
    changed.check();
    return changed;
  }

  private void check() {
    if (steps < 0 || batch < 1 || accumulate < 1 || accumulate > batch) {
      throw new RealmException.BadInput(
          "pre-training: expected steps >= 0 and batch >= accumulate >= 1, found "
              + steps
              + ", "
              + batch
              + ", "
              + accumulate);
    }
    if (candidates < 1) {
      throw new RealmException.BadInput(
          "pre-training: expected at least 1 candidate, the null document, found " + candidates);
    }
    if (overRetrieve < 0) {
      throw new RealmException.BadInput(
          "pre-training: expected to over-retrieve at least 0 passages, found " + overRetrieve);
    }
    if (refreshEvery < 0 || refreshDelay < 0 || refreshDelay > refreshEvery) {
      throw new RealmException.BadInput(
          "pre-training: expected 0 <= refresh delay <= refresh interval, found "
              + refreshDelay
              + " and "
              + refreshEvery);
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw new RealmException.BadInput(
          "pre-training: expected dropout in [0, 1), found " + dropout);
    }
  }

  /**
   * The paper's settings at the batch size of one machine: K = 8, refresh every 500 steps, salient
   * spans, the marginal per sequence, BERT's optimiser, dropout 0.1.
   */
  public static Pretraining steps(long steps) {
    return new Pretraining().with(s -> s.steps = steps);
  }

  /** Updates in all. */
  public long steps() {
    return steps;
  }

  /** Queries a step. */
  public int batch() {
    return batch;
  }

  public Pretraining batch(int queries) {
    return with(s -> s.batch = queries);
  }

  /** Parts that a batch is computed in, one after another, to save memory. */
  public int accumulate() {
    return accumulate;
  }

  public Pretraining accumulate(int parts) {
    return with(s -> s.accumulate = parts);
  }

  /**
   * Whether layers are computed once more in backward, to save memory; the same bits. Of six layers
   * of 384 and 5,000 tokens a step, the reference backend then held 490 MiB instead of 1,260 (173
   * of them gradients of parameters), and a step took about a third longer.
   */
  public boolean recompute() {
    return recompute;
  }

  public Pretraining recompute(boolean layersAgain) {
    return with(s -> s.recompute = layersAgain);
  }

  /** K, the null document included. */
  public int candidates() {
    return candidates;
  }

  public Pretraining candidates(int withNullDocument) {
    return with(s -> s.candidates = withNullDocument);
  }

  /** The kind of index that is searched. */
  public String index() {
    return index;
  }

  /**
   * Searches with another kind of index.
   *
   * @param kind the name of a {@link org.realm4j.retrieval.MipsIndexProvider}: {@code exact};
   *     {@code int8}, the same passages from a quarter of the memory's traffic; {@code ivf}, nearly
   *     the same, for corpora where even that is much beside a training step
   */
  public Pretraining index(String kind) {
    return with(s -> s.index = kind);
  }

  /** How many passages the index gives, before the best of them are taken; 0 if no more. */
  public int overRetrieve() {
    return overRetrieve;
  }

  /**
   * Takes so many passages by the vectors of the index, embeds them with the parameters of now, and
   * makes the best of them the candidates: an index may then be stale for longer (Atlas, section
   * 2.4, re-ranks 64 or more). Costs an embedding of each of them in every step.
   */
  public Pretraining overRetrieve(int passages) {
    return with(s -> s.overRetrieve = passages);
  }

  /** Where the sum over passages stands. */
  public Marginal marginal() {
    return marginal;
  }

  public Pretraining marginal(Marginal kind) {
    return with(s -> s.marginal = kind);
  }

  /** What is masked. */
  public Masking masking() {
    return masking;
  }

  public Pretraining masking(Masking kind) {
    return with(s -> s.masking = kind);
  }

  /** Whether the encoder is trained alone: the control of every comparison. */
  public boolean frozenRetriever() {
    return frozenRetriever;
  }

  public Pretraining frozenRetriever(boolean frozen) {
    return with(s -> s.frozenRetriever = frozen);
  }

  /** Steps between two snapshots; 0 never refreshes. */
  public int refreshEvery() {
    return refreshEvery;
  }

  /** L: a snapshot of step s is searched from step s + L on. */
  public int refreshDelay() {
    return refreshDelay;
  }

  /** A snapshot every so many steps, searched from the next one on. */
  public Pretraining refreshEvery(int every) {
    return refreshEvery(every, every);
  }

  public Pretraining refreshEvery(int every, int delay) {
    return with(
        s -> {
          s.refreshEvery = every;
          s.refreshDelay = delay;
        });
  }

  /** Whether a new generation is searched as soon as it is ready: not reproducible. */
  public boolean freeRunning() {
    return freeRunning;
  }

  public Pretraining freeRunning(boolean whenReady) {
    return with(s -> s.freeRunning = whenReady);
  }

  /** Where passages are re-embedded; the results are the same. */
  public IndexRefresher.Mode refreshMode() {
    return refreshMode;
  }

  public Pretraining refreshMode(IndexRefresher.Mode mode) {
    return with(s -> s.refreshMode = mode);
  }

  /** How much of the machine a refresh in the background may have; it changes no result. */
  public IndexRefresher.Load refreshLoad() {
    return refreshLoad;
  }

  public Pretraining refreshLoad(IndexRefresher.Load load) {
    return with(s -> s.refreshLoad = load);
  }

  public Rates rates() {
    return rates;
  }

  public Pretraining rates(Rates learningRates) {
    return with(s -> s.rates = learningRates);
  }

  /** Whether rates follow BERT's warm-up and decay, or stay after a short rise. */
  public boolean linearDecay() {
    return linearDecay;
  }

  public Pretraining linearDecay(boolean decay) {
    return with(s -> s.linearDecay = decay);
  }

  /** What happens to gradients. */
  public OptimizerSettings optimizer() {
    return optimizer;
  }

  public Pretraining optimizer(OptimizerSettings settings) {
    return with(s -> s.optimizer = settings);
  }

  /** Of hidden states and attention weights, in [0, 1). */
  public float dropout() {
    return dropout;
  }

  public Pretraining dropout(float rate) {
    return with(s -> s.dropout = rate);
  }

  /** Of every random draw. */
  public long seed() {
    return seed;
  }

  public Pretraining seed(long newSeed) {
    return with(s -> s.seed = newSeed);
  }

  /** All settings by name, as they stand in a checkpoint. */
  public Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("steps", steps);
    json.put("batch", batch);
    json.put("accumulate", accumulate);
    json.put("recompute", recompute);
    json.put("candidates", candidates);
    if (!index.equals(EXACT)) {
      json.put("index", index);
    }
    if (overRetrieve > 0) {
      json.put("over_retrieve", overRetrieve);
    }
    json.put("marginal", marginal.name());
    json.put("masking", masking.name());
    json.put("frozen_retriever", frozenRetriever);
    json.put("refresh_every", refreshEvery);
    json.put("refresh_delay", refreshDelay);
    json.put("free_running", freeRunning);
    json.put("refresh_mode", refreshMode.name());
    json.put("refresh_threads", refreshLoad.threads());
    json.put("refresh_share", refreshLoad.share());
    json.put("encoder_rate", rates.encoder());
    json.put("retriever_rate", rates.retriever());
    json.put("projection_rate", rates.projection());
    json.put("linear_decay", linearDecay);
    json.putAll(optimizer.toJson());
    json.put("dropout", dropout);
    json.put("seed", seed);
    return json;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Pretraining p && toJson().equals(p.toJson());
  }

  @Override
  public int hashCode() {
    return toJson().hashCode();
  }

  @Override
  public String toString() {
    return "Pretraining" + toJson();
  }
}
