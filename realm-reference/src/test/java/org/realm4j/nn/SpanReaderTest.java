package org.realm4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.oracle.OracleBackend;
import org.realm4j.testkit.oracle.OracleSession;

class SpanReaderTest {
  private static final BertConfig BERT =
      new BertConfig(40, 16, 2, 2, 24, 32, 2, Activation.GELU_TANH, 1e-12f);
  private static final ReaderConfig CONFIG = new ReaderConfig(6, 4, 1e-3f);
  private static final InputSequence SHORT = pair(3, 2);
  private static final InputSequence LONG = pair(4, 7);

  private static InputSequence pair(int question, int passage) {
    int[] ids = new int[3 + question + passage];
    int[] segments = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = 5 + (7 * i + passage) % 30;
      segments[i] = i < question + 2 ? 0 : 1;
    }
    return new InputSequence(ids, segments);
  }

  /** Larger than a start, so that scores differ. */
  private static SpanReader reader(long seed) {
    SpanReader reader = new SpanReader(BERT, CONFIG, "realm.", Weights.random(seed));
    for (Parameter p : reader.parameters()) {
      if (p.kind() != Parameter.Kind.LAYER_NORM) {
        for (int i = 0; i < p.size(); i++) {
          p.values()[i] = 20 * p.values()[i] + 0.01f * (i % 5);
        }
        p.changed();
      }
    }
    return reader;
  }

  private static Spans spans(TokenBatch joint) {
    return Spans.of(ReadWindow.of(joint), CONFIG.maxSpanWidth());
  }

  private static float[] scores(
      Session s, SpanReader reader, @Nullable DropoutPlan dropout, InputSequence... sequences) {
    TokenBatch joint = TokenBatch.of(List.of(sequences));
    try (Tape tape = s.infer()) {
      return reader.scores(s, joint, spans(joint), dropout).toArray();
    }
  }

  /** w . LN(relu(A h_i + a + B h_j + b)) + c by loops, from what the file's layout holds. */
  @Test
  void scoresAreThoseOfTheFormula() {
    SpanReader reader = reader(1);
    Map<String, Parameter> files = new LinkedHashMap<>();
    reader.published().forEach(p -> files.put(p.name(), p));
    float[] m = files.get("qa_outputs.dense_intermediate.weight").values();
    float[] b = files.get("qa_outputs.dense_intermediate.bias").values();
    float[] gamma = files.get("qa_outputs.layer_normalization.weight").values();
    float[] beta = files.get("qa_outputs.layer_normalization.bias").values();
    float[] w = files.get("qa_outputs.dense_output.weight").values();
    float c = files.get("qa_outputs.dense_output.bias").values()[0];
    int d = CONFIG.spanHidden();
    int h = BERT.hidden();
    TokenBatch joint = TokenBatch.of(List.of(SHORT, LONG));
    Spans spans = spans(joint);
    try (OracleSession s = new OracleBackend().open(1);
        Tape tape = s.infer()) {
      double[] states = s.doubles(reader.bert().forward(s, joint, null));
      double[] scores = s.doubles(reader.scores(s, joint, spans, null));
      assertEquals(spans.size(), scores.length);
      for (int span = 0; span < spans.size(); span++) {
        double[] u = new double[d];
        for (int i = 0; i < d; i++) {
          u[i] = b[i] + b[d + i];
          for (int j = 0; j < h; j++) {
            u[i] += m[i * h + j] * states[spans.startRow(span) * h + j];
            u[i] += m[(d + i) * h + j] * states[spans.endRow(span) * h + j];
          }
          u[i] = Math.max(0, u[i]);
        }
        double mean = Arrays.stream(u).average().orElseThrow();
        double variance = Arrays.stream(u).map(x -> (x - mean) * (x - mean)).sum() / d;
        double score = c;
        for (int i = 0; i < d; i++) {
          score += w[i] * (gamma[i] * (u[i] - mean) / Math.sqrt(variance + 1e-3f) + beta[i]);
        }
        assertEquals(score, scores[span], 1e-12 * Math.max(1, Math.abs(score)), "span " + span);
      }
    }
  }

  @Test
  void aPassagesScoresAreTheSameBitsAloneAndPacked() {
    SpanReader reader = reader(2);
    try (Session s = new ReferenceBackend().open(2)) {
      DropoutPlan both = new DropoutPlan(0.3f, 7, new int[] {4, 9});
      DropoutPlan second = new DropoutPlan(0.3f, 7, new int[] {9});
      int first = scores(s, reader, null, SHORT).length;
      for (boolean drop : new boolean[] {false, true}) {
        float[] packed = scores(s, reader, drop ? both : null, SHORT, LONG);
        assertArrayEquals(
            Arrays.copyOfRange(packed, first, packed.length),
            scores(s, reader, drop ? second : null, LONG));
      }
      assertFalse(
          Arrays.equals(scores(s, reader, null, LONG), scores(s, reader, second, LONG)),
          "dropout changes nothing");
    }
  }

  @Test
  void everyParameterGetsAGradient() {
    SpanReader reader = reader(3);
    TokenBatch joint = TokenBatch.of(List.of(SHORT, LONG));
    Spans spans = spans(joint);
    try (Session s = new ReferenceBackend().open(1)) {
      try (Tape tape = s.record()) {
        Tensor scores = reader.scores(s, joint, spans, null);
        float[] gradient = new float[spans.size()];
        gradient[3] = 1;
        s.backward(scores, gradient);
      }
      reader.parameters().forEach(p -> assertNotNull(s.gradient(p), p.name()));
    }
  }

  @Test
  void aPassageOfWhichNothingIsReadHasNoScores() {
    SpanReader reader = reader(4);
    try (Session s = new ReferenceBackend().open(1)) {
      assertEquals(0, scores(s, reader, null, pair(3, 0)).length);
      assertArrayEquals(
          scores(s, reader, null, LONG), scores(s, reader, null, pair(3, 0), LONG, pair(1, 0)));
    }
  }

  @Test
  void spansOfAnotherBatchAreSaid() {
    TokenBatch one = TokenBatch.of(List.of(SHORT));
    Spans two = spans(TokenBatch.of(List.of(SHORT, LONG)));
    try (Session s = new ReferenceBackend().open(1);
        Tape tape = s.infer()) {
      assertThrows(IllegalArgumentException.class, () -> reader(1).scores(s, one, two, null));
    }
  }

  @Test
  void theFilesLayoutGivesTheSameReader() {
    SpanReader reader = reader(5);
    Map<String, float[]> values = new LinkedHashMap<>();
    reader.published().forEach(p -> values.put(p.name(), p.values()));
    SpanReader again = new SpanReader(BERT, CONFIG, "realm.", Weights.of(values));
    assertSameBits(reader.parameters(), again.parameters());
  }

  @Test
  void aNewReaderHasTheEncodersTrunkAndStartsItsHead() {
    KnowledgeAugmentedEncoder encoder =
        new KnowledgeAugmentedEncoder(BERT, "realm.", Weights.random(6));
    ReaderConfig large = new ReaderConfig(256, 10, 1e-3f);
    SpanReader reader = SpanReader.from(encoder.bert(), large, 8);
    assertSameBits(encoder.bert().parameters(), reader.bert().parameters());
    Parameter word = encoder.bert().wordEmbeddings();
    word.values()[0] += 1;
    assertFalse(
        word.values()[0] == reader.bert().wordEmbeddings().values()[0], "the trunk is shared");
    for (Parameter p : reader.headParameters()) {
      double[] x = new double[p.size()];
      Arrays.setAll(x, i -> p.values()[i]);
      if (p.kind() == Parameter.Kind.WEIGHT) {
        double deviation = Math.sqrt(Arrays.stream(x).map(v -> v * v).average().orElseThrow());
        assertEquals(0.0195, deviation, 0.002, p.name()); // 0.02, cut off at 0.04
        assertTrue(Arrays.stream(x).allMatch(v -> Math.abs(v) <= 0.04f), p.name());
      } else {
        double expected =
            p.kind() == Parameter.Kind.LAYER_NORM && p.name().endsWith("weight") ? 1 : 0;
        assertTrue(Arrays.stream(x).allMatch(v -> v == expected), p.name());
      }
    }
  }

  @Test
  void impossibleSizesAreSaid() {
    assertThrows(RealmException.BadInput.class, () -> new ReaderConfig(0, 10, 1e-3f));
    assertThrows(RealmException.BadInput.class, () -> new ReaderConfig(256, 0, 1e-3f));
    assertThrows(RealmException.BadInput.class, () -> new ReaderConfig(256, 10, Float.NaN));
  }

  static void assertSameBits(List<Parameter> expected, List<Parameter> actual) {
    assertEquals(
        expected.stream().map(Parameter::toString).toList(),
        actual.stream().map(Parameter::toString).toList());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(
          0,
          Arrays.compare(expected.get(i).values(), actual.get(i).values()),
          expected.get(i).name());
    }
  }
}
