package org.realm4j.pretrain;

/** Told what a run does, on the trainer's thread. */
public interface PretrainingListener {
  PretrainingListener NONE = report -> {};

  void step(StepReport report);

  /** A new generation, made by the parameters of an earlier step, is searched from now on. */
  default void refreshed(long step, long madeAtStep) {}
}
