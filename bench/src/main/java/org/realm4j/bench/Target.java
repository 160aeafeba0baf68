package org.realm4j.bench;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a row shall reach.
 *
 * @param least whether the bound is the least that is good enough, or else the most
 */
record Target(Figure of, boolean least, double bound) {
  /** Which figure of a row. */
  enum Figure {
    /** This library's speed over the peer's. */
    RATIO,
    /** Of what the machine allows, or of what is needed on paper. */
    SHARE,
    /** This library's figure itself, in the row's unit. */
    OURS,
    /** The largest difference between both results. */
    DIFFERENCE
  }

  static Target ratio(double least) {
    return new Target(Figure.RATIO, true, least);
  }

  static Target share(double least) {
    return new Target(Figure.SHARE, true, least);
  }

  static Target shareAtMost(double most) {
    return new Target(Figure.SHARE, false, most);
  }

  static Target atMost(double most) {
    return new Target(Figure.OURS, false, most);
  }

  static Target atLeast(double least) {
    return new Target(Figure.OURS, true, least);
  }

  static Target difference(double most) {
    return new Target(Figure.DIFFERENCE, false, most);
  }

  double value(Row row) {
    return switch (of) {
      case RATIO -> row.ratio();
      case SHARE -> row.share();
      case OURS -> row.ours();
      case DIFFERENCE -> row.more().get("difference") instanceof Double d ? d : Double.NaN;
    };
  }

  /** Null where the figure is not there, such as a ratio without the peer. */
  @Nullable Boolean met(Row row) {
    double value = value(row);
    if (Double.isNaN(value)) {
      return null;
    }
    return least ? value >= bound : value <= bound;
  }

  /** A sign and the bound, as in "✓ ≥ 2.00 x". */
  String describe(Row row) {
    Boolean met = met(row);
    String sign = met == null ? "" : met ? "✓ " : "✗ ";
    return sign + (least ? "≥ " : "≤ ") + bound(row);
  }

  private String bound(Row row) {
    return switch (of) {
      case RATIO -> String.format(Locale.ROOT, "%.2f x", bound);
      case SHARE -> String.format(Locale.ROOT, "%.0f %%", 100 * bound);
      case OURS -> String.format(Locale.ROOT, "%.3g %s", bound, row.unit());
      case DIFFERENCE -> String.format(Locale.ROOT, "%.0e", bound);
    };
  }

  Map<String, @Nullable Object> toJson(Row row) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("of", of.name().toLowerCase(Locale.ROOT));
    json.put(least ? "at_least" : "at_most", bound);
    json.put("met", met(row));
    return json;
  }
}
