package org.realm4j.corpus;

import it.unimi.dsi.fastutil.objects.Object2LongOpenHashMap;
import org.realm4j.io.RealmException;

/** Remembers where each id was seen, so that a second occurrence can name the first. */
final class DistinctIds {
  private final Object2LongOpenHashMap<String> places = new Object2LongOpenHashMap<>();
  private final String source;
  private final String unit;

  /**
   * @param source names the file or list in messages
   * @param unit what a place counts, such as {@code line}
   */
  DistinctIds(String source, String unit) {
    this.source = source;
    this.unit = unit;
  }

  void add(String id, long place) {
    if (id.isEmpty()) {
      throw new RealmException.BadInput(
          source + ", " + unit + " " + place + ": expected an id, found an empty one");
    }
    long first = places.putIfAbsent(id, place);
    // The map's default for absent keys is 0, and places count from 1.
    if (first != 0) {
      throw new RealmException.BadInput(
          "%s, %s %d: the id '%s' was already used in %s %d; expected each id once"
              .formatted(source, unit, place, id, unit, first));
    }
  }
}
