package org.realm4j.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.realm4j.io.JsonObject;
import org.realm4j.nn.Bert;
import org.realm4j.nn.BertFolder;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.TokenBatch;
import org.realm4j.reference.KernelChoice;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;

/**
 * Sequences to vectors, the mean of their last states, in packed batches as the refresh of the
 * index makes them.
 */
final class EmbedLoad implements Worker.Load {
  private final Session session;
  private final Bert bert;
  private final List<InputSequence> sequences;
  private final int batchTokens;

  /** Job: model (a folder), ids (of each sequence), batch_tokens. */
  EmbedLoad(JsonObject job, KernelChoice kernels) {
    bert = BertFolder.open(Path.of(job.string("model"))).bert();
    sequences =
        job.list("ids").stream()
            .map(ids -> new JsonObject(Map.of("ids", ids == null ? List.of() : ids), "job"))
            .map(o -> Networks.ints(o, "ids"))
            .map(ids -> new InputSequence(ids, new int[ids.length]))
            .toList();
    batchTokens = job.int32("batch_tokens");
    session = new ReferenceBackend(kernels).open(job.int32("threads"));
  }

  /** Request: from and to (which of the sequences), vectors (how many numbers to return). */
  @Override
  public Map<String, Object> run(JsonObject request) {
    List<float[]> vectors = new ArrayList<>();
    List<InputSequence> batch = new ArrayList<>();
    int tokens = 0;
    for (InputSequence s : sequences.subList(request.int32("from"), request.int32("to"))) {
      if (!batch.isEmpty() && tokens + s.length() > batchTokens) {
        vectors.add(embed(batch));
        batch.clear();
        tokens = 0;
      }
      batch.add(s);
      tokens += s.length();
    }
    vectors.add(embed(batch));
    Map<String, Object> answer = new LinkedHashMap<>();
    if (request.has("vectors")) { // so many numbers from the beginning, to compare
      answer.put("vectors", first(vectors, request.int32("vectors")));
    }
    return answer;
  }

  private float[] embed(List<InputSequence> batch) {
    try (Tape tape = session.infer()) {
      TokenBatch packed = TokenBatch.of(batch);
      return session
          .segmentSum(bert.forward(session, packed, null), packed.offsets(), true)
          .toArray();
    }
  }

  private static float[] first(List<float[]> parts, int n) {
    float[] first = new float[n];
    int at = 0;
    for (float[] part : parts) {
      int count = Math.min(part.length, n - at);
      System.arraycopy(part, 0, first, at, count);
      at += count;
    }
    return first;
  }

  @Override
  public long parameters() {
    return bert.parameters().stream().mapToLong(Parameter::size).sum();
  }

  @Override
  public void close() {
    session.close();
  }
}
