package org.realm4j.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.testkit.model.TinyRealm;
import org.realm4j.testkit.oracle.OracleBackend;
import org.realm4j.testkit.oracle.OracleSession;
import org.realm4j.text.Passage;

/** Invariants 23 and 24: the inverse cloze task. */
class InverseClozeTaskTest {
  @TempDir Path dir;

  private static List<String> units(String text) {
    return InverseClozeTask.units(text).stream().map(s -> s.of(text)).toList();
  }

  @Test
  void unitsAreSentencesOrThePartsOfOne() {
    assertEquals(List.of("Ada came.", "Max came."), units("Ada came. Max came."));
    assertEquals(List.of("a child", "a town", "stone."), units(" a child; a town ;; stone. "));
    assertEquals(List.of("a; b.", "Max came."), units("a; b. Max came."));
    assertEquals(List.of("a child"), units("a child ; ; "));
    assertEquals(List.of(), units("  "));
  }

  @Test
  void queryAndRestAreThePassage() {
    RealmModel model = TinyRealm.model();
    try (PassageStore store = TinyRealm.store(dir)) {
      InverseClozeTask task = new InverseClozeTask(model, store);
      assertEquals(30, task.size()); // one in four has a single part
      int removed = 0;
      int semicolon = model.vocabulary().id(";");
      for (int n = 0; n < 3000; n++) {
        InverseClozeTask.Pair pair = task.pair(1, n);
        int[] whole = store.textIds(pair.passage());
        if (pair.removed()) {
          removed++;
          assertTrue(pair.rest().length >= 1);
          assertEquals(whole.length, pair.query().length + pair.rest().length);
          assertTrue(isCutOut(whole, pair.query(), pair.rest()), "pair " + n);
          assertTrue(Arrays.stream(pair.query()).noneMatch(id -> id == semicolon));
        } else {
          assertArrayEquals(whole, pair.rest());
        }
      }
      assertEquals(0.9, removed / 3000.0, 0.02);
    }
  }

  private static boolean isCutOut(int[] whole, int[] query, int[] rest) {
    for (int at = 0; at <= rest.length; at++) {
      int[] joined = new int[whole.length];
      System.arraycopy(rest, 0, joined, 0, at);
      System.arraycopy(query, 0, joined, at, query.length);
      System.arraycopy(rest, at, joined, at + query.length, rest.length - at);
      if (Arrays.equals(whole, joined)) {
        return true;
      }
    }
    return false;
  }

  @Test
  void anEpochVisitsEveryUsablePassageOnce() {
    try (PassageStore store = TinyRealm.store(dir)) {
      InverseClozeTask task = new InverseClozeTask(TinyRealm.model(), store);
      for (int epoch = 0; epoch < 5; epoch++) {
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < task.size(); i++) {
          seen.add(task.pair(3, (long) epoch * task.size() + i).passage());
        }
        assertEquals(task.size(), seen.size());
      }
      assertEquals(
          Arrays.toString(task.pair(3, 17).query()), Arrays.toString(task.pair(3, 17).query()));
    }
  }

  @Test
  void passagesOfOnePartAreOfNoUse() {
    List<Passage> passages =
        List.of(
            new Passage("a", "", "Ada came to London."), new Passage("b", "", "a child; a town"));
    try (PassageStore store = TinyRealm.store(dir, passages)) {
      RealmException e =
          assertThrows(
              RealmException.BadInput.class, () -> new InverseClozeTask(TinyRealm.model(), store));
      assertEquals(
          "inverse cloze task: expected at least 2 passages of two sentences or parts, found 1 of"
              + " 2",
          e.getMessage());
    }
  }

  private static double loss(double[] queries, double[] passages, int n) {
    try (OracleSession s = new OracleBackend().open(1);
        Tape tape = s.record()) {
      Tensor loss =
          InverseClozeTask.loss(
              s,
              s.variable(queries, n, queries.length / n),
              s.variable(passages, n, passages.length / n));
      return s.doubles(loss)[0];
    }
  }

  @Test
  void theLossIsCrossEntropyWithTheOwnPassage() {
    int n = 4;
    int d = 3;
    double[] same = new double[n * d];
    Arrays.fill(same, 0.7);
    assertEquals(Math.log(n), loss(same, same, n), 1e-6);
    double[] q = new Random(1).doubles((long) n * d, -2, 2).toArray();
    double[] z = new Random(2).doubles((long) n * d, -2, 2).toArray();
    double expected = 0;
    for (int i = 0; i < n; i++) {
      double sum = 0;
      double own = 0;
      for (int j = 0; j < n; j++) {
        double score = 0;
        for (int c = 0; c < d; c++) {
          score += q[i * d + c] * z[j * d + c];
        }
        sum += Math.exp(score);
        own = i == j ? score : own;
      }
      expected -= (own - Math.log(sum)) / n;
    }
    assertEquals(expected, loss(q, z, n), 1e-6);
    assertEquals(expected, loss(turned(q, d), turned(z, d), n), 1e-6);
  }

  private static double[] turned(double[] x, int d) {
    double[] y = new double[x.length];
    Arrays.setAll(y, i -> x[(i + d) % x.length]);
    return y;
  }

  @Test
  void trainingLowersTheLoss() {
    try (PassageStore store = TinyRealm.store(dir);
        Session session = new ReferenceBackend().open(1)) {
      List<Double> losses = new ArrayList<>();
      new InverseClozeTask(TinyRealm.model(), store)
          .run(
              new InverseClozeTask.Settings(30, 10, 1e-3f, 1e-3f, 1),
              session,
              (step, loss) -> losses.add(loss));
      double early = losses.subList(0, 5).stream().mapToDouble(x -> x).average().orElseThrow();
      double late = losses.subList(25, 30).stream().mapToDouble(x -> x).average().orElseThrow();
      assertTrue(late < 0.7 * early, early + " to " + late);
    }
  }
}
