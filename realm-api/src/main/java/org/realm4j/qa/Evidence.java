package org.realm4j.qa;

import java.util.List;
import org.realm4j.text.Passage;
import org.realm4j.text.Span;

/**
 * A passage that was read for an answer.
 *
 * @param probability p(z | x), relevance through a softmax over the passages that were read
 * @param spans where the passage says what the answer says, in UTF-16 units of its text, the most
 *     likely first; empty if it does not
 * @param best the passage's own most likely span
 * @param bestProbability that of {@code best} alone, among all spans of all passages
 */
public record Evidence(
    Passage passage, double probability, List<Span> spans, Span best, double bestProbability) {
  public Evidence {
    spans = List.copyOf(spans);
  }
}
