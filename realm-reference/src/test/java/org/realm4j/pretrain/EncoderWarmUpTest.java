package org.realm4j.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.testkit.model.TinyRealm;

/** The encoder learns to read before the retriever learns from it. */
class EncoderWarmUpTest {
  private static final double NEVER = Double.POSITIVE_INFINITY;

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

  /** A run on the tiny corpus; what it told goes to the listener. */
  private int run(
      RealmModel model, EncoderWarmUp.Settings settings, EncoderWarmUp.Listener listener) {
    float[] vectors =
        new PassageEmbedder(model, store)
            .embedAll(session, model.documents(), PassageEmbedder.Progress.NONE);
    try (KnowledgeIndex index =
        new KnowledgeIndex(MipsIndexProvider.named("exact"), vectors, 16, 0, 1)) {
      return new EncoderWarmUp(
              model,
              store,
              TinyRealm.queries(store),
              new SpanOccurrences(store, model.vocabulary()),
              index)
          .run(settings, session, listener);
    }
  }

  private static RealmModel start(PassageStore store) {
    RealmModel model = TinyRealm.model();
    EncoderWarmUp.initialiseHead(model, store);
    return model;
  }

  private static EncoderWarmUp.Settings steps(int steps) {
    return new EncoderWarmUp.Settings(steps, 8, 2e-3f, 2e-3f, 0, NEVER, 1);
  }

  private static float[] encoder(RealmModel model) {
    float[] all = new float[0];
    for (Parameter p : model.encoder().bert().parameters()) {
      int at = all.length;
      all = java.util.Arrays.copyOf(all, at + p.size());
      System.arraycopy(p.values(), 0, all, at, p.size());
    }
    return all;
  }

  private static final class Readings implements EncoderWarmUp.Listener {
    final Map<Integer, EncoderWarmUp.Reading> bySteps = new TreeMap<>();

    @Override
    public void step(int step, double logLikelihood) {}

    @Override
    public void measured(int steps, EncoderWarmUp.Reading reading) {
      bySteps.put(steps, reading);
    }
  }

  @Test
  void readingIsMeasuredOnTheWayAndChangesNothing() {
    RealmModel plain = start(store);
    assertEquals(30, run(plain, steps(30), (step, likelihood) -> {}));
    RealmModel measured = start(store);
    Readings readings = new Readings();
    assertEquals(30, run(measured, steps(30).until(NEVER, 12), readings));
    assertEquals(List.of(0, 12, 24, 30), List.copyOf(readings.bySteps.keySet()));
    assertArrayEquals(encoder(plain), encoder(measured));
  }

  @Test
  void itEndsWhenReadingIsWorthEnough() {
    Readings all = new Readings();
    run(start(store), steps(100).until(NEVER, 10), all);
    double most = all.bySteps.values().stream().mapToDouble(r -> r.utility()).max().orElseThrow();
    double wanted = (most + all.bySteps.get(0).utility()) / 2;
    int first =
        all.bySteps.entrySet().stream()
            .filter(e -> e.getValue().utility() >= wanted)
            .findFirst()
            .orElseThrow()
            .getKey();
    assertTrue(first > 0, "reading is worth more later than at the start");

    Readings until = new Readings();
    assertEquals(first, run(start(store), steps(100).until(wanted, 10), until));
    assertEquals(all.bySteps.get(first), until.bySteps.get(first));
  }

  /** An encoder whose predictions do not depend on what it sees reads nothing. */
  @Test
  void aConstantEncoderGetsNothingFromReading() {
    RealmModel model = start(store);
    for (Parameter p : model.encoder().head().parameters()) {
      if (p.name().endsWith("transform.LayerNorm.weight")) {
        p.set(new float[p.size()]); // what is left is the bias of the output
      }
    }
    Readings readings = new Readings();
    run(model, steps(0).until(NEVER, 1), readings);
    EncoderWarmUp.Reading reading = readings.bySteps.get(0);
    assertEquals(0, reading.utility(), 1e-12);
    assertTrue(reading.without() < -1, "spans are not certain: " + reading);
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    RealmException e =
        assertThrows(RealmException.BadInput.class, () -> steps(10).until(Double.NaN, 5));
    assertEquals(
        "encoder warm-up: expected steps >= 0, batch >= 1, steps between measurements >= 0,"
            + " found 10, 8, 5; enough: NaN nats",
        e.getMessage());
    assertThrows(RealmException.BadInput.class, () -> steps(10).until(3, -1));
  }

  @Test
  void theEncodersWarmUpRaisesTheLikelihood() {
    RealmModel model = start(store);
    float[] retriever = model.documents().bert().wordEmbeddings().values().clone();
    List<Double> likelihoods = new ArrayList<>();
    run(model, steps(100), (step, likelihood) -> likelihoods.add(likelihood));
    double early = likelihoods.subList(0, 10).stream().mapToDouble(x -> x).average().orElseThrow();
    double late = likelihoods.subList(90, 100).stream().mapToDouble(x -> x).average().orElseThrow();
    assertTrue(late > early + 1, early + " to " + late);
    assertArrayEquals(retriever, model.documents().bert().wordEmbeddings().values());
  }

  @Test
  void theHeadStartsWithTheFrequenciesOfTheCorpus() {
    RealmModel model = start(store);
    float[] bias = model.encoder().head().bias().values();
    double sum = 0;
    for (float b : bias) {
      sum += Math.exp(b);
    }
    assertEquals(1, sum, 1e-4);
    assertTrue(bias[model.vocabulary().id("in")] > bias[model.vocabulary().id("kiel")]);
    assertTrue(bias[model.vocabulary().id("kiel")] > bias[model.vocabulary().id("stone")]);
  }
}
