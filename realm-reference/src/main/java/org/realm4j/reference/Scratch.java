package org.realm4j.reference;

/** Arrays of one worker that live only during a task; each slot keeps its largest. */
final class Scratch {
  /** Slots: what a task uses at the same time must differ. */
  static final int BLOCK_A = 0;

  static final int TILE = 1;
  static final int PANELS_B = 2;
  static final int WEIGHTS = 3;
  static final int WEIGHTS_GRADIENT = 4;
  static final int QUERIES = 5;
  static final int RESULT = 6;
  static final int STATISTICS = 7;
  private static final int SLOTS = 8;

  private final float[][] arrays = new float[SLOTS][0];

  /** At least n elements with anything in them. */
  float[] array(int slot, int n) {
    if (arrays[slot].length < n) {
      arrays[slot] = new float[n + n / 4];
    }
    return arrays[slot];
  }
}
