package org.realm4j.testkit.golden;

import java.util.Arrays;
import org.realm4j.nn.Embedder;
import org.realm4j.pretrain.InverseClozeTask;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** The inverse cloze task with the other passages of the batch as the wrong ones. */
final class InverseClozeCase {
  private InverseClozeCase() {}

  static void run(GoldenCase golden, Session s, Findings findings) {
    Values values = new Values(s);
    boolean shared = golden.name().equals("shared");
    Embedder documents = embedder(golden, "doc_embedder.safetensors");
    Embedder queries = shared ? documents : embedder(golden, "query_embedder.safetensors");
    Sequences x = Sequences.of(golden, "query_");
    Sequences z = Sequences.of(golden, "block_");
    int n = x.all().size();
    try (Tape tape = s.record()) {
      Tensor q = queries.embed(s, x.batch(), null);
      Tensor d = documents.embed(s, z.batch(), null);
      Tensor logits = logits(s, q, d);
      Tensor loss = InverseClozeTask.loss(s, q, d);
      findings.check("query_embedding", values.of(q));
      findings.check("block_embedding", values.of(d));
      findings.check("logits", values.of(logits));
      findings.check("prediction", predictions(values.of(logits), n));
      findings.check("loss", values.of(loss));
      s.backward(loss);
    }
    findings.gradients(shared ? "embedder." : "doc_embedder.", documents.parameters());
    if (!shared) {
      findings.gradients("query_embedder.", queries.parameters());
    }
    checkGradientOfLogits(golden, s, findings);
  }

  /** Queries that are the true logits and passages that are unit vectors have these logits. */
  private static void checkGradientOfLogits(GoldenCase golden, Session s, Findings findings) {
    Values values = new Values(s);
    double[] truth = golden.expected("logits").values();
    int n = (int) Math.sqrt(truth.length);
    float[] identity = new float[n * n];
    for (int i = 0; i < n; i++) {
      identity[i * n + i] = 1;
    }
    try (Tape tape = s.record()) {
      Tensor logits = values.variable(truth, n, n);
      s.backward(InverseClozeTask.loss(s, logits, s.constant(identity, n, n)));
      double[] gradient = values.gradient(logits);
      findings.check("grad.logits", gradient == null ? new double[0] : gradient);
    }
  }

  private static Tensor logits(Session s, Tensor q, Tensor d) {
    int n = q.rows();
    int[] queryRows = new int[n * n];
    int[] documentRows = new int[n * n];
    Arrays.setAll(queryRows, i -> i / n);
    Arrays.setAll(documentRows, i -> i % n);
    return s.innerProducts(q, d, queryRows, documentRows);
  }

  private static double[] predictions(double[] logits, int n) {
    double[] best = new double[n];
    for (int i = 0; i < n; i++) {
      for (int j = 1; j < n; j++) {
        if (logits[i * n + j] > logits[i * n + (int) best[i]]) {
          best[i] = j;
        }
      }
    }
    return best;
  }

  private static Embedder embedder(GoldenCase golden, String file) {
    return new Embedder(
        golden.bertConfig(), golden.embedderConfig(), "realm.", golden.weights(file));
  }
}
