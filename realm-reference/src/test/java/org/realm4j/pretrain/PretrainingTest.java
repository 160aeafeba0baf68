package org.realm4j.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.realm4j.io.Json;
import org.realm4j.io.RealmException;
import org.realm4j.retrieval.IndexRefresher.Mode;
import org.realm4j.train.OptimizerSettings;

/** The settings of a run. */
class PretrainingTest {
  private static final Pretraining BASE = Pretraining.steps(10).refreshMode(Mode.BACKGROUND);

  private static Map<String, Pretraining> changed() {
    Map<String, Pretraining> all = new LinkedHashMap<>();
    all.put("[steps]", Pretraining.steps(11).refreshMode(Mode.BACKGROUND));
    all.put("[batch]", BASE.batch(9));
    all.put("[accumulate]", BASE.accumulate(2));
    all.put("[recompute]", BASE.recompute(true));
    all.put("[candidates]", BASE.candidates(3));
    all.put("[refresh_delay, refresh_every]", BASE.refreshEvery(7));
    all.put("[refresh_delay]", BASE.refreshEvery(500, 20));
    all.put("[free_running]", BASE.freeRunning(true));
    all.put("[marginal]", BASE.marginal(Marginal.PER_TOKEN));
    all.put("[masking]", BASE.masking(Masking.RANDOM_SPAN));
    all.put(
        "[encoder_rate, projection_rate, retriever_rate]",
        BASE.rates(Pretraining.Rates.shortRun()));
    all.put("[weight_decay]", BASE.optimizer(OptimizerSettings.bert().withWeightDecay(0)));
    all.put("[bias_correction]", BASE.optimizer(OptimizerSettings.adamW()));
    all.put("[linear_decay]", BASE.linearDecay(false));
    all.put("[dropout]", BASE.dropout(0));
    all.put("[frozen_retriever]", BASE.frozenRetriever(true));
    all.put("[seed]", BASE.seed(1L << 40));
    all.put("[refresh_mode]", BASE.refreshMode(Mode.BETWEEN_STEPS));
    return all;
  }

  /** A change touches nothing else, on top of any other change. */
  @Test
  void aChangeChangesOneThing() {
    changed()
        .forEach(
            (keys, settings) -> {
              assertEquals(keys, differing(BASE, settings).toString());
              assertNotEquals(BASE, settings);
              assertEquals(settings, settings.seed(5).seed(settings.seed()));
              assertEquals(settings.hashCode(), settings.seed(5).seed(settings.seed()).hashCode());
            });
    assertEquals(10, BASE.steps());
    assertEquals(BASE.toString(), Pretraining.steps(10).refreshMode(Mode.BACKGROUND).toString());
  }

  private static Set<String> differing(Pretraining a, Pretraining b) {
    Map<String, Object> x = Json.parseObject(Json.format(a.toJson()), "a").fields();
    Map<String, Object> y = Json.parseObject(Json.format(b.toJson()), "b").fields();
    Set<String> keys = new TreeSet<>(x.keySet());
    keys.removeIf(key -> x.get(key).equals(y.get(key)));
    return keys;
  }

  @Test
  void thePapersSettings() {
    assertEquals(8, BASE.candidates());
    assertEquals(500, BASE.refreshEvery());
    assertEquals(500, BASE.refreshDelay());
    assertEquals(0.1f, BASE.dropout());
    assertEquals(Marginal.PER_SEQUENCE, BASE.marginal());
    assertEquals(Masking.SALIENT_SPAN, BASE.masking());
    assertEquals(3e-5f, BASE.rates().encoder());
    assertEquals(OptimizerSettings.bert(), BASE.optimizer());
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThrows(RealmException.BadInput.class, () -> Pretraining.steps(-1));
    assertThrows(RealmException.BadInput.class, () -> BASE.batch(0));
    assertThrows(RealmException.BadInput.class, () -> BASE.accumulate(5));
    assertThrows(RealmException.BadInput.class, () -> BASE.candidates(0));
    assertThrows(RealmException.BadInput.class, () -> BASE.refreshEvery(-1));
    assertThrows(RealmException.BadInput.class, () -> BASE.refreshEvery(4, 5));
    assertThrows(RealmException.BadInput.class, () -> BASE.dropout(1));
    assertThrows(RealmException.BadInput.class, () -> BASE.dropout(Float.NaN));
  }
}
