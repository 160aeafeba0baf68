package org.realm4j.testkit.golden;

import java.util.ArrayList;
import java.util.List;
import org.realm4j.nn.ReadWindow;
import org.realm4j.nn.ReaderConfig;
import org.realm4j.nn.SpanReader;
import org.realm4j.nn.Spans;
import org.realm4j.nn.TokenBatch;
import org.realm4j.qa.AnswerSpans;
import org.realm4j.qa.OpenQaLoss;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** The reader of spans and both of its losses, for given relevance scores. */
final class ReaderCase {
  private ReaderCase() {}

  static void run(GoldenCase golden, Session s, Findings findings) {
    Values values = new Values(s);
    SpanReader reader =
        new SpanReader(
            golden.bertConfig(),
            ReaderConfig.of(golden.config()),
            "realm.",
            golden.weights("model.safetensors"));
    Sequences all = Sequences.of(golden, "");
    TokenBatch joint =
        TokenBatch.of(all.all().subList(0, golden.config().int32("reader_beam_size")));
    ReadWindow window = ReadWindow.of(joint);
    findings.checkInput("block_mask", blockMask(ReadWindow.of(all.batch()), all));
    Spans spans = Spans.of(window, reader.config().maxSpanWidth());
    float[] given = golden.floats("relevance_score").values();
    int[] retrieved = {0, given.length};
    int[] read = AnswerSpans.firstOf(retrieved, joint.sequences());
    SpanFindings found = new SpanFindings(findings, values, reader, all.length(), joint);
    try (Tape tape = s.record()) {
      Tensor relevance = s.variable(given, given.length, 1);
      Tensor scores = reader.scores(s, joint, spans, null);
      AnswerSpans answers = AnswerSpans.of(s, relevance, retrieved, read, scores, spans);
      found.checkForward(answers, scores);
      if (golden.expected().containsKey("loss")) {
        boolean[] hasAnswer = marks(golden.ints("has_answers").values());
        boolean[] correct = correct(golden, all, spans);
        OpenQaLoss loss = OpenQaLoss.of(s, answers, hasAnswer, correct, 1);
        found.checkLoss(loss, spans, hasAnswer, correct);
        s.backward(loss.total());
        findings.gradientOrNone("relevance_score", values.gradient(relevance));
      }
    }
    found.checkGradients("");
  }

  private static int[] blockMask(ReadWindow window, Sequences x) {
    int[] mask = new int[x.all().size() * x.length()];
    for (int i = 0; i < window.sequences(); i++) {
      for (int row = window.from()[i]; row < window.to()[i]; row++) {
        mask[x.rows()[row]] = 1;
      }
    }
    return mask;
  }

  private static boolean[] marks(int[] values) {
    boolean[] marks = new boolean[values.length];
    for (int i = 0; i < marks.length; i++) {
      marks[i] = values[i] != 0;
    }
    return marks;
  }

  /** The spans at the given positions of the passages that are read; -1 is none. */
  private static boolean[] correct(GoldenCase golden, Sequences x, Spans spans) {
    boolean[] correct = new boolean[spans.size()];
    int[] starts = golden.ints("start_positions").values();
    int[] ends = golden.ints("end_positions").values();
    int each = golden.ints("start_positions").shape()[1];
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < spans.sequences() * each; i++) {
      if (starts[i] >= 0) {
        int q = i / each;
        found.add(spans.indexOf(q, x.row(q, starts[i]), x.row(q, ends[i])));
      }
    }
    found.stream().filter(span -> span >= 0).forEach(span -> correct[span] = true);
    return correct;
  }
}
