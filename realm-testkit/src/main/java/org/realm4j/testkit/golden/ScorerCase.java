package org.realm4j.testkit.golden;

import java.util.Arrays;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.Weights;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** Two towers, or one on both sides, and the relevance scores of candidates. */
final class ScorerCase {
  private ScorerCase() {}

  static void run(GoldenCase golden, Session s, Findings findings) {
    Values values = new Values(s);
    Weights weights = golden.weights(golden.name() + ".model.safetensors");
    boolean shared = golden.name().endsWith("shared");
    Embedder candidates = embedder(golden, Weights.prefixed(weights, "embedder."));
    Embedder queries =
        shared ? candidates : embedder(golden, Weights.prefixed(weights, "query_embedder."));
    Sequences x = Sequences.of(golden, "");
    Sequences z = Sequences.of(golden, "candidate_");
    int n = z.all().size();
    int perQuery = n / x.all().size();
    int[] queryRows = new int[n];
    int[] candidateRows = new int[n];
    Arrays.setAll(queryRows, i -> i / perQuery);
    Arrays.setAll(candidateRows, i -> i);
    int[] byQuery = new int[x.all().size() + 1];
    Arrays.setAll(byQuery, i -> i * perQuery);
    try (Tape tape = s.record()) {
      Tensor q = queries.embed(s, x.batch(), null);
      Tensor d = candidates.embed(s, z.batch(), null);
      Tensor scores = s.innerProducts(q, d, queryRows, candidateRows);
      Tensor loss = s.weightedSum(scores, golden.floats("probe").values());
      findings.check("query_score", values.of(q));
      findings.check("candidate_score", values.of(d));
      findings.check("relevance_score", values.of(scores));
      findings.check("relevance_log_softmax", values.of(s.logSoftmax(scores, byQuery)));
      findings.check("probe_loss", values.of(loss));
      s.backward(loss);
    }
    findings.gradients("embedder.", candidates.parameters());
    if (!shared) {
      findings.gradients("query_embedder.", queries.parameters());
    }
  }

  private static Embedder embedder(GoldenCase golden, Weights weights) {
    BertConfig bert = golden.bertConfig();
    EmbedderConfig config = golden.embedderConfig();
    return new Embedder(bert, config, "realm.", weights);
  }
}
