package org.realm4j.cli;

import org.realm4j.pretrain.StepOnPaper;

/**
 * A plan on some devices. All counts come from {@link StepOnPaper}; seconds divide them by the
 * device's rate.
 *
 * @param devices that train, each with all parameters and an equal part of every batch
 * @param refreshers that do nothing but embed passages; if 0, those that train do it between steps
 */
record Estimate(EstimatePlan plan, EstimateDevice device, int devices, int refreshers) {
  /** Of a device's memory, as the ND4J backend does: the rest is CUDA's, or the JVM's. */
  static final double USABLE = 0.9;

  /** Adam reads value, gradient and two moments, and writes all but the gradient. */
  static final int OPTIMISER_PASSES = 7;

  private static final long BYTES = 4;
  private static final double DAY = 86_400;

  /** What backward does about the layers of the networks. */
  enum Layers {
    KEPT,
    RECOMPUTED
  }

  /** Trained values. */
  long parameters() {
    return StepOnPaper.parameters(plan.model());
  }

  long parameterBytes() {
    return BYTES * parameters();
  }

  /** Of the two moments. */
  long optimiserBytes() {
    return 2 * parameterBytes();
  }

  /** Of parameters, gradients and optimiser, and of the index where it is there: always held. */
  long stateBytes() {
    return 2 * parameterBytes() + optimiserBytes() + (device.holdsIndex() ? indexPeakBytes() : 0);
  }

  /** Of one generation of vectors. */
  long indexBytes() {
    return BYTES * plan.passages() * plan.model().embedder().projection();
  }

  /** The same while a refresh makes a new generation beside the one that is searched. */
  long indexPeakBytes() {
    return refreshes() == 0 ? indexBytes() : 2 * indexBytes();
  }

  /** A step of one query: a batch is as many times that. */
  private StepOnPaper query() {
    return StepOnPaper.full(plan.model(), 1, plan.candidates(), plan.masked());
  }

  /** What one query adds to the memory of a device. */
  long activationBytes(Layers layers) {
    StepOnPaper q = query();
    boolean masks = device.storesMasks();
    long values =
        switch (layers) {
          case KEPT -> q.activations() + (masks ? q.masks() : 0);
          case RECOMPUTED -> masks ? q.recomputedActivationsAndMasks() : q.recomputedActivations();
        };
    return BYTES * (values + q.head());
  }

  /** Queries of a step that fall to the busiest device. */
  int queriesPerDevice() {
    return Math.ceilDiv(plan.batch(), devices);
  }

  /** The most queries that fit at once, of those that fall to a device; 0 if not even one does. */
  int microBatch(Layers layers) {
    double room = USABLE * device.memory() - stateBytes();
    return Math.clamp((long) Math.floor(room / activationBytes(layers)), 0, queriesPerDevice());
  }

  /** Operations of a whole step, on all devices together. */
  double stepOperations(Layers layers) {
    StepOnPaper q = query();
    return plan.batch()
        * switch (layers) {
          case KEPT -> q.operations();
          case RECOMPUTED -> q.recomputedOperations();
        };
  }

  double networkSeconds(Layers layers) {
    return stepOperations(layers) / plan.batch() * queriesPerDevice() / device.rate();
  }

  double optimiserSeconds() {
    return OPTIMISER_PASSES * parameterBytes() / device.bandwidth();
  }

  /** That each device sends, around a ring. */
  double allReduceBytes() {
    return 2.0 * (devices - 1) / devices * parameterBytes();
  }

  double allReduceSeconds() {
    return allReduceBytes() / device.link();
  }

  /** NaN if not even one query fits. */
  double stepSeconds(Layers layers) {
    return microBatch(layers) == 0
        ? Double.NaN
        : networkSeconds(layers) + optimiserSeconds() + allReduceSeconds();
  }

  double stepDays(Layers layers) {
    return plan.steps() * stepSeconds(layers) / DAY;
  }

  int refreshes() {
    return plan.refreshEvery() == 0 ? 0 : plan.steps() / plan.refreshEvery();
  }

  /** Operations to embed all passages. */
  double refreshOperations() {
    return plan.passages() * StepOnPaper.embeddingOperations(plan.model());
  }

  double refreshSeconds() {
    return refreshOperations() / (refreshers == 0 ? devices : refreshers) / device.rate();
  }

  /**
   * With the refreshes: between steps, or beside them if there are devices for that, where training
   * waits for a refresh that takes longer than the steps between two.
   */
  double days(Layers layers) {
    double refresh = refreshSeconds();
    double waiting =
        refreshers == 0
            ? refresh
            : Math.max(0, refresh - plan.refreshEvery() * stepSeconds(layers));
    return stepDays(layers) + refreshes() * waiting / DAY;
  }

  /** Operations of the exact search of a step, which the host does. */
  double searchOperations() {
    return 2.0 * plan.batch() * plan.passages() * plan.model().embedder().projection();
  }
}
