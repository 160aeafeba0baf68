package org.realm4j.reference.mips;

/** One worker's way through the rows; what it finds goes to its {@link Best}. */
interface Scan {
  /** Rows that are scanned together; ranges begin at a multiple of it. */
  int BLOCK = 64;

  /** Looks at the rows from {@code from}, a multiple of {@value #BLOCK}, to below {@code to}. */
  void rows(int from, int to);
}
