package org.realm4j.nn;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Json;
import org.realm4j.io.RealmException;
import org.realm4j.io.WeightFolder;
import org.realm4j.nn.Bert.Dense;
import org.realm4j.nn.Bert.Norm;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;

/**
 * The reader of open-domain question answering (ORQA, Lee et al. 2019, section 3.2, as REALM's
 * released code has it): a BERT over [CLS] question [SEP] passage [SEP], and for each span (i, j)
 * of the passage the score w . LN(relu(A h_i + a + B h_j + b)) + c.
 *
 * <p>As thread-safe as its parameters: forward passes in sessions of their own may run at once
 * while nobody trains.
 */
public final class SpanReader {
  private static final String JOINED = "qa_outputs.dense_intermediate";

  private final ReaderConfig config;
  private final Bert bert;
  private final Dense start; // A, a
  private final Dense end; // B, b
  private final Norm norm;
  private final Dense output; // w, c

  /**
   * Names as in Hugging Face's RealmReader for the prefix {@code "realm."}. For a reader whose
   * {@code qa_outputs} are still to be trained, {@link Weights#either} gives what is known before
   * {@link Weights#random}.
   */
  public SpanReader(BertConfig bertConfig, ReaderConfig config, String prefix, Weights weights) {
    this(new Bert(bertConfig, prefix, weights), config, weights);
  }

  private SpanReader(Bert bert, ReaderConfig config, Weights head) {
    this.config = config;
    this.bert = bert;
    int d = config.spanHidden();
    // Files hold start and end as the two halves of one layer. Apart they give two [tokens, d]
    // tensors, which is what span states are made of, without copying columns.
    Dense both = Dense.of(head, JOINED, Math.multiplyExact(2, d), bert.config().hidden());
    start = half(both, "start", 0, d);
    end = half(both, "end", d, d);
    norm = Norm.of(head, "qa_outputs.layer_normalization", d);
    output = Dense.of(head, "qa_outputs.dense_output", 1, d);
  }

  /**
   * A reader that is yet to learn spans: its BERT has the given one's values, which it does not
   * share from then on; everything after it starts as BERT starts. In the paper it is the
   * knowledge-augmented encoder's, after a long pre-training. After a short one from a sentence
   * encoder the document tower's is much better: the encoder had to learn to predict words first,
   * and forgot other things meanwhile.
   */
  public static SpanReader from(Bert trunk, ReaderConfig config, long seed) {
    Map<String, float[]> values = new LinkedHashMap<>();
    trunk.parameters().forEach(p -> values.put(p.name(), p.values()));
    return new SpanReader(
        new Bert(trunk.config(), "realm.", Weights.of(values)), config, Weights.random(seed));
  }

  /**
   * Opens what {@link #save} wrote, or a published RealmReader.
   *
   * @throws RealmException.Incompatible if a tensor is missing or of another shape; names it
   */
  public static SpanReader open(Path folder) {
    return PublishedCheckpoint.readReader(folder).model();
  }

  /**
   * Writes {@code config.json} and {@code model.safetensors} with the keys of a RealmReader, less
   * those that nothing reads ({@link PublishedCheckpoint#writeReader} writes them too).
   */
  public void save(Path folder) {
    WeightFolder.write(folder, RealmModel.tensors(published()), Long.MAX_VALUE);
    Map<String, Object> json = new LinkedHashMap<>(bert.config().toJson("realm"));
    json.putAll(config.toJson());
    Json.write(folder.resolve("config.json"), json);
  }

  private static Dense half(Dense both, String name, int from, int count) {
    return new Dense(
        rows(both.weight(), JOINED + "." + name + ".weight", from, count),
        columns(both.bias(), JOINED + "." + name + ".bias", from, count));
  }

  private static Parameter rows(Parameter p, String name, int from, int count) {
    int cols = p.cols();
    float[] values = Arrays.copyOfRange(p.values(), from * cols, (from + count) * cols);
    return new Parameter(name, p.kind(), count, cols, values);
  }

  private static Parameter columns(Parameter p, String name, int from, int count) {
    float[] values = Arrays.copyOfRange(p.values(), from, from + count);
    return new Parameter(name, p.kind(), 1, count, values);
  }

  public ReaderConfig config() {
    return config;
  }

  public Bert bert() {
    return bert;
  }

  /** What comes after the BERT: what there is to learn about spans. */
  public List<Parameter> headParameters() {
    List<Parameter> all = new ArrayList<>();
    Bert.add(all, start, end);
    Bert.add(all, norm);
    Bert.add(all, output);
    return all;
  }

  /** All that is trained. */
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(bert.parameters());
    all.addAll(headParameters());
    return all;
  }

  /**
   * The parameters as files hold them, for the constructor: with {@code
   * qa_outputs.dense_intermediate [2 d, hidden]} in one piece, which is a copy.
   */
  public List<Parameter> published() {
    List<Parameter> all = new ArrayList<>(bert.parameters());
    int d = config.spanHidden();
    all.add(joined(start.weight(), end.weight(), JOINED + ".weight", 2 * d));
    all.add(joined(start.bias(), end.bias(), JOINED + ".bias", 1));
    Bert.add(all, norm);
    Bert.add(all, output);
    return all;
  }

  private static Parameter joined(Parameter a, Parameter b, String name, int rows) {
    float[] values = Arrays.copyOf(a.values(), a.size() + b.size());
    System.arraycopy(b.values(), 0, values, a.size(), b.size());
    return new Parameter(name, a.kind(), rows, values.length / rows, values);
  }

  /**
   * The score of every span, comparable between passages of one question only. Of the last layer,
   * only the rows that spans consist of are computed.
   *
   * @param joint question and passage of each sequence
   * @param spans of the same batch
   * @return {@code [spans, 1]}
   */
  public Tensor scores(Session s, TokenBatch joint, Spans spans, @Nullable DropoutPlan dropout) {
    if (spans.sequences() != joint.sequences()) {
      throw new IllegalArgumentException(
          "spans: expected those of %d sequences, found %d"
              .formatted(joint.sequences(), spans.sequences()));
    }
    Tensor h = bert.forward(s, joint, spans.rows(), dropout); // [rows, hidden]
    Tensor from = start.apply(s, h, Activation.NONE); // [rows, d]
    Tensor to = end.apply(s, h, Activation.NONE); // [rows, d]
    s.release(h);
    Tensor states = s.spanStates(from, to, spans.starts(), spans.ends()); // [spans, d]
    s.release(from);
    s.release(to);
    Tensor normed = norm.apply(s, states, null, config.layerNormEpsilon());
    s.release(states);
    Tensor scores = output.apply(s, normed, Activation.NONE); // [spans, 1]
    s.release(normed);
    return scores;
  }
}
