package org.realm4j.retrieval;

/** Takes vectors, some rows at a time. */
@FunctionalInterface
public interface VectorSink {
  /**
   * @param rows row-major; not kept
   * @param count how many rows
   */
  void put(float[] rows, int count);
}
