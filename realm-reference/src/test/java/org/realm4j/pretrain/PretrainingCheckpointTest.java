package org.realm4j.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmConfig;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.retrieval.IndexRefresher;
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.train.OptimizerSettings;

/** A run that was stopped and resumed is the run that was not. */
@Timeout(120)
class PretrainingCheckpointTest {
  private static final int STEPS = 13;

  @TempDir Path dir;
  private PassageStore store;

  @BeforeEach
  void open() {
    store = TinyRealm.store(dir.resolve("corpus"));
  }

  @AfterEach
  void close() {
    store.close();
  }

  /** Snapshots at 4, 8 and 12 are searched from 7, 11 and 15 on; an epoch ends at step 10. */
  private static Pretraining settings() {
    return TinyRealm.settings(STEPS).batch(4).refreshEvery(4, 3);
  }

  /** Everything that a listener is told, as bits. */
  private static final class Told implements PretrainingListener {
    private final List<String> lines;

    Told(List<String> lines) {
      this.lines = lines;
    }

    @Override
    public void step(StepReport r) {
      lines.add(
          r.step()
              + " "
              + r.loss()
              + " "
              + r.gradientNorm()
              + " "
              + r.nullProbability()
              + " "
              + r.staleness());
    }

    @Override
    public void refreshed(long step, long madeAtStep) {
      lines.add(step + " searches " + madeAtStep);
    }
  }

  private record Run(List<String> told, List<float[]> parameters) {}

  private Pretrainer fresh(RealmConfig config, Pretraining settings) {
    return new Pretrainer(
        TinyRealm.model(config),
        store,
        TinyRealm.queries(store),
        settings,
        new ReferenceBackend(),
        1);
  }

  private Pretrainer resumed(Path folder, Pretraining settings) {
    return PretrainingCheckpoint.resume(
        folder, store, model -> TinyRealm.queries(store), settings, new ReferenceBackend(), 1);
  }

  private Run run(RealmConfig config, Pretraining settings, int... cuts) {
    List<String> told = new ArrayList<>();
    Pretrainer trainer = fresh(config, settings);
    try {
      for (int cut : cuts) {
        while (trainer.step() < cut) {
          trainer.runStep(new Told(told));
        }
        Path folder = dir.resolve("checkpoint-" + settings.hashCode() + "-" + cut);
        PretrainingCheckpoint.save(folder, trainer);
        trainer.close();
        assertTrue(PretrainingCheckpoint.in(folder));
        trainer = resumed(folder, settings);
        assertEquals(cut, trainer.step());
      }
      trainer.run(new Told(told));
      return new Run(told, PretrainerTest.values(trainer.model()));
    } finally {
      trainer.close();
    }
  }

  private void assertUnbroken(RealmConfig config, Pretraining settings, int[]... cuts) {
    Run unbroken = run(config, settings);
    for (int[] cut : cuts) {
      Run broken = run(config, settings, cut);
      assertEquals(unbroken.told, broken.told);
      PretrainerTest.assertSameBits(unbroken.parameters, broken.parameters);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRunGoesOnFromAnyStep(IndexRefresher.Mode mode) {
    assertUnbroken(
        TinyRealm.config(),
        settings().refreshMode(mode),
        new int[] {0}, // the beginning
        new int[] {4}, // before a refresh starts
        new int[] {6}, // in the middle of it
        new int[] {7}, // when its vectors are about to be searched
        new int[] {10}, // between two epochs
        new int[] {5, 6, 9, 12}); // several times
  }

  @ParameterizedTest
  @EnumSource
  void aRunWithDropoutPartsAndDecayGoesOn(IndexRefresher.Mode mode) {
    Pretraining settings =
        settings()
            .refreshMode(mode)
            .dropout(0.1f)
            .accumulate(3)
            .linearDecay(true)
            .marginal(Marginal.PER_TOKEN)
            .optimizer(OptimizerSettings.adamW().withClip(Float.POSITIVE_INFINITY));
    assertUnbroken(TinyRealm.config(), settings, new int[] {5, 11});
  }

  @Test
  void separateTowersAndAFreeNullVectorGoOn() {
    RealmConfig config =
        TinyRealm.config()
            .withSeparateTowers()
            .withNullDocument(RealmConfig.NullDocument.FREE_VECTOR);
    assertUnbroken(config, settings().dropout(0.1f), new int[] {6});
    assertUnbroken(config, settings().frozenRetriever(true), new int[] {6});
  }

  @Test
  void theMiddleOfARefreshIsReallyItsMiddle() {
    try (Pretrainer trainer = fresh(TinyRealm.config(), settings())) {
      while (trainer.step() < 6) {
        trainer.runStep(PretrainingListener.NONE);
      }
      IndexRefresher.State state = trainer.refresher().checkpoint();
      assertEquals(4, state.step());
      assertTrue(state.next() > 0 && state.next() < store.size(), "at " + state.next());
    }
  }

  /** Where the passages are embedded changes no bit, so a run may go on with the other mode. */
  @Test
  void theRefreshModeMayChange() {
    Path folder = dir.resolve("checkpoint");
    Run unbroken = run(TinyRealm.config(), settings());
    try (Pretrainer trainer = fresh(TinyRealm.config(), settings())) {
      while (trainer.step() < 6) {
        trainer.runStep(PretrainingListener.NONE);
      }
      PretrainingCheckpoint.save(folder, trainer);
    }
    try (Pretrainer trainer =
        resumed(folder, settings().refreshMode(IndexRefresher.Mode.BACKGROUND))) {
      trainer.run(PretrainingListener.NONE);
      PretrainerTest.assertSameBits(unbroken.parameters, PretrainerTest.values(trainer.model()));
    }
  }

  /** Nor does computing layers again: a run that turned out too large goes on with it. */
  @Test
  void recomputationMayChange() {
    Pretraining settings = settings().dropout(0.1f);
    Run unbroken = run(TinyRealm.config(), settings);
    for (boolean first : new boolean[] {false, true}) {
      Path folder = dir.resolve("checkpoint-" + first);
      try (Pretrainer trainer = fresh(TinyRealm.config(), settings.recompute(first))) {
        while (trainer.step() < 6) {
          trainer.runStep(PretrainingListener.NONE);
        }
        PretrainingCheckpoint.save(folder, trainer);
      }
      try (Pretrainer trainer = resumed(folder, settings.recompute(!first))) {
        trainer.run(PretrainingListener.NONE);
        PretrainerTest.assertSameBits(unbroken.parameters, PretrainerTest.values(trainer.model()));
      }
    }
  }

  // ---- what is refused

  @Test
  void whatDiffersIsNamed() {
    Path folder = dir.resolve("checkpoint");
    try (Pretrainer trainer = fresh(TinyRealm.config(), settings())) {
      PretrainingCheckpoint.save(folder, trainer);
    }
    String other = "the checkpoint was made with other settings: ";
    refused(
        folder, settings().batch(2).seed(9), other + "batch was 4 and is 2, seed was 1 and is 9");
    refused(
        folder,
        settings().rates(Pretraining.Rates.paper()).masking(Masking.RANDOM_SPAN),
        other
            + "encoder_rate was 0.001 and is 3.0E-5, masking was SALIENT_SPAN and is RANDOM_SPAN,"
            + " projection_rate was 0.001 and is 3.0E-5, retriever_rate was 0.001 and is 3.0E-5");
    refused(
        folder,
        settings().optimizer(OptimizerSettings.bert().withClip(Float.POSITIVE_INFINITY)),
        other + "clip was 1.0 and is Infinity");
  }

  private void refused(Path folder, Pretraining settings, String message) {
    RealmException e =
        assertThrows(RealmException.Incompatible.class, () -> resumed(folder, settings));
    assertTrue(e.getMessage().endsWith(message), e.getMessage());
    assertFalse(e.getMessage().contains("\n"));
  }

  @Test
  void anotherCorpusAndOtherQueriesAreRefused() {
    Path folder = dir.resolve("checkpoint");
    try (Pretrainer trainer = fresh(TinyRealm.config(), settings())) {
      PretrainingCheckpoint.save(folder, trainer);
    }
    try (PassageStore shorter =
        TinyRealm.store(dir.resolve("shorter"), TinyRealm.passages().subList(0, 39))) {
      RealmException e =
          assertThrows(
              RealmException.Incompatible.class,
              () ->
                  PretrainingCheckpoint.resume(
                      folder,
                      shorter,
                      model -> TinyRealm.queries(shorter),
                      settings(),
                      new ReferenceBackend(),
                      1));
      assertTrue(
          e.getMessage()
              .endsWith(
                  "the checkpoint was made with another corpus: it was "
                      + store.fingerprint()
                      + " and is "
                      + shorter.fingerprint()),
          e.getMessage());
    }
    RealmException e =
        assertThrows(
            RealmException.Incompatible.class,
            () ->
                PretrainingCheckpoint.resume(
                    folder,
                    store,
                    model -> TinyRealm.queries(store).split(0.3f, 1).getFirst(),
                    settings(),
                    new ReferenceBackend(),
                    1));
    assertTrue(e.getMessage().contains("another choice of queries"), e.getMessage());
  }

  @Test
  void anEmptyFolderHoldsNoCheckpoint() {
    assertFalse(PretrainingCheckpoint.in(dir.resolve("nothing")));
    RealmException e =
        assertThrows(
            RealmException.BadInput.class, () -> resumed(dir.resolve("nothing"), settings()));
    assertTrue(e.getMessage().endsWith("nothing: there is no checkpoint in it"));
  }
}
