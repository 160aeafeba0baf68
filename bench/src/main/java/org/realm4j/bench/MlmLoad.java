package org.realm4j.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.realm4j.io.JsonObject;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.KnowledgeAugmentedEncoder;
import org.realm4j.nn.TokenBatch;
import org.realm4j.nn.Weights;
import org.realm4j.reference.KernelChoice;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.train.Optimizer;

/** One step of a BERT's training with masked tokens: forward, backward, AdamW. */
final class MlmLoad implements Worker.Load {
  private final Session session;
  private final KnowledgeAugmentedEncoder encoder;
  private final Optimizer optimizer;
  private final List<Shape> shapes;

  /** What a step is made of, and the rows of it that are predicted. */
  private record Shape(TokenBatch batch, int[] rows, int[] targets) {
    static Shape of(JsonObject json) {
      int[] lengths = new int[json.int32("sequences")];
      Arrays.fill(lengths, json.int32("length"));
      TokenBatch batch = Networks.random(lengths, 1);
      int masked = json.int32("masked");
      int[] rows = new int[lengths.length * masked];
      Arrays.setAll(rows, i -> batch.offsets()[i / masked] + i % masked * lengths[0] / masked);
      return new Shape(batch, rows, Networks.words(rows.length, 2));
    }
  }

  /** Job: shapes, each with sequences, length, masked (in each sequence). Request: shape. */
  MlmLoad(JsonObject job, KernelChoice kernels) {
    encoder =
        new KnowledgeAugmentedEncoder(
            BertConfig.of(job.object("model")), "realm.", Weights.random(1));
    optimizer = Networks.optimizer(encoder.parameters());
    shapes =
        job.list("shapes").stream().map(o -> Shape.of(JsonObject.of(o, "job: shapes"))).toList();
    session = new ReferenceBackend(kernels).open(job.int32("threads"));
  }

  @Override
  public Map<String, Object> run(JsonObject request) {
    Shape s = shapes.get(request.int32("shape"));
    float loss;
    float[] weights = new float[s.rows.length];
    Arrays.fill(weights, -1f / s.rows.length);
    try (Tape tape = session.record()) {
      Tensor tokens = encoder.logLikelihood(session, s.batch, s.rows, s.targets, null); // [rows, 1]
      Tensor mean = session.weightedSum(tokens, weights);
      loss = mean.scalar();
      session.backward(mean);
    }
    optimizer.step(session, 1f);
    return Map.of("loss", loss);
  }

  @Override
  public long parameters() {
    return Networks.size(optimizer.parameters());
  }

  @Override
  public void close() {
    session.close();
  }
}
