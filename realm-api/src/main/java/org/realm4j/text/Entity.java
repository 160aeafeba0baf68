package org.realm4j.text;

/**
 * A stretch of text worth masking, because what stands there is knowledge and not grammar.
 *
 * @param span where, in UTF-16 code units of the tagged text
 */
public record Entity(Span span, Kind kind) {
  /** What kind of thing it is. */
  public enum Kind {
    /** A person, place, organisation, work or people: whatever carries a proper name. */
    NAME,
    /** A point or stretch of time: a year, a day, a decade, a range. */
    DATE
  }
}
