package org.realm4j.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;
import org.realm4j.pretrain.Pretrainer;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.pretrain.PretrainingCheckpoint;
import org.realm4j.pretrain.PretrainingListener;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Parameter;
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.testkit.oracle.OracleBackend;

/**
 * Whole training runs of a small model follow the oracle: the same seed draws the same masks and
 * the same dropout bits on every backend. Needs an exact index, such as realm-reference's, on the
 * class path.
 */
public interface PretrainingContract extends BackendUnderTest {
  /** How far losses may be apart, relative. */
  double LOSSES = 1e-4;

  /** How far scores may be apart where another passage was retrieved, relative to the largest. */
  double SCORES = 1e-4;

  /** What one run did. */
  record Run(List<Double> losses, List<Double> norms, List<MipsIndex.Hits[]> found) {}

  private static Pretraining settings(int steps) {
    return TinyRealm.settings(steps).dropout(0.1f).refreshEvery(4, 2);
  }

  private static Run run(
      Path dir, Backend backend, int threads, Pretraining settings, RecordedIndexes indexes) {
    Run run = new Run(new ArrayList<>(), new ArrayList<>(), indexes.found());
    RealmModel model = TinyRealm.diverse(TinyRealm.config());
    try (PassageStore store = TinyRealm.store(dir);
        Pretrainer trainer =
            new Pretrainer(
                model,
                store,
                TinyRealm.queries(store),
                settings,
                backend,
                threads,
                indexes,
                null)) {
      go(trainer, run);
    }
    return new Run(run.losses, run.norms, indexes.found());
  }

  private static void go(Pretrainer trainer, Run run) {
    trainer.run(
        report -> {
          run.losses.add(report.loss());
          run.norms.add(report.gradientNorm());
        });
    trainer.index().close();
  }

  private static void same(String what, List<Double> expected, List<Double> found, double share) {
    assertEquals(expected.size(), found.size(), what);
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(
          expected.get(i), found.get(i), share * Math.abs(expected.get(i)), what + " " + i);
    }
  }

  @Test
  default void tenStepsOnTheSameCandidatesFollowTheOracle(@TempDir Path dir) {
    RecordedIndexes recorded = RecordedIndexes.recording();
    Run truth = run(dir.resolve("a"), new OracleBackend(), 1, settings(10), recorded);
    Run found = run(dir.resolve("b"), backend(), threads(), settings(10), recorded.replaying());
    assertEquals(10, found.losses.size());
    same("loss of step", truth.losses, found.losses, LOSSES);
    same("norm of step", truth.norms, found.norms, 10 * LOSSES);
  }

  /**
   * With live retrieval from an index that is refreshed on the way, the passages are the same
   * wherever their scores differ by more than the tolerance. After a step with other candidates the
   * two runs are two runs, so the comparison ends there.
   */
  @Test
  default void liveRetrievalFindsWhatTheOracleFinds(@TempDir Path dir) {
    Run truth =
        run(dir.resolve("a"), new OracleBackend(), 1, settings(10), RecordedIndexes.recording());
    Run found =
        run(dir.resolve("b"), backend(), threads(), settings(10), RecordedIndexes.recording());
    for (int step = 0; step < 10; step++) {
      boolean same = true;
      for (int q = 0; q < truth.found.get(step).length; q++) {
        MipsIndex.Hits a = truth.found.get(step)[q];
        MipsIndex.Hits b = found.found.get(step)[q];
        for (int i = 0; i < a.rows().length; i++) {
          same &= a.rows()[i] == b.rows()[i];
          assertEquals(
              a.scores()[i],
              b.scores()[i],
              SCORES * Math.abs(a.scores()[0]),
              "step " + step + ", query " + q + ", hit " + i);
        }
      }
      if (!same) {
        return;
      }
      same(
          "loss of step " + step,
          truth.losses.subList(step, step + 1),
          found.losses.subList(step, step + 1),
          LOSSES);
    }
  }

  /** What one backend wrote another one goes on with, in both directions. */
  @Test
  default void checkpointsTravel(@TempDir Path dir) {
    List<Double> whole =
        run(dir.resolve("w"), new OracleBackend(), 1, settings(8), RecordedIndexes.recording())
            .losses;
    List<Double> there = interrupted(dir.resolve("there"), new OracleBackend(), backend());
    List<Double> back = interrupted(dir.resolve("back"), backend(), new OracleBackend());
    same("written by the oracle, loss of step", whole, there, LOSSES);
    same("resumed by the oracle, loss of step", whole, back, LOSSES);
  }

  private List<Double> interrupted(Path dir, Backend first, Backend second) {
    Run run = new Run(new ArrayList<>(), new ArrayList<>(), List.of());
    try (PassageStore store = TinyRealm.store(dir.resolve("corpus"))) {
      try (Pretrainer trainer =
          new Pretrainer(
              TinyRealm.diverse(TinyRealm.config()),
              store,
              TinyRealm.queries(store),
              settings(8),
              first,
              threads())) {
        for (int i = 0; i < 5; i++) { // in the middle of a refresh
          trainer.runStep(report -> run.losses.add(report.loss()));
        }
        PretrainingCheckpoint.save(dir.resolve("checkpoint"), trainer);
        trainer.index().close();
      }
      try (Pretrainer trainer =
          PretrainingCheckpoint.resume(
              dir.resolve("checkpoint"),
              store,
              model -> TinyRealm.queries(store),
              settings(8),
              second,
              threads())) {
        go(trainer, run);
      }
    }
    return run.losses;
  }

  /** A value that is not a number stops the step, and the operation that gave it is named. */
  @Test
  default void notANumberIsNamed(@TempDir Path dir) {
    try (PassageStore store = TinyRealm.store(dir)) {
      RealmModel model = TinyRealm.model();
      try (Pretrainer trainer =
          new Pretrainer(
              model, store, TinyRealm.queries(store), settings(4), backend(), threads())) {
        trainer.runStep(PretrainingListener.NONE);
        Parameter broken =
            model.encoder().parameters().stream()
                .filter(p -> p.name().contains("layer.1.output.dense.weight"))
                .findFirst()
                .orElseThrow();
        broken.values()[3] = Float.NaN;
        broken.changed();
        float[] before = model.encoder().parameters().getFirst().values().clone();
        RealmException e =
            assertThrows(RealmException.class, () -> trainer.runStep(PretrainingListener.NONE));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.startsWith("step 1: the loss is NaN"), message);
        assertTrue(message.contains("linear by " + broken.name()), message);
        assertTrue(message.contains("nothing was updated"), message);
        assertEquals(1, trainer.step());
        float[] after = model.encoder().parameters().getFirst().values();
        for (int i = 0; i < before.length; i++) {
          assertEquals(before[i], after[i], 0f);
        }
        trainer.index().close();
      }
    }
  }
}
