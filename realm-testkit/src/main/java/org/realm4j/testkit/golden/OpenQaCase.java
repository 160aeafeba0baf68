package org.realm4j.testkit.golden;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.PublishedCheckpoint;
import org.realm4j.nn.PublishedCheckpoint.BlockEmbeddings;
import org.realm4j.nn.PublishedCheckpoint.OpenQa;
import org.realm4j.nn.ReadWindow;
import org.realm4j.nn.SpanReader;
import org.realm4j.nn.Spans;
import org.realm4j.nn.TokenBatch;
import org.realm4j.qa.AnswerSpans;
import org.realm4j.qa.OpenQaLoss;
import org.realm4j.qa.TokenMatches;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.text.Vocabulary;
import org.realm4j.text.WordPiece;

/**
 * A question from its text to its answer: retrieval among stored vectors, pairs of question and
 * passage, which of them hold an answer by their wordpieces, both losses and all gradients.
 */
final class OpenQaCase {
  private final GoldenCase golden;
  private final Session s;
  private final Findings findings;
  private final Values values;
  private final JsonObject config;
  private final JsonObject extra;
  private final WordPiece tokenizer;
  private final Embedder embedder;
  private final SpanReader reader;
  private final BlockEmbeddings blocks;

  private OpenQaCase(GoldenCase golden, Session s, Findings findings) {
    this.golden = golden;
    this.s = s;
    this.findings = findings;
    values = new Values(s);
    Path dir = golden.directory();
    config = golden.config();
    extra = golden.json().object("extra");
    tokenizer = new WordPiece(Vocabulary.load(dir.resolve("vocab.txt")));
    OpenQa model = PublishedCheckpoint.readOpenQa(dir).model();
    embedder = model.questions();
    reader = model.reader();
    blocks = PublishedCheckpoint.readBlockEmbeddings(dir);
  }

  static void run(GoldenCase golden, Session s, Findings findings) {
    new OpenQaCase(golden, s, findings).run();
  }

  private void run() {
    boolean training = golden.name().startsWith("train");
    int beam = config.int32(training ? "searcher_beam_size" : "reader_beam_size");
    int[] question = tokenizer.ids(extra.string("question"));
    InputSequence query =
        InputSequence.join(tokenizer.vocabulary(), reader.bert().config().positions(), question);
    findings.checkInput("input_ids", query.ids());
    double[] retrievedLogits;
    Passages passages;
    try (Tape tape = s.record()) {
      Tensor projection = embedder.embed(s, TokenBatch.of(List.of(query)), null); // [1, projection]
      findings.check("question_projection", values.of(projection));
      Tensor vectors = s.constant(blocks.vectors(), blocks.passages(), blocks.dimension());
      int[] ids = retrieve(projection, vectors, beam);
      findings.check("retrieved_block_ids", Values.widened(ids));
      Tensor relevance = s.innerProducts(projection, vectors, new int[beam], ids); // [beam, 1]
      retrievedLogits = values.of(relevance);
      findings.check("retrieved_logits", retrievedLogits);
      passages = passages(question, ids);
      checkInputs(passages);
      Tensor scores = reader.scores(s, passages.read, passages.spans, null);
      AnswerSpans answers = passages.answers(s, relevance, scores);
      SpanFindings found = found(passages);
      found.checkForward(answers, scores);
      checkAnswer(passages, answers.argmax()[0]);
      if (golden.expected().containsKey("loss")) {
        OpenQaLoss loss = passages.loss(s, answers);
        found.checkLoss(loss, passages.spans, passages.hasAnswer(), passages.correct());
        s.backward(loss.total());
      }
    }
    if (golden.expected().containsKey("grad.retrieved_logits")) {
      embedder
          .parameters()
          .forEach(p -> findings.gradientOrNone("embedder." + p.name(), values.gradient(p)));
      found(passages).checkGradients("reader.");
      checkGradientOfRelevance(passages, retrievedLogits);
    }
  }

  /** The passages of the largest inner products, best first. */
  private int[] retrieve(Tensor projection, Tensor vectors, int beam) {
    int n = blocks.passages();
    int[] all = IntStream.range(0, n).toArray();
    double[] scores = values.of(s.innerProducts(projection, vectors, new int[n], all));
    findings.check("all_scores", scores);
    return IntStream.range(0, n)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -scores[i]))
        .limit(beam)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /**
   * The retrieved passages beside the question.
   *
   * @param joint of all that were retrieved
   * @param read of those that the reader reads
   * @param length of the padded joint inputs
   */
  private record Passages(
      List<InputSequence> joint,
      TokenBatch read,
      ReadWindow window,
      Spans spans,
      TokenMatches matches,
      int length) {
    AnswerSpans answers(Session s, Tensor relevance, Tensor scores) {
      int[] retrieved = {0, joint.size()};
      int[] first = AnswerSpans.firstOf(retrieved, read.sequences());
      return AnswerSpans.of(s, relevance, retrieved, first, scores, spans);
    }

    boolean[] hasAnswer() {
      return matches.hasAnswer();
    }

    boolean[] correct() {
      return matches.correct(spans);
    }

    OpenQaLoss loss(Session s, AnswerSpans answers) {
      return OpenQaLoss.of(s, answers, hasAnswer(), correct(), 1);
    }
  }

  private Passages passages(int[] question, int[] ids) {
    Path file = golden.directory().resolve("blocks.json");
    if (!(Json.parse(file) instanceof List<?> texts)) {
      throw new RealmException.BadInput(file + ": expected a list of texts");
    }
    // The other code shortens the longer of both first; in these cases that is never the question.
    int limit = config.int32("reader_seq_len");
    List<InputSequence> joint =
        Arrays.stream(ids)
            .mapToObj(id -> tokenizer.ids(String.valueOf(texts.get(id))))
            .map(body -> InputSequence.join(tokenizer.vocabulary(), limit, question, body))
            .toList();
    TokenBatch all = TokenBatch.of(joint);
    TokenBatch read = TokenBatch.of(joint.subList(0, config.int32("reader_beam_size")));
    ReadWindow window = ReadWindow.of(all);
    return new Passages(
        joint,
        read,
        window,
        Spans.of(ReadWindow.of(read), reader.config().maxSpanWidth()),
        TokenMatches.of(all, window, Collections.nCopies(joint.size(), answers())),
        joint.stream().mapToInt(InputSequence::length).max().orElse(0));
  }

  private List<int[]> answers() {
    return golden.expected().containsKey("loss")
        ? extra.list("answers").stream().map(a -> tokenizer.ids(String.valueOf(a))).toList()
        : List.of();
  }

  private SpanFindings found(Passages p) {
    return new SpanFindings(findings, values, reader, p.length, p.read);
  }

  private void checkInputs(Passages p) {
    int[] ids = Sequences.ids(p.joint, p.length);
    int[] segments = Sequences.segments(p.joint, p.length);
    int[] mask = new int[ids.length];
    int[] blockMask = new int[ids.length];
    int[] offsets = TokenBatch.of(p.joint).offsets();
    for (int i = 0; i < p.joint.size(); i++) {
      int padded = i * p.length;
      Arrays.fill(mask, padded, padded + p.joint.get(i).length(), 1);
      int from = padded + p.window.from()[i] - offsets[i];
      Arrays.fill(blockMask, from, from + p.window.to()[i] - p.window.from()[i], 1);
    }
    findings.check("concat_input_ids", Values.widened(ids));
    findings.check("concat_token_type_ids", Values.widened(segments));
    findings.check("concat_attention_mask", Values.widened(mask));
    findings.check("block_mask", Values.widened(blockMask));
    if (golden.expected().containsKey("has_answers")) {
      findings.check("has_answers", SpanFindings.ones(p.hasAnswer()));
      findings.check("start_positions", places(p, p.matches.starts(), "start_positions", offsets));
      findings.check("end_positions", places(p, p.matches.ends(), "end_positions", offsets));
    }
  }

  /** Positions of matches in their sequence, -1 where there is none. {@code [retrieved, most]} */
  private double[] places(Passages p, int[] rows, String tensor, int[] offsets) {
    double[] places = new double[golden.expected(tensor).values().length];
    Arrays.fill(places, -1);
    int most = places.length / p.joint.size();
    int[] next = new int[p.joint.size()];
    for (int m = 0; m < rows.length; m++) {
      int q = p.matches.sequences()[m];
      places[q * most + next[q]++] = rows[m] - offsets[q];
    }
    return places;
  }

  private void checkAnswer(Passages p, int best) {
    int[] ids = Arrays.copyOfRange(p.read.ids(), p.spans.startRow(best), p.spans.endRow(best) + 1);
    findings.check("predicted_answer_ids", Values.widened(ids));
  }

  /** Both losses again, from relevance scores that are a leaf. */
  private void checkGradientOfRelevance(Passages p, double[] retrievedLogits) {
    try (Tape tape = s.record()) {
      Tensor leaf = values.variable(retrievedLogits, retrievedLogits.length, 1);
      Tensor scores = reader.scores(s, p.read, p.spans, null);
      s.backward(p.loss(s, p.answers(s, leaf, scores)).total());
      findings.gradientOrNone("retrieved_logits", values.gradient(leaf));
    }
  }
}
