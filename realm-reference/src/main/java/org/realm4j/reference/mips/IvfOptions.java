package org.realm4j.reference.mips;

import java.util.Map;
import org.realm4j.io.RealmException;

/**
 * How an inverted file is built.
 *
 * @param lists how many clusters; 0 for 1.2 times the square root of the number of rows
 * @param probes how many of them a search looks into; 0 for as few as reach the recall
 * @param recall of the best {@value IvfBuilder#RECALL_AT}, which a build must reach on a sample
 */
record IvfOptions(int lists, int probes, double recall) {
  static final IvfOptions DEFAULT = new IvfOptions(0, 0, 0.95);

  /**
   * @throws RealmException.BadInput if an option is not known or out of range
   */
  static IvfOptions of(Map<String, String> options) {
    IvfOptions read = DEFAULT;
    for (Map.Entry<String, String> option : options.entrySet()) {
      String value = option.getValue();
      read =
          switch (option.getKey()) {
            case "lists" -> new IvfOptions(whole("lists", value), read.probes, read.recall);
            case "probes" -> new IvfOptions(read.lists, whole("probes", value), read.recall);
            case "recall" -> new IvfOptions(read.lists, read.probes, share(value));
            default ->
                throw new RealmException.BadInput(
                    "index 'ivf': options are lists, probes and recall, found '%s'"
                        .formatted(option.getKey()));
          };
    }
    return read;
  }

  private static int whole(String name, String value) {
    try {
      int n = Integer.parseInt(value);
      if (n >= 1) {
        return n;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new RealmException.BadInput(
        "index 'ivf': %s: expected a number of at least 1, found '%s'".formatted(name, value));
  }

  private static double share(String value) {
    try {
      double x = Double.parseDouble(value);
      if (x >= 0 && x <= 1) {
        return x;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new RealmException.BadInput(
        "index 'ivf': recall: expected a number from 0 to 1, found '%s'".formatted(value));
  }

  int lists(int rows) {
    int wanted = lists > 0 ? lists : Math.ceilDiv((int) (1.2 * Math.sqrt(rows)), 16) * 16;
    return Math.max(1, Math.min(wanted, Math.max(1, rows / 4)));
  }
}
