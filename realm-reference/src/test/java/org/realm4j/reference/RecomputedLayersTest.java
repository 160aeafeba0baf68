package org.realm4j.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.corpus.PassageStore;
import org.realm4j.nn.Bert;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.DropoutPlan;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.nn.Weights;
import org.realm4j.pretrain.Pretrainer;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.pretrain.PretrainingListener;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.model.TinyRealm;

/** Layers that are computed again in backward: less memory, the same bits. */
class RecomputedLayersTest {
  private static final int LAYERS = 6;
  private static final int HIDDEN = 32;
  private static final int SEQUENCES = 20;
  private static final int TOKENS = SEQUENCES * 31;

  private static Bert bert() {
    return new Bert(
        new BertConfig(50, HIDDEN, LAYERS, 4, 4 * HIDDEN, 64, 2, Activation.GELU, 1e-12f),
        "",
        Weights.random(3));
  }

  private static TokenBatch batch() {
    List<InputSequence> sequences = new ArrayList<>();
    for (int i = 0; i < SEQUENCES; i++) {
      int[] ids = new int[TOKENS / SEQUENCES];
      Arrays.setAll(ids, t -> (7 * t + 3) % 50);
      ids[0] = i;
      sequences.add(new InputSequence(ids, new int[ids.length]));
    }
    return TokenBatch.of(sequences);
  }

  /**
   * @param values of the forward pass
   * @param gradients of the parameters
   */
  private record Pass(float[] values, List<float[]> gradients, long floats) {}

  private static Pass pass(
      Bert bert, TokenBatch batch, int @Nullable [] rows, @Nullable DropoutPlan dropout) {
    try (ReferenceSession s = (ReferenceSession) new ReferenceBackend().open(1)) {
      float[] values;
      try (Tape _ = s.record()) {
        Tensor y = bert.forward(s, batch, rows, dropout);
        values = y.toArray();
        float[] gradient = new float[values.length];
        for (int i = 0; i < gradient.length; i++) {
          gradient[i] = i % 13 - 6f;
        }
        s.backward(y, gradient);
      }
      List<float[]> gradients = new ArrayList<>();
      for (Parameter p : bert.parameters()) {
        float[] gradient = s.gradient(p);
        assertNotNull(gradient, p.name());
        gradients.add(gradient.clone());
      }
      return new Pass(values, gradients, s.pooledFloats());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"all rows", "chosen rows"})
  void theSameBitsInAFractionOfTheMemory(String which) {
    TokenBatch batch = batch();
    int[] rows = which.equals("all rows") ? null : batch.firstRows();
    int[] examples = new int[SEQUENCES];
    Arrays.setAll(examples, i -> 5 + i);
    DropoutPlan dropout = new DropoutPlan(0.2f, 77, examples);
    Bert bert = bert();
    Pass plain = pass(bert, batch, rows, dropout);
    bert.recomputeLayers(true);
    Pass again = pass(bert, batch, rows, dropout);
    assertArrayEquals(plain.values, again.values);
    for (int i = 0; i < plain.gradients.size(); i++) {
      String name = bert.parameters().get(i).name();
      assertArrayEquals(plain.gradients.get(i), again.gradients.get(i), name);
    }
    assertTrue(
        again.floats < plain.floats / 2,
        "expected less than half of " + plain.floats + " floats, found " + again.floats);
    bert.recomputeLayers(false);
    assertEquals(plain.floats, pass(bert, batch, rows, dropout).floats);
  }

  @Test
  void aModelHandsTheSwitchToAllItsNetworks() {
    RealmModel model = TinyRealm.model(TinyRealm.config().withSeparateTowers());
    TokenBatch batch = batch();
    Map<String, Bert> networks = new LinkedHashMap<>();
    networks.put("documents", model.documents().bert());
    networks.put("queries", model.queries().bert());
    networks.put("encoder", model.encoder().bert());
    Map<String, Long> before = new LinkedHashMap<>();
    networks.forEach((name, bert) -> before.put(name, pass(bert, batch, null, null).floats));
    model.recomputeLayers(true);
    networks.forEach(
        (name, bert) -> {
          long floats = pass(bert, batch, null, null).floats;
          assertTrue(floats < before.get(name), name + ": " + floats + " of " + before);
        });
    model.recomputeLayers(false);
    networks.forEach(
        (name, bert) -> assertEquals(before.get(name), pass(bert, batch, null, null).floats, name));
  }

  @Test
  void preTrainingSetsIt(@TempDir Path dir) {
    try (PassageStore store = TinyRealm.store(dir.resolve("corpus"))) {
      Pretraining settings = TinyRealm.settings(3).batch(8).refreshEvery(0);
      long plain = floats(TinyRealm.model(), store, settings);
      long again = floats(TinyRealm.model(), store, settings.recompute(true));
      assertTrue(again < plain, "expected less than " + plain + " floats, found " + again);
      RealmModel model = TinyRealm.model();
      model.recomputeLayers(true);
      assertEquals(plain, floats(model, store, settings), "the settings decide");
    }
  }

  private static long floats(RealmModel model, PassageStore store, Pretraining settings) {
    try (Pretrainer trainer =
        new Pretrainer(
            model, store, TinyRealm.queries(store), settings, new ReferenceBackend(), 1)) {
      trainer.run(PretrainingListener.NONE);
      trainer.index().close();
      return ((ReferenceSession) trainer.session()).pooledFloats();
    }
  }
}
