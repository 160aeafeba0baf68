package org.realm4j.testkit.arbitrary;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import org.realm4j.testkit.contract.Matrix;

/** What the library takes as input, for jqwik properties. */
public final class RealmArbitraries {
  private RealmArbitraries() {}

  /** Offsets of 1 to {@code sequences} sequences, none of them empty. */
  public static Arbitrary<int[]> packings(int sequences, int longest) {
    return lengths(1, sequences, longest);
  }

  /** Offsets of 1 to {@code groups} groups, some of which may be empty. */
  public static Arbitrary<int[]> groups(int groups, int largest) {
    return lengths(0, groups, largest);
  }

  private static Arbitrary<int[]> lengths(int shortest, int count, int longest) {
    return Arbitraries.integers()
        .between(shortest, longest)
        .array(int[].class)
        .ofMinSize(1)
        .ofMaxSize(count)
        .map(
            lengths -> {
              int[] offsets = new int[lengths.length + 1];
              for (int i = 0; i < lengths.length; i++) {
                offsets[i + 1] = offsets[i] + lengths[i];
              }
              return offsets;
            });
  }

  /** Finite values of moderate size, zero and both signs among them. */
  public static Arbitrary<float[]> values(int n) {
    return Arbitraries.floats().between(-8, 8).array(float[].class).ofSize(n);
  }

  /** A matrix of that shape. */
  public static Arbitrary<Matrix> matrices(int rows, int cols) {
    return values(rows * cols).map(v -> new Matrix(rows, cols, v));
  }

  /** A matrix of any shape up to that. */
  public static Arbitrary<Matrix> matricesUpTo(int rows, int cols) {
    return Combinators.combine(
            Arbitraries.integers().between(1, rows), Arbitraries.integers().between(1, cols))
        .as((r, c) -> new int[] {r, c})
        .flatMap(shape -> matrices(shape[0], shape[1]));
  }

  /** Which members of n are marked. */
  public static Arbitrary<boolean[]> marks(int n) {
    return Arbitraries.of(true, false).array(boolean[].class).ofSize(n);
  }

  /** Indices of rows, repetitions among them. */
  public static Arbitrary<int[]> rows(int bound, int most) {
    return Arbitraries.integers()
        .between(0, bound - 1)
        .array(int[].class)
        .ofMinSize(1)
        .ofMaxSize(most);
  }

  /**
   * Text as it is found: words and punctuation, accents in one and in two characters, Chinese,
   * control characters, unusual spaces, and characters outside the basic plane.
   */
  public static Arbitrary<String> texts() {
    Arbitrary<String> piece =
        Arbitraries.oneOf(
            Arbitraries.strings().alpha().ofMinLength(1).ofMaxLength(12),
            Arbitraries.strings().numeric().ofMinLength(1).ofMaxLength(4),
            Arbitraries.of(
                List.of(
                    " ",
                    "  ",
                    "\t",
                    "\n",
                    "\u00a0",
                    "\u2003",
                    "\u200b",
                    "\u0000",
                    "\ufffd",
                    ".",
                    ",",
                    "-",
                    "'",
                    "\u2019",
                    "[MASK]",
                    "caf\u00e9",
                    "cafe\u0301",
                    "\u0130",
                    "\u00df",
                    "\u4e2d\u6587",
                    "\u3042",
                    "\ud83d\ude00",
                    "\ud840\udc00",
                    "$",
                    "_")),
            Arbitraries.strings().ofMaxLength(4));
    return piece.list().ofMaxSize(20).map(pieces -> String.join("", pieces));
  }

  /** Lower-case words and simple sentences, as in the passages of a corpus. */
  public static Arbitrary<String> passages() {
    return Arbitraries.strings()
        .withCharRange('a', 'z')
        .ofMinLength(1)
        .ofMaxLength(9)
        .list()
        .ofMinSize(1)
        .ofMaxSize(40)
        .map(words -> String.join(" ", words) + ".");
  }
}
