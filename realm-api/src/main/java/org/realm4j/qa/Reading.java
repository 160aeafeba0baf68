package org.realm4j.qa;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.nn.DropoutPlan;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.ReadWindow;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.SpanReader;
import org.realm4j.nn.Spans;
import org.realm4j.nn.TokenBatch;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;
import org.realm4j.text.Span;
import org.realm4j.text.WordPiece;

/**
 * What a reader sees and thinks of the first passages of some questions: every span of every one of
 * them with its logit, and where each wordpiece stands in the passage's own text. Alive as long as
 * its tape.
 *
 * @param retrieved all passages, of which the first are read
 * @param passages numbers of the passages that are read, one for each sequence of the spans
 * @param texts their texts
 * @param encodings their wordpieces, with offsets into the text
 * @param window the rows of the batch that hold them
 * @param tokens of all sequences
 */
record Reading(
    QuestionRetriever.Retrieved retrieved,
    int[] passages,
    List<String> texts,
    List<WordPiece.Encoding> encodings,
    ReadWindow window,
    AnswerSpans answers,
    int tokens) {

  /** Reads the first {@code read} passages of each question. */
  static Reading of(
      Session s,
      RealmModel model,
      SpanReader reader,
      PassageStore store,
      List<String> questions,
      QuestionRetriever.Retrieved retrieved,
      int read,
      @Nullable DropoutPlan dropout) {
    int[] rows = AnswerSpans.firstOf(retrieved.offsets(), read);
    int[] passages = new int[rows.length];
    List<InputSequence> sequences = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    List<WordPiece.Encoding> encodings = new ArrayList<>();
    int at = 0;
    for (int q = 0; q < questions.size(); q++) {
      int[] question = model.tokenizer().ids(questions.get(q));
      for (; at < rows.length && rows[at] < retrieved.offsets()[q + 1]; at++) {
        passages[at] = retrieved.passages()[q][rows[at] - retrieved.offsets()[q]];
        String text = store.passage(passages[at]).text();
        WordPiece.Encoding encoding = model.tokenizer().encode(text);
        texts.add(text);
        encodings.add(encoding);
        sequences.add(model.joint(question, encoding.ids()));
      }
    }
    TokenBatch batch = TokenBatch.of(sequences);
    ReadWindow window = ReadWindow.of(batch);
    Spans spans = Spans.of(window, reader.config().maxSpanWidth());
    Tensor scores = reader.scores(s, batch, spans, dropout); // [spans, 1]
    AnswerSpans answers =
        AnswerSpans.of(s, retrieved.relevance(), retrieved.offsets(), rows, scores, spans);
    return new Reading(retrieved, passages, texts, encodings, window, answers, batch.tokens());
  }

  /** The passage, as a sequence of the spans, that a span is in. */
  int sequenceOf(int span) {
    int[] offsets = answers.spans().offsets();
    int at = java.util.Arrays.binarySearch(offsets, span);
    if (at < 0) {
      return -at - 2;
    }
    while (offsets[at + 1] == span) { // empty sequences begin at the same place
      at++;
    }
    return at;
  }

  /** Where a span stands in the text of its passage, in UTF-16 units. */
  Span original(int span, int sequence) {
    WordPiece.Encoding encoding = encodings.get(sequence);
    int first = answers.spans().startRow(span) - window.from()[sequence];
    int last = answers.spans().endRow(span) - window.from()[sequence];
    return new Span(encoding.starts()[first], encoding.ends()[last]);
  }

  /**
   * Marks the spans that consist of just the wordpieces that ranges of the text touch; what the
   * reader does not see, or is too wide for it, marks none.
   *
   * @param marked {@code [spans]}
   */
  void mark(int sequence, List<Span> ranges, boolean[] marked) {
    WordPiece.Encoding encoding = encodings.get(sequence);
    int read = window.to()[sequence] - window.from()[sequence];
    for (Span range : ranges) {
      int first = -1;
      int last = -1;
      for (int i = 0; i < encoding.size(); i++) {
        if (encoding.ends()[i] > range.start() && encoding.starts()[i] < range.end()) {
          first = first < 0 ? i : first;
          last = i;
        }
      }
      if (first >= 0 && last < read) {
        int from = window.from()[sequence];
        int span = answers.spans().indexOf(sequence, from + first, from + last);
        if (span >= 0) {
          marked[span] = true;
        }
      }
    }
  }
}
