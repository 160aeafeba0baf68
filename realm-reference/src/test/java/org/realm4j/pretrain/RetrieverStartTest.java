package org.realm4j.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.EmbedderConfig;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmConfig;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.testkit.model.TinyRealm;

/** The start of projection, gain and null vector. */
class RetrieverStartTest {
  private static final int K = 8;

  @TempDir Path dir;
  private PassageStore store;
  private Session session;

  @BeforeEach
  void open() {
    store = TinyRealm.store(dir);
    session = new ReferenceBackend().open(1);
  }

  @AfterEach
  void close() {
    session.close();
    store.close();
  }

  private RetrieverStart.Report start(RealmModel model, double entropy) {
    return RetrieverStart.initialise(
        model,
        store,
        TinyRealm.queries(store).sample(20, 1),
        K,
        entropy,
        session,
        PassageEmbedder.Progress.NONE);
  }

  private KnowledgeIndex index(RealmModel model) {
    float[] vectors =
        new PassageEmbedder(model, store)
            .embedAll(session, model.documents(), PassageEmbedder.Progress.NONE);
    return new KnowledgeIndex(MipsIndexProvider.named("exact"), vectors, 16, 0, 1);
  }

  /** The entropy is measured again through the whole model. */
  @ParameterizedTest
  @CsvSource({"EMPTY_PASSAGE, 1.5", "FREE_VECTOR, 1.5", "FREE_VECTOR, 0.7"})
  void theEntropyIsReached(RealmConfig.NullDocument nullDocument, double entropy) {
    RealmModel model = TinyRealm.model(TinyRealm.config().withNullDocument(nullDocument));
    RetrieverStart.Report report = start(model, entropy);
    assertEquals(entropy, report.entropy(), 1e-3);
    double measured = 0;
    double empty = 0;
    double nullScore = 0;
    double otherScore = 0;
    List<MaskedQuery> queries = TinyRealm.queries(store).sample(20, 1);
    try (KnowledgeIndex index = index(model)) {
      for (SpanEvaluation.Outcome o :
          new SpanEvaluation(model, store, new SpanOccurrences(store, model.vocabulary()), K)
              .run(queries, index, session, (done, all) -> {})) {
        for (double p : o.prior()) {
          measured -= p * Math.log(p) / queries.size();
        }
        empty += o.prior()[0] / queries.size();
        // log p differs from the score by a constant of the query.
        nullScore += Math.log(o.prior()[0]);
        for (int k = 1; k < K; k++) {
          otherScore += Math.log(o.prior()[k]) / (K - 1);
        }
      }
    }
    assertEquals(entropy, measured, 1e-3);
    assertEquals(report.nullProbability(), empty, 1e-3);
    if (nullDocument == RealmConfig.NullDocument.FREE_VECTOR) {
      assertEquals(otherScore / queries.size(), nullScore / queries.size(), 1e-3);
    }
  }

  /** The projection's rows span what subspace iteration finds for the normalised states. */
  @Test
  void theProjectionHoldsThePrincipalDirections() {
    RealmModel model = TinyRealm.model();
    List<InputSequence> inputs = new ArrayList<>();
    for (int p = 0; p < store.size(); p++) {
      inputs.add(new PassageEmbedder(model, store).input(p));
    }
    float[] states;
    try (Tape tape = session.infer()) {
      states = model.documents().pooled(session, TokenBatch.of(inputs), null).toArray();
    }
    int h = 32;
    double[][] moments = new double[h][h];
    for (int r = 0; r < states.length; r += h) {
      double norm = 0;
      for (int i = 0; i < h; i++) {
        norm += (double) states[r + i] * states[r + i];
      }
      for (int i = 0; i < h; i++) {
        for (int j = 0; j < h; j++) {
          moments[i][j] += states[r + i] * states[r + j] / norm;
        }
      }
    }
    start(model, 1.5);
    float[] projection =
        model.documents().headParameters().stream()
            .filter(p -> p.name().equals("cls.dense.weight"))
            .findFirst()
            .orElseThrow()
            .values();
    // Orthonormal rows, each an eigenvector, by falling eigenvalue; power iteration agrees.
    double last = Double.POSITIVE_INFINITY;
    double[][] deflated = moments;
    for (int p = 0; p < 16; p++) {
      float[] row = Arrays.copyOfRange(projection, p * h, (p + 1) * h);
      double[] image = times(moments, row);
      double value = 0;
      for (int i = 0; i < h; i++) {
        value += image[i] * row[i];
      }
      for (int i = 0; i < h; i++) {
        assertEquals(value * row[i], image[i], 1e-5);
      }
      for (int q = 0; q <= p; q++) {
        double dot = 0;
        for (int i = 0; i < h; i++) {
          dot += (double) row[i] * projection[q * h + i];
        }
        assertEquals(p == q ? 1 : 0, dot, 1e-5);
      }
      assertTrue(value <= last + 1e-9);
      assertEquals(largestEigenvalue(deflated), value, 1e-4 * value + 1e-7);
      deflated = without(deflated, row, value);
      last = value;
    }
  }

  private static double[] times(double[][] m, float[] x) {
    return Arrays.stream(m)
        .mapToDouble(
            r -> {
              double sum = 0;
              for (int i = 0; i < x.length; i++) {
                sum += r[i] * x[i];
              }
              return sum;
            })
        .toArray();
  }

  private static double largestEigenvalue(double[][] m) {
    double[] x = new Random(4).doubles(m.length, -1, 1).toArray();
    double value = 0;
    for (int t = 0; t < 3000; t++) {
      double[] y = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        for (int j = 0; j < x.length; j++) {
          y[i] += m[i][j] * x[j];
        }
      }
      value = Math.sqrt(Arrays.stream(y).map(v -> v * v).sum());
      for (int i = 0; i < x.length; i++) {
        x[i] = y[i] / value;
      }
    }
    return value;
  }

  private static double[][] without(double[][] m, float[] x, double value) {
    double[][] left = new double[m.length][m.length];
    for (int i = 0; i < m.length; i++) {
      for (int j = 0; j < m.length; j++) {
        left[i][j] = m[i][j] - value * x[i] * x[j];
      }
    }
    return left;
  }

  @Test
  void separateTowersStartEqual() {
    RealmModel model = TinyRealm.model(TinyRealm.config().withSeparateTowers());
    start(model, 1.5);
    List<Parameter> a = model.documents().headParameters();
    List<Parameter> b = model.queries().headParameters();
    for (int i = 0; i < a.size(); i++) {
      assertArrayEquals(a.get(i).values(), b.get(i).values());
    }
  }

  /**
   * Without a layer norm there is nothing to set a gain with: what is reported is what is there.
   */
  @Test
  void withoutALayerNormTheGainIsOne() {
    RealmConfig c = TinyRealm.config();
    RealmModel plain =
        TinyRealm.model(
            new RealmConfig(
                c.retriever(),
                new EmbedderConfig(EmbedderConfig.Pooling.CLS, true, 16, false, 1e-12f),
                c.encoder(),
                true,
                RealmConfig.NullDocument.FREE_VECTOR,
                24,
                40));
    RetrieverStart.Report report = start(plain, 1.5);
    assertEquals(1, report.gain());
    double measured = 0;
    List<MaskedQuery> queries = TinyRealm.queries(store).sample(20, 1);
    try (KnowledgeIndex index = index(plain)) {
      for (SpanEvaluation.Outcome o :
          new SpanEvaluation(plain, store, new SpanOccurrences(store, plain.vocabulary()), K)
              .run(queries, index, session, (done, all) -> {})) {
        measured += o.prior()[0] / queries.size();
      }
    }
    assertEquals(report.nullProbability(), measured, 1e-4);
  }

  @Test
  void aProjectionWiderThanTheModelIsRefused() {
    RealmConfig c = TinyRealm.config();
    RealmModel wide =
        TinyRealm.model(
            new RealmConfig(
                c.retriever(),
                new EmbedderConfig(EmbedderConfig.Pooling.MEAN, false, 33, true, 1e-12f),
                c.encoder(),
                true,
                c.nullDocument(),
                24,
                40));
    RealmException e = assertThrows(RealmException.BadInput.class, () -> start(wide, 1.5));
    assertEquals("projection: expected at most the hidden size 32, found 33", e.getMessage());
  }
}
