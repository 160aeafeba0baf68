package org.realm4j.testkit.golden;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.nn.SpanReader;
import org.realm4j.nn.Spans;
import org.realm4j.nn.TokenBatch;
import org.realm4j.qa.AnswerSpans;
import org.realm4j.qa.OpenQaLoss;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Tensor;

/**
 * Compares spans with a truth that has all pairs of padded positions, {@code [passages,
 * candidates]} ordered by width, then by start, with 0 where a pair is not inside a passage.
 *
 * @param length of the padded sequences
 */
record SpanFindings(
    Findings findings, Values values, SpanReader reader, int length, TokenBatch joint) {

  /** Which candidates there are, their scores, and the best of them. */
  void checkForward(AnswerSpans spans, Tensor scores) {
    int width = reader.config().maxSpanWidth();
    int[] starts = new int[candidates()];
    int[] ends = new int[candidates()];
    for (int w = 1; w <= width; w++) {
      for (int i = 0; i + w <= length; i++) {
        starts[candidate(i, i + w - 1)] = i;
        ends[candidate(i, i + w - 1)] = i + w - 1;
      }
    }
    findings.check("candidate_starts", Values.widened(starts));
    findings.check("candidate_ends", Values.widened(ends));
    double[] ones = new double[spans.spans().size()];
    Arrays.fill(ones, 1);
    findings.check("candidate_mask", padded(spans.spans(), ones));
    findings.check("reader_logits_raw", padded(spans.spans(), values.of(scores)));
    findings.check("reader_logits", padded(spans.spans(), values.of(spans.logits())));
    int best = spans.argmax()[0];
    int sequence = spans.spans().sequenceOf()[best];
    int start = spans.spans().startRow(best) - joint.offsets()[sequence];
    int end = spans.spans().endRow(best) - joint.offsets()[sequence];
    findings.check("block_idx", sequence);
    findings.check("candidate", candidate(start, end));
    findings.check("start_pos", start);
    findings.check("end_pos", end);
  }

  /** Which passages and spans are correct, and the losses. */
  void checkLoss(OpenQaLoss loss, Spans spans, boolean[] hasAnswer, boolean[] correct) {
    findings.check("retriever_correct", ones(hasAnswer));
    findings.check("reader_correct", padded(spans, ones(correct)));
    findings.check("retriever_loss", values.of(loss.retriever()));
    findings.check("reader_loss", values.of(loss.reader()));
    findings.check("loss", values.of(loss.total()));
  }

  /** All gradients of the reader, where start and end are one tensor. */
  void checkGradients(String prefix) {
    Map<String, double @Nullable []> halves = new LinkedHashMap<>();
    for (Parameter p : reader.parameters()) {
      double[] gradient = values.gradient(p);
      if (p.name().contains(".start.")) {
        halves.put(p.name(), gradient);
      } else if (p.name().contains(".end.")) {
        double[] first = halves.get(p.name().replace(".end.", ".start."));
        String both = prefix + p.name().replace(".end.", ".");
        findings.gradientOrNone(both, gradient == null ? null : joined(first, gradient));
      } else {
        findings.gradientOrNone(prefix + p.name(), gradient);
      }
    }
  }

  private static double[] joined(double @Nullable [] a, double[] b) {
    if (a == null) {
      return new double[0]; // of which the comparison says that it is not the truth
    }
    double[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  static double[] ones(boolean[] marked) {
    double[] x = new double[marked.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = marked[i] ? 1 : 0;
    }
    return x;
  }

  private int candidates() {
    int width = reader.config().maxSpanWidth();
    return width * length - width * (width - 1) / 2;
  }

  /** Those of width w come after all narrower ones, of which there are length - v + 1 each. */
  private int candidate(int start, int end) {
    int narrower = end - start;
    return narrower * length - narrower * (narrower - 1) / 2 + start;
  }

  private double[] padded(Spans spans, double[] x) {
    double[] all = new double[spans.sequences() * candidates()];
    int[] sequenceOf = spans.sequenceOf();
    for (int i = 0; i < x.length; i++) {
      int first = joint.offsets()[sequenceOf[i]];
      all[
              sequenceOf[i] * candidates()
                  + candidate(spans.startRow(i) - first, spans.endRow(i) - first)] =
          x[i];
    }
    return all;
  }
}
