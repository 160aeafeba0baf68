package org.realm4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.realm4j.io.JsonObject;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.KnowledgeAugmentedEncoder;
import org.realm4j.nn.TokenBatch;
import org.realm4j.nn.Weights;
import org.realm4j.pretrain.CandidateReading;
import org.realm4j.pretrain.Marginal;
import org.realm4j.reference.KernelChoice;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.train.Optimizer;

/**
 * One step of REALM's pre-training: queries and documents through one embedder, the null document
 * as a learned vector, the knowledge-augmented encoder over every query and candidate, the marginal
 * likelihood, backward, AdamW over all parameters.
 */
final class RealmLoad implements Worker.Load {
  private record Batch(
      TokenBatch queries, TokenBatch documents, CandidateReading.Candidates candidates) {}

  private final MeasuredBackend measured;
  private final Session session;
  private final Embedder embedder;
  private final KnowledgeAugmentedEncoder encoder;
  private final Parameter nullVector;
  private final Optimizer optimizer;
  private final List<Batch> batches;

  RealmLoad(JsonObject job, KernelChoice kernels) {
    BertConfig bert = BertConfig.of(job.object("model"));
    Weights random = Weights.random(1);
    embedder = new Embedder(bert, EmbedderConfig.realm(), "realm.", random);
    encoder = new KnowledgeAugmentedEncoder(bert, "realm.", random);
    int projection = embedder.config().projection();
    nullVector =
        new Parameter(
            "null_embedding",
            Parameter.Kind.WEIGHT,
            1,
            projection,
            random.floats("null_embedding", projection));
    List<Parameter> all = new ArrayList<>(embedder.parameters());
    all.addAll(encoder.parameters());
    all.add(nullVector);
    optimizer = Networks.optimizer(all);
    batches = RealmBatch.read(job).stream().map(RealmLoad::batch).toList();
    measured = MeasuredBackend.of(job, kernels);
    session = measured.backend().open(job.int32("threads"));
  }

  private static Batch batch(RealmBatch b) {
    int perQuery = b.candidates();
    TokenBatch joint = Networks.random(b.joint(), b.firstParts(), 3);
    List<Integer> rows = new ArrayList<>();
    for (int i = 0; i < b.joint().length; i++) {
      for (int j = 0; j < b.masks()[i / perQuery]; j++) {
        rows.add(joint.offsets()[i] + 1 + j);
      }
    }
    int[] vectorRows = new int[b.joint().length];
    int document = 1; // 0 is the null document
    for (int i = 0; i < vectorRows.length; i++) {
      vectorRows[i] = i % perQuery == 0 ? 0 : document++;
    }
    // every candidate of a query is asked for the same tokens
    int[] targets = new int[rows.size()];
    int at = 0;
    for (int i = 0; i < b.joint().length; i++) {
      int[] words = Networks.words(b.masks()[i / perQuery], 4 + i / perQuery);
      System.arraycopy(words, 0, targets, at, words.length);
      at += words.length;
    }
    return new Batch(
        Networks.random(b.queries(), 1),
        Networks.random(b.documents(), 2),
        new CandidateReading.Candidates(
            perQuery,
            vectorRows,
            joint,
            rows.stream().mapToInt(r -> r).toArray(),
            targets,
            Arrays.copyOf(b.masks(), b.masks().length)));
  }

  @Override
  public Map<String, Object> run(JsonObject request) {
    Batch b = batches.get(request.int32("batch"));
    float loss;
    try (Tape tape = session.record()) {
      Tensor queryVectors = embedder.embed(session, b.queries, null); // [queries, projection]
      Tensor documentVectors = // [1 + documents, projection]
          session.concat(session.parameter(nullVector), embedder.embed(session, b.documents, null));
      CandidateReading reading =
          CandidateReading.of(
              session,
              encoder,
              queryVectors,
              documentVectors,
              b.candidates,
              Marginal.PER_SEQUENCE,
              null);
      Tensor mean = reading.likelihood().loss(session, b.queries.sequences());
      loss = mean.scalar();
      session.backward(mean);
    }
    optimizer.step(session, 1f);
    measured.finish();
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
