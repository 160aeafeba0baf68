package org.realm4j.pretrain;

import org.realm4j.io.RealmException;
import org.realm4j.retrieval.IndexRefresher;
import org.realm4j.train.OptimizerSettings;

/**
 * The settings of a pre-training run. Immutable; every method with an argument gives a changed
 * copy.
 *
 * @param steps updates in all
 * @param batch queries a step
 * @param accumulate parts that a batch is computed in, one after another, to save memory
 * @param candidates K, the null document included
 * @param refreshEvery steps between two snapshots; 0 never refreshes
 * @param refreshDelay L: a snapshot of step s is searched from step s + L on
 * @param freeRunning whether a new generation is searched as soon as it is ready: not reproducible
 * @param marginal where the sum over passages stands
 * @param masking what is masked
 * @param rates learning rates
 * @param optimizer what happens to gradients
 * @param linearDecay whether rates follow BERT's warm-up and decay, or stay
 * @param dropout of hidden states and attention weights, in [0, 1)
 * @param frozenRetriever trains the encoder alone: the control of every comparison
 * @param seed of every random draw
 * @param refreshMode where passages are re-embedded
 */
public record Pretraining(
    long steps,
    int batch,
    int accumulate,
    int candidates,
    int refreshEvery,
    int refreshDelay,
    boolean freeRunning,
    Marginal marginal,
    Masking masking,
    Rates rates,
    OptimizerSettings optimizer,
    boolean linearDecay,
    float dropout,
    boolean frozenRetriever,
    long seed,
    IndexRefresher.Mode refreshMode) {

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

  public Pretraining {
    if (steps < 0 || batch < 1 || accumulate < 1 || accumulate > batch) {
      throw new RealmException.BadInput(
          "pre-training: expected steps >= 0 and batch >= accumulate >= 1, found " + steps + ", "
              + batch + ", " + accumulate);
    }
    if (candidates < 1) {
      throw new RealmException.BadInput(
          "pre-training: expected at least 1 candidate, the null document, found " + candidates);
    }
    if (refreshEvery < 0 || refreshDelay < 0 || refreshDelay > refreshEvery) {
      throw new RealmException.BadInput(
          "pre-training: expected 0 <= refresh delay <= refresh interval, found " + refreshDelay
              + " and " + refreshEvery);
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
    return new Pretraining(
        steps, 4, 1, 8, 500, 500, false, Marginal.PER_SEQUENCE, Masking.SALIENT_SPAN,
        Rates.paper(), OptimizerSettings.bert(), true, 0.1f, false, 1,
        Runtime.getRuntime().availableProcessors() <= 4
            ? IndexRefresher.Mode.BETWEEN_STEPS
            : IndexRefresher.Mode.BACKGROUND);
  }

  public Pretraining batch(int queries) {
    return new Pretraining(
        steps, queries, accumulate, candidates, refreshEvery, refreshDelay, freeRunning, marginal,
        masking, rates, optimizer, linearDecay, dropout, frozenRetriever, seed, refreshMode);
  }

  public Pretraining accumulate(int parts) {
    return new Pretraining(
        steps, batch, parts, candidates, refreshEvery, refreshDelay, freeRunning, marginal,
        masking, rates, optimizer, linearDecay, dropout, frozenRetriever, seed, refreshMode);
  }

  public Pretraining candidates(int withNullDocument) {
    return new Pretraining(
        steps, batch, accumulate, withNullDocument, refreshEvery, refreshDelay, freeRunning,
        marginal, masking, rates, optimizer, linearDecay, dropout, frozenRetriever, seed,
        refreshMode);
  }

  /** A snapshot every so many steps, searched from the next one on. */
  public Pretraining refreshEvery(int every) {
    return refreshEvery(every, every);
  }

  public Pretraining refreshEvery(int every, int delay) {
    return new Pretraining(
        steps, batch, accumulate, candidates, every, delay, freeRunning, marginal, masking, rates,
        optimizer, linearDecay, dropout, frozenRetriever, seed, refreshMode);
  }

  public Pretraining freeRunning(boolean whenReady) {
    return new Pretraining(
        steps, batch, accumulate, candidates, refreshEvery, refreshDelay, whenReady, marginal,
        masking, rates, optimizer, linearDecay, dropout, frozenRetriever, seed, refreshMode);
  }

  public Pretraining marginal(Marginal kind) {
    return new Pretraining(
        steps, batch, accumulate, candidates, refreshEvery, refreshDelay, freeRunning, kind,
        masking, rates, optimizer, linearDecay, dropout, frozenRetriever, seed, refreshMode);
  }

  public Pretraining masking(Masking kind) {
    return new Pretraining(
        steps, batch, accumulate, candidates, refreshEvery, refreshDelay, freeRunning, marginal,
        kind, rates, optimizer, linearDecay, dropout, frozenRetriever, seed, refreshMode);
  }

  public Pretraining rates(Rates newRates) {
    return new Pretraining(
        steps, batch, accumulate, candidates, refreshEvery, refreshDelay, freeRunning, marginal,
        masking, newRates, optimizer, linearDecay, dropout, frozenRetriever, seed, refreshMode);
  }

  public Pretraining optimizer(OptimizerSettings settings) {
    return new Pretraining(
        steps, batch, accumulate, candidates, refreshEvery, refreshDelay, freeRunning, marginal,
        masking, rates, settings, linearDecay, dropout, frozenRetriever, seed, refreshMode);
  }

  public Pretraining linearDecay(boolean decay) {
    return new Pretraining(
        steps, batch, accumulate, candidates, refreshEvery, refreshDelay, freeRunning, marginal,
        masking, rates, optimizer, decay, dropout, frozenRetriever, seed, refreshMode);
  }

  public Pretraining dropout(float rate) {
    return new Pretraining(
        steps, batch, accumulate, candidates, refreshEvery, refreshDelay, freeRunning, marginal,
        masking, rates, optimizer, linearDecay, rate, frozenRetriever, seed, refreshMode);
  }

  public Pretraining frozenRetriever(boolean frozen) {
    return new Pretraining(
        steps, batch, accumulate, candidates, refreshEvery, refreshDelay, freeRunning, marginal,
        masking, rates, optimizer, linearDecay, dropout, frozen, seed, refreshMode);
  }

  public Pretraining seed(long newSeed) {
    return new Pretraining(
        steps, batch, accumulate, candidates, refreshEvery, refreshDelay, freeRunning, marginal,
        masking, rates, optimizer, linearDecay, dropout, frozenRetriever, newSeed, refreshMode);
  }

  public Pretraining refreshMode(IndexRefresher.Mode mode) {
    return new Pretraining(
        steps, batch, accumulate, candidates, refreshEvery, refreshDelay, freeRunning, marginal,
        masking, rates, optimizer, linearDecay, dropout, frozenRetriever, seed, mode);
  }
}
