package org.realm4j.testkit.golden;

import java.util.List;
import org.realm4j.nn.Embedder;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** The embedder: all hidden states, the vector, all gradients. */
final class EmbedderCase {
  private EmbedderCase() {}

  static void run(GoldenCase golden, Session s, Findings findings) {
    Values values = new Values(s);
    Embedder embedder =
        new Embedder(
            golden.bertConfig(),
            golden.embedderConfig(),
            "realm.",
            golden.weights("model.safetensors"));
    Sequences x = Sequences.of(golden, "");
    try (Tape tape = s.infer()) {
      List<Tensor> states = embedder.bert().hiddenStates(s, x.batch());
      for (int i = 0; i < states.size(); i++) {
        findings.checkRows("hidden_states." + i, values.of(states.get(i)), x.rows());
      }
    }
    float[] probe = golden.floats("probe").values();
    try (Tape tape = s.record()) {
      Tensor vectors = embedder.embed(s, x.batch(), null); // [sequences, projection]
      findings.check("projected_score", values.of(vectors));
      findings.check("probe_loss", Values.dot(values.of(vectors), probe));
      s.backward(vectors, probe);
    }
    findings.gradients("", embedder.parameters());
  }
}
