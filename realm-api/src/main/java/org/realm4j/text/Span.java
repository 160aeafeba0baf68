package org.realm4j.text;

import org.realm4j.io.RealmException;

/**
 * A half-open range of a text in UTF-16 code units, so that {@code text.substring(start, end)} is
 * what it covers.
 */
public record Span(int start, int end) {
  public Span {
    if (start < 0 || end < start) {
      throw new RealmException.BadInput(
          "span: expected 0 <= start <= end, found [" + start + ", " + end + ")");
    }
  }

  public int length() {
    return end - start;
  }

  public boolean contains(Span other) {
    return start <= other.start && other.end <= end;
  }

  public String of(String text) {
    return text.substring(start, end);
  }
}
