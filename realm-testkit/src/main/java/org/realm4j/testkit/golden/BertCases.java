package org.realm4j.testkit.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.realm4j.nn.Bert;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.MlmHead;
import org.realm4j.nn.TokenBatch;
import org.realm4j.nn.Weights;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;

/** BERT without REALM. */
final class BertCases {
  private static final int IGNORED = -100;

  private BertCases() {}

  /** Hidden states, pooler, attention weights and all gradients. */
  static void model(GoldenCase golden, Session s, Findings findings) {
    Values values = new Values(s);
    BertConfig config = golden.bertConfig();
    Embedder pooler = pooler(config, golden.weights("bert_model.safetensors"));
    Bert bert = pooler.bert();
    Sequences x = Sequences.of(golden, "");
    float[] probe = golden.floats("probe_hidden").values();
    float[] probePooled = golden.floats("probe_pooled").values();
    double loss;
    try (Tape tape = s.record()) {
      List<Tensor> states = bert.hiddenStates(s, x.batch());
      findings.checkRows("embedding_output", values.of(states.get(0)), x.rows());
      for (int i = 1; i + 1 < states.size(); i++) {
        findings.checkRows("hidden_states." + i, values.of(states.get(i)), x.rows());
      }
      for (int i = 0; i + 1 < states.size(); i++) {
        if (golden.expected().containsKey("attentions." + i)) {
          checkAttention(s, findings, bert, x, states.get(i), i);
        }
      }
      double[] last = values.of(states.getLast());
      findings.checkRows("last_hidden_state", last, x.rows());
      float[] packed = packed(probe, x.rows(), config.hidden());
      loss = Values.dot(last, packed);
      s.backward(states.getLast(), packed);
    }
    try (Tape tape = s.record()) {
      Tensor pooled = pooler.embed(s, x.batch(), null); // [sequences, hidden]
      findings.check("pooler_output", values.of(pooled));
      loss += Values.dot(values.of(pooled), probePooled);
      s.backward(pooled, probePooled);
    }
    findings.check("probe_loss", loss);
    List<Parameter> parameters = new ArrayList<>(pooler.parameters());
    parameters.removeIf(p -> p.name().startsWith("cls.")); // the identity of pooler(), not BERT's
    findings.gradients("", parameters);
  }

  /** An embedder whose projection is the identity gives what BERT's pooler gives. */
  private static Embedder pooler(BertConfig config, Weights bert) {
    int h = config.hidden();
    float[] identity = new float[h * h];
    for (int i = 0; i < h; i++) {
      identity[i * h + i] = 1;
    }
    Weights projection =
        Weights.of(Map.of("cls.dense.weight", identity, "cls.dense.bias", new float[h]));
    EmbedderConfig poolerOnly =
        new EmbedderConfig(EmbedderConfig.Pooling.CLS, true, h, false, 1e-12f);
    return new Embedder(config, poolerOnly, "", Weights.either(bert, projection));
  }

  private static float[] packed(float[] padded, int[] rows, int width) {
    float[] packed = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(padded, rows[i] * width, packed, i * width, width);
    }
    return packed;
  }

  /**
   * A session does not hand out attention weights, but with values that are unit vectors they are
   * what attention gives: as many keys at a time as a head has columns.
   */
  private static void checkAttention(
      Session s, Findings findings, Bert bert, Sequences x, Tensor state, int layer) {
    BertConfig config = bert.config();
    TokenBatch batch = x.batch();
    int tokens = batch.tokens();
    int heads = config.heads();
    int width = config.hidden() / heads;
    String name = "encoder.layer." + layer + ".attention.self.";
    Tensor q = linear(s, bert, state, name + "query");
    Tensor k = linear(s, bert, state, name + "key");
    // The truth is [sequences, heads, length, length]; a row is one query token in one head.
    double[] weights = new double[tokens * heads * x.length()];
    int[] rows = new int[tokens * heads];
    for (int first = 0; first < x.length(); first += width) {
      float[] unit = new float[tokens * config.hidden()];
      for (int t = 0; t < tokens; t++) {
        int column = batch.positions()[t] - first;
        for (int h = 0; h < heads && column >= 0 && column < width; h++) {
          unit[t * config.hidden() + h * width + column] = 1;
        }
      }
      Tensor v = s.constant(unit, tokens, config.hidden());
      double[] part =
          new Values(s).of(s.attention(q, k, v, batch.offsets(), batch.offsets(), heads, null));
      for (int t = 0; t < tokens; t++) {
        for (int h = 0; h < heads; h++) {
          int row = t * heads + h;
          int sequence = x.rows()[t] / x.length();
          rows[row] = (sequence * heads + h) * x.length() + batch.positions()[t];
          System.arraycopy(
              part,
              t * config.hidden() + h * width,
              weights,
              row * x.length() + first,
              Math.min(width, x.length() - first));
        }
      }
    }
    findings.checkRows("attentions." + layer, weights, rows);
  }

  private static Tensor linear(Session s, Bert bert, Tensor x, String name) {
    return s.linear(x, named(bert, name + ".weight"), named(bert, name + ".bias"), Activation.NONE);
  }

  private static Parameter named(Bert bert, String name) {
    return bert.parameters().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
  }

  /** The masked language model's logits, loss and gradients, with tied word embeddings. */
  static void maskedLanguageModel(GoldenCase golden, Session s, Findings findings) {
    Values values = new Values(s);
    Weights weights = golden.weights("bert_for_masked_lm.safetensors");
    Bert bert = new Bert(golden.bertConfig(), "bert.", weights);
    MlmHead head = new MlmHead(bert, "cls.", weights);
    Sequences x = Sequences.of(golden, "");
    int[] labels = golden.ints("labels").values();
    int[] rows = // of the batch, where there is a label
        IntStream.range(0, x.batch().tokens())
            .filter(t -> labels[x.rows()[t]] != IGNORED)
            .toArray();
    int[] targets = Arrays.stream(rows).map(t -> labels[x.rows()[t]]).toArray();
    try (Tape tape = s.infer()) {
      if (golden.expected().containsKey("logits")) {
        Tensor logits = head.logits(s, bert.forward(s, x.batch(), null));
        findings.checkRows("logits", values.of(logits), x.rows());
      } else {
        Tensor logits = head.logits(s, bert.forward(s, x.batch(), rows, null));
        findings.check("logits_at_masked", values.of(logits));
      }
    }
    float[] mean = new float[rows.length];
    Arrays.fill(mean, -1f / rows.length);
    if (Integer.bitCount(rows.length) != 1) {
      findings.divisorIsRounded();
    }
    try (Tape tape = s.record()) {
      Tensor states = bert.forward(s, x.batch(), rows, null); // [rows, hidden]
      Tensor loss = s.weightedSum(head.logLikelihood(s, states, targets), mean);
      findings.check("loss", values.of(loss));
      s.backward(loss);
    }
    findings.gradients("", bert.parameters());
    findings.gradients("", head.parameters());
  }
}
