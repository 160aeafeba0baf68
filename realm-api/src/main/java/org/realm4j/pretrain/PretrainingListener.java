package org.realm4j.pretrain;

/** Told what a run does, on the trainer's thread. */
public interface PretrainingListener {
  PretrainingListener NONE = report -> {};

  void step(StepReport report);

  /**
   * After each step while the next generation is being made.
   *
   * @param madeAtStep whose parameters make it
   * @param embedded how many passages are done, of all
   */
  default void refreshing(long step, long madeAtStep, int embedded, int passages) {}

  /** A new generation, made by the parameters of an earlier step, is searched from now on. */
  default void refreshed(long step, long madeAtStep) {}
}
