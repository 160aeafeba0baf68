package org.realm4j.io;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Names in error messages: which one may have been meant, and none that fills a screen. */
final class Names {
  private static final int SHOWN = 3;

  private Names() {}

  /** ", near names: a, b" or, when nothing is near, an empty text. */
  static String near(String wanted, Collection<String> present) {
    record Candidate(String name, int distance) {}
    List<Candidate> candidates = new ArrayList<>();
    for (String name : present) {
      boolean tail = name.endsWith("." + wanted) || wanted.endsWith("." + name);
      int distance = tail ? 0 : distance(shown(wanted), shown(name));
      if (distance <= Math.max(2, wanted.length() / 4)) {
        candidates.add(new Candidate(name, distance));
      }
    }
    if (candidates.isEmpty()) {
      return "";
    }
    candidates.sort(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::name));
    return "; near names: "
        + String.join(
            ", ", candidates.stream().limit(SHOWN).map(c -> shorten(c.name, 100)).toList());
  }

  /** A name from a file, as a message of one line may hold it. */
  static String shown(String name) {
    return shorten(name, 200);
  }

  /** The text, cut to the length, with control characters made visible. */
  static String shorten(String text, int length) {
    String cut = text.length() <= length ? text : text.substring(0, length) + "…";
    return cut.replaceAll("\\p{Cntrl}", "?");
  }

  /** Insertions, deletions and substitutions that lead from one to the other. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
