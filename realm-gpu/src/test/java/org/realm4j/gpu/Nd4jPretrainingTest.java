package org.realm4j.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.pretrain.Pretrainer;
import org.realm4j.pretrain.Pretraining;
import org.realm4j.pretrain.PretrainingListener;
import org.realm4j.tensor.Backend;
import org.realm4j.testkit.contract.PretrainingContract;
import org.realm4j.testkit.model.TinyRealm;

/** Whole runs, and what happens when the device's memory is too small for one. */
class Nd4jPretrainingTest implements PretrainingContract {
  private static final long LIMIT = 6 << 20;

  @Override
  public Backend backend() {
    return new Nd4jBackend(Long.MAX_VALUE);
  }

  private static Pretrainer trainer(PassageStore store, Pretraining settings) {
    return new Pretrainer(
        TinyRealm.model(), store, TinyRealm.queries(store), settings, new Nd4jBackend(LIMIT), 1);
  }

  @Test
  void memoryThatIsTooSmallNamesTheBatchThatFits(@TempDir Path dir) {
    Pretraining settings = TinyRealm.settings(1).refreshEvery(0);
    try (PassageStore store = TinyRealm.store(dir)) {
      int fits;
      try (Pretrainer trainer = trainer(store, settings.batch(64))) {
        RealmException.OutOfMemory e =
            assertThrows(
                RealmException.OutOfMemory.class, () -> trainer.runStep(PretrainingListener.NONE));
        Matcher named =
            Pattern.compile(
                    "step 0: 64 queries at a time do not fit into memory \\(.*the limit is 6 MiB\\);"
                        + " (\\d+) do: take a batch of \\1, or accumulate (\\d+) parts .*")
                .matcher(e.getMessage());
        assertTrue(named.matches(), e.getMessage());
        fits = Integer.parseInt(named.group(1));
        assertEquals(64, fits * Integer.parseInt(named.group(2)));
        assertEquals(0, trainer.step());
        trainer.index().close();
      }
      works(store, settings.batch(fits));
      works(store, settings.batch(64).accumulate(64 / fits));
    }
  }

  private static void works(PassageStore store, Pretraining settings) {
    try (Pretrainer trainer = trainer(store, settings)) {
      trainer.run(PretrainingListener.NONE);
      assertEquals(1, trainer.step());
      trainer.index().close();
    }
  }
}
