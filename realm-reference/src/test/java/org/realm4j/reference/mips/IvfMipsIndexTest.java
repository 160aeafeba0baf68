package org.realm4j.reference.mips;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;
import org.realm4j.reference.KernelChoice;
import org.realm4j.reference.KernelsHere;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.MipsIndexProvider;
import org.realm4j.retrieval.Vectors;
import org.realm4j.tensor.CounterRandom;

class IvfMipsIndexTest {
  private static final int D = 24;

  /** Rows around centres, whose lengths differ by a factor of three. */
  static float[] clustered(int rows, int clusters, int key) {
    float[] x = new float[rows * D];
    for (int r = 0; r < rows; r++) {
      int c = CounterRandom.below(clusters, key, r);
      float length = 1 + 2 * CounterRandom.uniform(key + 1, c);
      for (int i = 0; i < D; i++) {
        float centre = CounterRandom.gaussian(12345, c * D + i);
        x[r * D + i] = length * (centre + 0.3f * CounterRandom.gaussian(key + 3, r * D + i));
      }
    }
    return x;
  }

  private static MipsIndexProvider ivf(String... options) {
    Map<String, String> map = new java.util.LinkedHashMap<>();
    for (String option : options) {
      map.put(option.split("=")[0], option.split("=")[1]);
    }
    return MipsIndexProvider.named("ivf").with(map);
  }

  private static double recall(MipsIndex index, float[] vectors, float[] queries, int k) {
    int count = queries.length / D;
    try (MipsIndex exact = MipsIndexProvider.named("exact").build(vectors, D, 1)) {
      MipsIndex.Hits[] truth = exact.search(queries, count, k);
      MipsIndex.Hits[] hits = index.search(queries, count, k);
      int found = 0;
      for (int q = 0; q < count; q++) {
        Set<Integer> rows = new HashSet<>();
        Arrays.stream(hits[q].rows()).forEach(rows::add);
        found += (int) Arrays.stream(truth[q].rows()).filter(rows::contains).count();
      }
      return (double) found / (count * k);
    }
  }

  @Test
  void theRecallThatItTellsIsThatOfOtherQueriesToo() {
    float[] vectors = clustered(20_000, 150, 5);
    float[] queries = clustered(400, 150, 77);
    try (MipsIndex index = ivf("recall=0.95").build(vectors, D, 2)) {
      assertTrue(
          index.describe().matches("176 lists, .* probed; recall@8 0\\.9.*"), index.describe());
      assertTrue(recall(index, vectors, queries, 8) > 0.9, index.describe());
      String probed = index.describe().replaceAll(".*lists, (\\d+) probed.*", "$1");
      assertTrue(Integer.parseInt(probed) < 60, "not approximate at all: " + index.describe());
    }
  }

  @Test
  void aBuildBelowTheAskedRecallFailsWithTheFigure() {
    float[] vectors = new float[5000 * D]; // without clusters
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = CounterRandom.gaussian(3, i);
    }
    RealmException.BadInput e =
        assertThrows(
            RealmException.BadInput.class,
            () -> ivf("lists=100", "probes=3", "recall=0.9").build(vectors, D, 1));
    assertTrue(
        String.valueOf(e.getMessage())
            .matches(
                "index 'ivf': expected a recall@8 of at least 0\\.900, found 0\\.\\d+ with 3 of 100"
                    + " lists: take more probes"),
        e.getMessage());
    // what the figure is about, it can be built with
    ivf("lists=100", "probes=3", "recall=0").build(vectors, D, 1).close();
  }

  @Test
  void withAllListsItIsExact() {
    float[] vectors = clustered(3000, 40, 9);
    float[] queries = clustered(20, 40, 10);
    try (MipsIndex exact = MipsIndexProvider.named("exact").build(vectors, D, 1);
        MipsIndex all = ivf("lists=50", "probes=50").build(vectors, D, 2)) {
      assertSame(exact.search(queries, 20, 9), all.search(queries, 20, 9));
    }
  }

  @Test
  void sameHitsForAnyThreadsBatchAndWidth() {
    float[] vectors = clustered(6000, 60, 1);
    float[] queries = clustered(30, 60, 2);
    MipsIndex.Hits[] expected = null;
    for (KernelChoice choice : KernelsHere.choices()) {
      for (int threads : new int[] {1, 3}) {
        try (MipsIndex index =
            IvfBuilder.build(Vectors.of(vectors, D), IvfOptions.DEFAULT, null, threads, choice)) {
          MipsIndex.Hits[] hits = index.search(queries, 30, 12);
          expected = expected == null ? hits : expected;
          assertSame(expected, hits);
          float[] last = Arrays.copyOfRange(queries, 29 * D, 30 * D);
          assertSame(new MipsIndex.Hits[] {hits[29]}, index.search(last, 1, 12));
        }
      }
    }
  }

  private static void assertSame(MipsIndex.Hits[] expected, MipsIndex.Hits[] found) {
    for (int q = 0; q < expected.length; q++) {
      assertArrayEquals(expected[q].rows(), found[q].rows());
      assertArrayEquals(expected[q].scores(), found[q].scores());
    }
  }

  /** However few rows the nearest lists have left, k are found where there are k. */
  @Test
  void goesOnUntilThereAreEnough() {
    float[] vectors = clustered(2000, 30, 4);
    float[] queries = clustered(5, 30, 6);
    BitSet excluded = new BitSet();
    excluded.set(0, 1900);
    try (MipsIndex index = ivf("lists=40", "probes=1", "recall=0").build(vectors, D, 1)) {
      for (MipsIndex.Hits hits : index.search(queries, 5, 64, excluded)) {
        assertEquals(64, hits.rows().length);
      }
      assertEquals(2000, index.search(queries, 1, 5000)[0].rows().length);
      assertEquals(100, index.search(queries, 1, 5000, excluded)[0].rows().length);
    }
  }

  /** The vectors of a later model move; the clusters of the one before still serve. */
  @Test
  void aRebuildKeepsTheCentroids() {
    float[] before = clustered(8000, 80, 20);
    float[] after = new float[before.length];
    for (int i = 0; i < after.length; i++) {
      after[i] = before[i] + 0.05f * CounterRandom.gaussian(44, i);
    }
    MipsIndexProvider provider = ivf();
    try (MipsIndex first = provider.build(before, D, 2);
        MipsIndex second = provider.rebuild(first, Vectors.of(after, D), 2)) {
      assertArrayEquals(((IvfMipsIndex) first).centroids(), ((IvfMipsIndex) second).centroids());
      assertTrue(recall(second, after, clustered(200, 80, 21), 8) > 0.9, second.describe());
      // of something else there is nothing to keep
      try (MipsIndex exact = MipsIndexProvider.named("exact").build(before, D, 1);
          MipsIndex third = provider.rebuild(exact, Vectors.of(after, D), 1)) {
        assertEquals(8000, third.size());
      }
    }
  }

  @Test
  void wrongOptionsAreRefused() {
    refused("options are lists, probes and recall, found 'list'", "list=3");
    refused("lists: expected a number of at least 1, found '0'", "lists=0");
    refused("probes: expected a number of at least 1, found 'many'", "probes=many");
    refused("recall: expected a number from 0 to 1, found '95'", "recall=95");
    RealmException.BadInput e =
        assertThrows(
            RealmException.BadInput.class,
            () -> MipsIndexProvider.named("exact").with(Map.of("lists", "3")));
    assertEquals("index 'exact' has no options, found [lists]", e.getMessage());
  }

  private static void refused(String message, String option) {
    RealmException.BadInput e = assertThrows(RealmException.BadInput.class, () -> ivf(option));
    assertTrue(String.valueOf(e.getMessage()).contains(message), e.getMessage());
  }

  @Test
  void damagedListsAreRefusedAndDamagedRowsNamed() {
    float[] vectors = clustered(500, 10, 3);
    MipsIndexProvider ivf = ivf("lists=7", "probes=7");
    try (MipsIndex index = ivf.build(vectors, D, 1)) {
      for (int list = 0; list < 7; list++) {
        for (int wrong : new int[] {-1, 1, 1 << 20}) {
          String offset =
              "index: list %d: expected its rows in blocks".formatted(Math.max(0, list - 1));
          damaged(ivf, vectors, copies(index, "offsets", list, n -> n + wrong), offset);
          String size = "index: list %d: expected its rows in blocks".formatted(list);
          damaged(ivf, vectors, copies(index, "sizes", list, n -> n + 64 * wrong), size);
        }
      }
      for (int wrong : new int[] {500, -2, Integer.MIN_VALUE}) {
        damaged(
            ivf,
            vectors,
            copies(index, "rows", 0, n -> wrong),
            "index 'ivf': block 0: expected numbers of rows below 500, found "
                + "%,d".formatted(wrong));
      }
    }
  }

  /** The parts of an index, one integer of one of them changed. */
  private static Map<String, MemorySegment> copies(
      MipsIndex index, String name, int at, IntUnaryOperator change) {
    Map<String, MemorySegment> parts = new HashMap<>();
    index
        .parts()
        .forEach(
            (part, memory) ->
                parts.put(part, MemorySegment.ofArray(memory.toArray(ValueLayout.JAVA_BYTE))));
    MemorySegment part = Objects.requireNonNull(parts.get(name));
    int before = part.get(InvertedFile.INT, 4L * at);
    part.set(InvertedFile.INT, 4L * at, change.applyAsInt(before));
    return parts;
  }

  /** Opening or searching fails with this message. */
  private static void damaged(
      MipsIndexProvider ivf, float[] vectors, Map<String, MemorySegment> parts, String expected) {
    String message =
        String.valueOf(
            assertThrows(
                    RealmException.CorruptFile.class,
                    () -> {
                      try (MipsIndex index = ivf.open(Vectors.of(vectors, D), parts, 1)) {
                        BitSet one = new BitSet();
                        one.set(0);
                        index.search(vectors, 1, 500, one);
                      }
                    })
                .getMessage());
    assertTrue(message.contains(expected), message);
  }

  @Test
  void emptyAndTinyMatricesWork() {
    try (MipsIndex none = ivf().build(new float[0], D, 1)) {
      assertEquals(0, none.search(new float[D], 1, 3)[0].rows().length);
    }
    try (MipsIndex one = ivf().build(clustered(1, 1, 1), D, 2)) {
      assertEquals(1, one.search(new float[D], 1, 3)[0].rows().length);
    }
  }
}
