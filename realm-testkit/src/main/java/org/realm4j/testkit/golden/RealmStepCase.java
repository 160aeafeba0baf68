package org.realm4j.testkit.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.KnowledgeAugmentedEncoder;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmConfig.NullDocument;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.nn.Weights;
import org.realm4j.pretrain.CandidateReading;
import org.realm4j.pretrain.Marginal;
import org.realm4j.pretrain.MarginalLikelihood;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.text.Vocabulary;
import org.realm4j.text.WordPiece;
import org.realm4j.train.Optimizer;
import org.realm4j.train.OptimizerSettings;

/**
 * A whole step of REALM's pre-training: forward, all gradients, update, and the losses after it.
 */
final class RealmStepCase {
  private static final float RATE = 1e-3f;
  private static final double EPSILON = 1e-6;

  private final GoldenCase golden;
  private final Session s;
  private final Findings findings;
  private final Values values;
  private final boolean shared;
  private final boolean freeVector;
  private final Marginal marginal;
  private final int queries;
  private final int candidates;
  private final int slots; // for masked tokens, some unused
  private final List<Integer> used = new ArrayList<>(); // slots in [queries, slots]
  private final int[] masks;

  private RealmStepCase(GoldenCase golden, Session s, Findings findings) {
    this.golden = golden;
    this.s = s;
    this.findings = findings;
    values = new Values(s);
    shared = golden.name().contains("shared");
    freeVector = golden.name().contains("nullvec");
    marginal = golden.name().endsWith("tokenwise") ? Marginal.PER_TOKEN : Marginal.PER_SEQUENCE;
    queries = golden.ints("joint_input_ids").shape()[0];
    candidates = golden.ints("joint_input_ids").shape()[1];
    slots = golden.ints("mlm_mask").shape()[1];
    masks = new int[queries];
    int[] mask = golden.ints("mlm_mask").values();
    for (int i = 0; i < mask.length; i++) {
      if (mask[i] == 1) {
        used.add(i);
        masks[i / slots]++;
      }
    }
  }

  static void run(GoldenCase golden, Session s, Findings findings) {
    new RealmStepCase(golden, s, findings).run();
  }

  private void run() {
    if (Integer.bitCount(divisor()) != 1) {
      findings.divisorIsRounded();
    }
    RealmModel model = model();
    Inputs inputs = inputs(model);
    checkInputs(model, inputs);
    checkForward(model, inputs);

    Optimizer adamW = optimizer(model, OptimizerSettings.adamW());
    double[] truth = golden.expected("loss_trajectory").values();
    double[] losses = new double[truth.length];
    for (int step = 0; step + 1 < losses.length; step++) {
      losses[step] = backward(model, inputs);
      if (step == 0) {
        findings.check("loss", losses[0]);
        checkGradients(model);
      }
      double norm = adamW.step(s, 1f);
      if (step == 0) {
        findings.check("grad_global_norm", norm);
        checkUpdated(model);
      }
    }
    losses[losses.length - 1] = loss(model, inputs);
    findings.checkLosses("loss_after_1_step", losses[1]);
    findings.checkLosses("loss_trajectory", losses);

    RealmModel fresh = model();
    Optimizer bert = optimizer(fresh, OptimizerSettings.bert());
    backward(fresh, inputs);
    bert.step(s, 1f);
    findings.checkLosses("loss_after_1_step_bert_adam", loss(fresh, inputs));
  }

  private RealmModel model() {
    BertConfig bert = golden.bertConfig();
    EmbedderConfig embedder = golden.embedderConfig();
    RealmConfig config =
        new RealmConfig(
            bert,
            embedder,
            bert,
            shared,
            freeVector ? NullDocument.FREE_VECTOR : NullDocument.EMPTY_PASSAGE,
            golden.ints("query_input_ids").shape()[1],
            golden.ints("doc_input_ids").shape()[2]);
    Embedder documents =
        new Embedder(bert, embedder, "realm.", golden.weights("doc_embedder.safetensors"));
    Embedder queryTower =
        shared
            ? documents
            : new Embedder(bert, embedder, "realm.", golden.weights("query_embedder.safetensors"));
    Weights encoder = golden.weights("encoder.safetensors");
    return RealmModel.of(
        config,
        new WordPiece(vocabulary(bert.vocabulary())),
        documents,
        queryTower,
        new KnowledgeAugmentedEncoder(bert, "realm.", encoder),
        golden.weights("null_embedding.safetensors"));
  }

  /** The cases fix the ids of the special tokens; no other token is ever spelled out. */
  private static Vocabulary vocabulary(int size) {
    List<String> tokens = new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    while (tokens.size() < size) {
      tokens.add("w" + tokens.size());
    }
    return Vocabulary.of(tokens);
  }

  /** What goes into the step, built by the library from bare wordpieces. */
  private record Inputs(
      List<InputSequence> queries, List<InputSequence> documents, List<InputSequence> joint) {}

  private Inputs inputs(RealmModel model) {
    int sep = model.vocabulary().sep();
    List<InputSequence> documents = new ArrayList<>();
    List<int[]> bodies = new ArrayList<>();
    for (InputSequence z : Sequences.of(golden, "doc_").all()) {
      List<int[]> parts = Sequences.parts(z, sep);
      documents.add(model.document(parts.get(0), parts.get(1)));
      bodies.add(parts.get(1));
    }
    List<InputSequence> queryInputs = new ArrayList<>();
    List<InputSequence> joint = new ArrayList<>();
    int perQuery = candidates - 1; // without the null document
    for (InputSequence q : Sequences.of(golden, "query_").all()) {
      int[] x = Sequences.parts(q, sep).getFirst();
      joint.add(model.joint(x, new int[0]));
      int first = queryInputs.size() * perQuery;
      bodies.subList(first, first + perQuery).forEach(body -> joint.add(model.joint(x, body)));
      queryInputs.add(model.query(x));
    }
    return new Inputs(queryInputs, documents, joint);
  }

  private void checkInputs(RealmModel model, Inputs inputs) {
    check("query_", inputs.queries);
    check("doc_", inputs.documents);
    check("joint_", inputs.joint);
    if (!freeVector) {
      check("null_", List.of(model.document(new int[0], new int[0])));
    }
  }

  private void check(String prefix, List<InputSequence> sequences) {
    int[] shape = golden.ints(prefix + "input_ids").shape();
    int length = shape[shape.length - 1];
    findings.checkInput(prefix + "input_ids", Sequences.ids(sequences, length));
    findings.checkInput(prefix + "token_type_ids", Sequences.segments(sequences, length));
  }

  private CandidateReading.Candidates candidates(Inputs inputs) {
    int[] vectorRows = new int[queries * candidates];
    for (int i = 0; i < vectorRows.length; i++) {
      int k = i % candidates;
      vectorRows[i] = k == 0 ? 0 : i / candidates * (candidates - 1) + k;
    }
    TokenBatch joint = TokenBatch.of(inputs.joint);
    int[] positions = golden.ints("mlm_positions").values();
    int[] targets = golden.ints("mlm_targets").values();
    List<Integer> rows = new ArrayList<>();
    List<Integer> rowTargets = new ArrayList<>();
    for (int i = 0; i < vectorRows.length; i++) {
      for (int slot : used) {
        if (slot / slots == i / candidates) {
          rows.add(joint.offsets()[i] + positions[slot]);
          rowTargets.add(targets[slot]);
        }
      }
    }
    return new CandidateReading.Candidates(
        candidates, vectorRows, joint, array(rows), array(rowTargets), masks);
  }

  private CandidateReading read(RealmModel model, Inputs inputs) {
    Tensor queryVectors = model.queries().embed(s, TokenBatch.of(inputs.queries), null);
    Tensor documentVectors = model.withNullDocument(s, inputs.documents, null);
    return CandidateReading.of(
        s, model.encoder(), queryVectors, documentVectors, candidates(inputs), marginal, null);
  }

  private int divisor() {
    return marginal == Marginal.PER_SEQUENCE ? queries : Arrays.stream(masks).sum();
  }

  private double loss(RealmModel model, Inputs inputs) {
    try (Tape tape = s.infer()) {
      return values.of(read(model, inputs).likelihood().loss(s, divisor()))[0];
    }
  }

  private double backward(RealmModel model, Inputs inputs) {
    try (Tape tape = s.record()) {
      Tensor loss = read(model, inputs).likelihood().loss(s, divisor());
      s.backward(loss);
      return values.of(loss)[0];
    }
  }

  private void checkForward(RealmModel model, Inputs inputs) {
    CandidateReading.Candidates c = candidates(inputs);
    try (Tape tape = s.infer()) {
      Tensor vectors = model.withNullDocument(s, inputs.documents, null);
      findings.check("doc_embedding", values.of(s.gather(vectors, c.vectorRows())));
      Tensor q = model.queries().embed(s, TokenBatch.of(inputs.queries), null);
      findings.check("query_embedding", values.of(q));
      Tensor logits = model.encoder().logits(s, c.joint(), c.maskedRows()); // [rows, vocabulary]
      findings.check(
          "mlm_logits", atSlots(values.of(logits), golden.expected("mlm_logits").values().length));

      CandidateReading reading = read(model, inputs);
      MarginalLikelihood likelihood = reading.likelihood();
      findings.check("score", values.of(reading.scores()));
      findings.check(
          "gold_log_prob", atSlots(values.of(reading.tokens()), slots * queries * candidates));
      findings.check("log_p_z", values.of(likelihood.logPrior()));
      findings.check("log_p_y_given_z", values.of(likelihood.logLikelihood()));
      findings.check("posterior", posterior(likelihood));
      findings.check("loss_per_query", perQuery(values.of(likelihood.marginal())));
    }
    checkGradientOfScores(model, inputs);
  }

  /** p(z | x, y) of whole sequences. */
  private double[] posterior(MarginalLikelihood likelihood) {
    int[] byQuery = new int[queries + 1];
    Arrays.setAll(byQuery, i -> i * candidates);
    Tensor joint = s.add(likelihood.logPrior(), likelihood.logLikelihood());
    return Arrays.stream(values.of(s.logSoftmax(joint, byQuery))).map(Math::exp).toArray();
  }

  /** Minus the sum of each query's terms, of which it has one or one a masked token. */
  private double[] perQuery(double[] marginals) {
    double[] sums = new double[queries];
    for (int i = 0; i < marginals.length; i++) {
      int query = marginal == Marginal.PER_SEQUENCE ? i : used.get(i) / slots;
      sums[query] -= marginals[i];
    }
    return sums;
  }

  /** Rows of used slots, ordered by query, candidate, token, at their places among all slots. */
  private double[] atSlots(double[] x, int length) {
    List<Integer> rows = new ArrayList<>();
    for (int i = 0; i < queries * candidates; i++) {
      for (int slot : used) {
        if (slot / slots == i / candidates) {
          rows.add(i * slots + slot % slots);
        }
      }
    }
    return Values.scattered(x, array(rows), length);
  }

  /** The marginal alone, from scores and log-likelihoods that are leaves. */
  private void checkGradientOfScores(RealmModel model, Inputs inputs) {
    double[] scores;
    double[] tokens;
    try (Tape tape = s.infer()) {
      CandidateReading reading = read(model, inputs);
      scores = values.of(reading.scores());
      tokens = values.of(reading.tokens());
    }
    try (Tape tape = s.record()) {
      Tensor leaf = values.variable(scores, scores.length, 1);
      Tensor likelihoods = values.variable(tokens, tokens.length, 1);
      s.backward(
          MarginalLikelihood.of(s, leaf, likelihoods, candidates, masks, marginal)
              .loss(s, divisor()));
      double[] gradient = values.gradient(leaf);
      findings.check("grad.score", gradient == null ? new double[0] : gradient);
    }
  }

  private void checkGradients(RealmModel model) {
    findings.gradients(shared ? "embedder." : "doc_embedder.", model.documents().parameters());
    if (!shared) {
      findings.gradients("query_embedder.", model.queries().parameters());
    }
    findings.gradients("encoder.", model.encoder().parameters());
    findings.gradients("", nullVector(model));
  }

  private void checkUpdated(RealmModel model) {
    updated(shared ? "embedder." : "doc_embedder.", model.documents().parameters());
    if (!shared) {
      updated("query_embedder.", model.queries().parameters());
    }
    updated("encoder.", model.encoder().parameters());
    updated("", nullVector(model));
  }

  private void updated(String prefix, List<Parameter> parameters) {
    for (Parameter p : parameters) {
      findings.checkFirstUpdate(prefix + p.name(), values.of(p), RATE, EPSILON);
    }
  }

  private static List<Parameter> nullVector(RealmModel model) {
    return model.retrieverHead().stream().filter(p -> p.name().equals("null_embedding")).toList();
  }

  private static Optimizer optimizer(RealmModel model, OptimizerSettings settings) {
    List<Parameter> all = new ArrayList<>(model.encoder().parameters());
    all.addAll(model.retrieverTrunk());
    all.addAll(model.retrieverHead());
    return new Optimizer(
        settings.withClip(Float.POSITIVE_INFINITY), List.of(new Optimizer.Group(all, RATE)));
  }

  private static int[] array(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }
}
