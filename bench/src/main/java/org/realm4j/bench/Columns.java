package org.realm4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A table of Markdown with columns of its own, the first one of names. */
record Columns(List<String> heads) {
  private static final int NAMES = 46;

  String head() {
    String[] rule = new String[heads.size()];
    Arrays.fill(rule, "---:");
    rule[0] = "---";
    return line(heads) + System.lineSeparator() + line(List.of(rule));
  }

  String line(List<String> cells) {
    List<String> padded = new ArrayList<>();
    for (int i = 0; i < heads.size(); i++) {
      int width = i == 0 ? NAMES : Math.max(heads.get(i).length(), 9);
      padded.add(("%" + (i == 0 ? "-" : "") + width + "s").formatted(cells.get(i)));
    }
    return "| " + String.join(" | ", padded) + " |";
  }
}
