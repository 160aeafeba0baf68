package org.realm4j.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
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
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.testkit.model.TinyRealm;

/** Invariants 21 and 27: vectors are the same bits wherever and whenever they are made. */
@Timeout(60)
class IndexRefresherTest {
  private static final int D = 16;

  @TempDir Path dir;
  private PassageStore store;
  private RealmModel model;
  private Session session;
  private float[] expected;

  @BeforeEach
  void open() {
    store = TinyRealm.store(dir);
    model = TinyRealm.model();
    session = new ReferenceBackend().open(1);
    expected = embed(model);
  }

  private float[] embed(RealmModel of) {
    return new PassageEmbedder(of, store)
        .embedAll(session, of.documents(), PassageEmbedder.Progress.NONE);
  }

  @AfterEach
  void close() {
    session.close();
    store.close();
  }

  private IndexRefresher refresher(IndexRefresher.Mode mode) {
    return new IndexRefresher(
        model, store, mode, session, new ReferenceBackend(), IndexRefresher.Load.ONE_THREAD);
  }

  @Test
  void aPassageHasOneVectorWhateverItIsPackedWith() {
    PassageEmbedder embedder = new PassageEmbedder(model, store);
    for (int p = 0; p < store.size(); p += 7) {
      float[] alone = new float[expected.length];
      assertEquals(p + 1, embedder.embedBatch(session, model.documents(), p, p + 1, alone));
      assertArrayEquals(row(expected, p), row(alone, p));
      try (Tape tape = session.record()) { // the training path, without dropout
        float[] trained =
            model.withNullDocument(session, List.of(embedder.input(p)), null).toArray();
        assertArrayEquals(row(expected, p), row(trained, 1));
      }
    }
    assertArrayEquals(expected, embed(model));
  }

  private static float[] row(float[] vectors, int i) {
    return Arrays.copyOfRange(vectors, i * D, (i + 1) * D);
  }

  @Test
  void dropoutDoesNotDependOnPacking() {
    PassageEmbedder embedder = new PassageEmbedder(model, store);
    InputSequence a = embedder.input(0);
    InputSequence b = embedder.input(1);
    try (Tape tape = session.record()) {
      float[] both = embedWithDropout(List.of(a, b), 5, 9);
      float[] turned = embedWithDropout(List.of(b, a), 9, 5);
      assertArrayEquals(row(both, 0), row(turned, 1));
      assertArrayEquals(row(both, 1), row(turned, 0));
      assertFalse(Arrays.equals(row(both, 0), row(expected, 0)));
      assertFalse(Arrays.equals(row(both, 0), embedWithDropout(List.of(a), 6)));
    }
  }

  private float[] embedWithDropout(List<InputSequence> inputs, int... examples) {
    return model
        .documents()
        .embed(session, TokenBatch.of(inputs), new org.realm4j.nn.DropoutPlan(0.2f, 77, examples))
        .toArray();
  }

  @ParameterizedTest
  @EnumSource
  void bothModesGiveTheBitsOfTheSnapshot(IndexRefresher.Mode mode) {
    try (IndexRefresher refresher = refresher(mode)) {
      for (int round = 1; round <= 2; round++) {
        float[] then = embed(model);
        refresher.start(round);
        change(); // training goes on: the snapshot must not see it
        IndexRefresher.State done = refresher.finish();
        assertEquals(round, done.step());
        assertArrayEquals(then, done.vectors());
        assertFalse(refresher.running());
      }
    }
  }

  private void change() {
    for (Parameter p : model.retrieverTrunk()) {
      p.values()[0] += 0.5f;
      p.changed();
    }
  }

  /** A fiftieth of the time on two threads: the same bits, later, unless somebody waits. */
  @Test
  void aShareOfTheMachineGivesTheSameBits() {
    IndexRefresher.Load little = new IndexRefresher.Load(2, 0.02);
    try (IndexRefresher refresher =
        new IndexRefresher(
            model,
            store,
            IndexRefresher.Mode.BACKGROUND,
            session,
            new ReferenceBackend(),
            little)) {
      refresher.start(1);
      assertEquals(1, refresher.step());
      assertArrayEquals(expected, refresher.finish().vectors());
      assertEquals(-1, refresher.step());
    }
    assertThrows(RealmException.BadInput.class, () -> new IndexRefresher.Load(0, 1));
    assertThrows(RealmException.BadInput.class, () -> new IndexRefresher.Load(1, 0));
    assertThrows(RealmException.BadInput.class, () -> new IndexRefresher.Load(1, 1.1));
  }

  /** An interrupt while waiting is told; the refresh itself goes on and can be awaited again. */
  @Test
  void anInterruptedWaitLosesNothing() {
    try (IndexRefresher refresher = refresher(IndexRefresher.Mode.BACKGROUND)) {
      refresher.start(5);
      Thread.currentThread().interrupt();
      try {
        refresher.finish();
        refresher.start(5); // it was done already: then there is nothing to interrupt
      } catch (RealmException e) {
        assertTrue(e.getMessage().startsWith("interrupted"), e.getMessage());
      }
      Thread.interrupted();
      assertTrue(refresher.running());
      assertArrayEquals(expected, refresher.finish().vectors());
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void workIsSpreadOverTheSteps() {
    try (IndexRefresher refresher = refresher(IndexRefresher.Mode.BETWEEN_STEPS)) {
      refresher.start(3);
      assertEquals(0, refresher.embedded());
      for (int done = 1; done <= 4; done++) {
        refresher.work(5 - done);
        assertEquals(done * store.size() / 4, refresher.embedded());
      }
      assertArrayEquals(expected, refresher.finish().vectors());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCheckpointGoesOnWhereItWasWritten(IndexRefresher.Mode mode) {
    PassageEmbedder embedder = new PassageEmbedder(model, store);
    float[] half = new float[expected.length];
    embedder.embedBatch(session, model.documents(), 0, 15, half);
    try (IndexRefresher refresher = refresher(mode)) {
      refresher.resume(new IndexRefresher.State(8, RealmModel.copy(model.documents()), 15, half));
      change();
      IndexRefresher.State saved = refresher.checkpoint();
      assertNotNull(saved);
      assertTrue(saved.next() >= 15);
      assertThrows(IllegalStateException.class, () -> refresher.start(9));
      assertArrayEquals(expected, refresher.finish().vectors());
      assertNull(refresher.checkpoint());
      assertThrows(IllegalStateException.class, refresher::finish);
    }
  }

  @Test
  void aFailureInTheBackgroundComesOutAtTheEnd() {
    Backend broken =
        new Backend() {
          @Override
          public String name() {
            return "broken";
          }

          @Override
          public String describe() {
            return "broken";
          }

          @Override
          public Session open(int threads) {
            Session s = new ReferenceBackend().open(threads);
            s.close(); // every use of it fails
            return s;
          }
        };
    try (IndexRefresher refresher =
        new IndexRefresher(
            model,
            store,
            IndexRefresher.Mode.BACKGROUND,
            session,
            broken,
            IndexRefresher.Load.ONE_THREAD)) {
      refresher.start(12);
      RealmException e = assertThrows(RealmException.class, refresher::finish);
      assertTrue(e.getMessage().startsWith("refresh from step 12 failed: "), e.getMessage());
      assertNotNull(e.getCause());
    }
  }

  @Test
  void closeEndsTheThread() throws InterruptedException {
    IndexRefresher refresher = refresher(IndexRefresher.Mode.BACKGROUND);
    refresher.start(1);
    Thread thread =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t.getName().equals("realm-refresh") && t.isAlive())
            .findFirst()
            .orElseThrow();
    refresher.close();
    thread.join(10_000);
    assertFalse(thread.isAlive());
  }

  @Test
  void closingAnIndexEndsItsThreads() throws InterruptedException {
    KnowledgeIndex index = new KnowledgeIndex(MipsIndexProvider.named("exact"), expected, D, 4, 3);
    assertEquals(2, searchers());
    index.close();
    index.close();
    for (int i = 0; i < 1000 && searchers() > 0; i++) {
      Thread.sleep(5);
    }
    assertEquals(0, searchers());
    assertEquals(4, index.madeAtStep());
    assertArrayEquals(expected, index.vectors());
  }

  static long searchers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith("realm-mips"))
        .count();
  }
}
