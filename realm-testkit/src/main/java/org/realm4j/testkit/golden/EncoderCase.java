package org.realm4j.testkit.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.realm4j.nn.KnowledgeAugmentedEncoder;
import org.realm4j.pretrain.Marginal;
import org.realm4j.pretrain.MarginalLikelihood;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** The knowledge-augmented encoder and both marginals, for given relevance scores. */
final class EncoderCase {
  private static final int IGNORED = -100;

  private final GoldenCase golden;
  private final Session s;
  private final Findings findings;
  private final Values values;
  private final KnowledgeAugmentedEncoder encoder;
  private final Sequences x;
  private final int queries;
  private final int candidates;
  private final int[] masks;
  private final int[] places; // of the labels, in [queries, length]

  private EncoderCase(GoldenCase golden, Session s, Findings findings) {
    this.golden = golden;
    this.s = s;
    this.findings = findings;
    values = new Values(s);
    encoder =
        new KnowledgeAugmentedEncoder(
            golden.bertConfig(), "realm.", golden.weights("model.safetensors"));
    x = Sequences.of(golden, "");
    queries = golden.floats("relevance_score").shape()[0];
    candidates = golden.floats("relevance_score").shape()[1];
    masks = new int[queries];
    int[] labels = golden.ints("labels").values();
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] != IGNORED) {
        found.add(i);
        masks[i / x.length()]++;
      }
    }
    places = found.stream().mapToInt(Integer::intValue).toArray();
  }

  static void run(GoldenCase golden, Session s, Findings findings) {
    new EncoderCase(golden, s, findings).run();
  }

  private void run() {
    if (golden.expected().containsKey("logits")) {
      checkLogits();
    }
    int[] labels = golden.ints("labels").values();
    List<Integer> rows = new ArrayList<>(); // ordered by query, candidate, masked token
    List<Integer> targets = new ArrayList<>();
    List<Integer> paddedRows = new ArrayList<>();
    for (int i = 0; i < queries * candidates; i++) {
      for (int place : places) {
        if (place / x.length() == i / candidates) {
          rows.add(x.row(i, place % x.length()));
          targets.add(labels[place]);
          paddedRows.add(i * x.length() + place % x.length());
        }
      }
    }
    try (Tape tape = s.record()) {
      Tensor tokens =
          encoder.logLikelihood(s, x.batch(), array(rows), array(targets), null); // [rows, 1]
      Tensor scores =
          s.variable(golden.floats("relevance_score").values(), queries * candidates, 1);
      MarginalLikelihood paper =
          MarginalLikelihood.of(s, scores, tokens, candidates, masks, Marginal.PER_SEQUENCE);
      MarginalLikelihood code =
          MarginalLikelihood.of(s, scores, tokens, candidates, masks, Marginal.PER_TOKEN);
      Tensor loss = code.loss(s, divisor());
      int length = queries * candidates * x.length();
      findings.check(
          "masked_lm_log_prob", Values.scattered(values.of(tokens), array(paddedRows), length));
      findings.check("candidate_log_prob", values.of(code.logPrior()));
      findings.check(
          "marginal_gold_log_prob",
          Values.scattered(values.of(code.marginal()), places, queries * x.length()));
      findings.check("paper_loss_per_query", Values.negated(values.of(paper.marginal())));
      findings.check("loss", values.of(loss));
      s.backward(loss);
      double[] gradient = values.gradient(scores);
      findings.check("grad.relevance_score", gradient == null ? new double[0] : gradient);
    }
    findings.gradients("", encoder.parameters());
  }

  /** Without a mask, Hugging Face divides by all positions, padding included. */
  private int divisor() {
    int divisor =
        golden.name().equals("no_mlm_mask") ? queries * x.length() : Arrays.stream(masks).sum();
    if (Integer.bitCount(divisor) != 1) {
      findings.divisorIsRounded();
    }
    return divisor;
  }

  private void checkLogits() {
    try (Tape tape = s.infer()) {
      int[] all = new int[x.batch().tokens()];
      Arrays.setAll(all, i -> i);
      findings.checkRows("logits", values.of(encoder.logits(s, x.batch(), all)), x.rows());
    }
  }

  private static int[] array(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }
}
