package org.realm4j.retrieval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.io.FolderLock;
import org.realm4j.io.PublishedFolder;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.text.Passage;

class PassageIndexTest {
  @TempDir Path dir;

  private static List<Passage> passages(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> TinyIndex.passage("p" + i, i)).toList();
  }

  private PassageIndex build(String kind, int passages) {
    return TinyIndex.build(dir.resolve("index"), kind, passages(0, passages));
  }

  private Path published() {
    return PublishedFolder.at(dir.resolve("index")).current().orElseThrow();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(published())) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"exact", "int8", "ivf"})
  void whatWasBuiltIsFoundAgainAfterOpening(String kind) {
    float[] query = TinyIndex.vector("query");
    List<String> built;
    try (PassageIndex index = build(kind, 60);
        IndexReader reader = index.reader()) {
      built = TinyIndex.best(reader, query, 5);
      assertEquals(5, built.size());
    }
    try (PassageIndex index = PassageIndex.open(dir.resolve("index"), 1);
        IndexReader reader = index.reader()) {
      assertEquals(built, TinyIndex.best(reader, query, 5));
      assertEquals(kind, index.settings().kind());
      Passage found = reader.passage(reader.search(query, 1, 1)[0].rows()[0]);
      assertEquals(reader.row(found.id()), reader.search(query, 1, 1)[0].rows()[0]);
    }
  }

  @Test
  void aChangeTakesOverWhatItDoesNotTouch() throws IOException {
    try (PassageIndex index = build("int8", 300)) {
      Object before = Files.getAttribute(published().resolve("segment-1/vectors.data"), "unix:ino");
      index.add(passages(300, 303), TinyIndex.TOKENIZER, TinyIndex::embed);
      index.remove(List.of("p7"));
      Path vectors = published().resolve("segment-1/vectors.data");
      assertEquals(before, Files.getAttribute(vectors, "unix:ino"), "copied instead of linked");
      try (IndexReader reader = index.reader()) {
        assertEquals(2, reader.segments());
      }
      PassageIndex.check(dir.resolve("index"));
    }
  }

  /** However many are added one by one, there are few segments. */
  @Test
  void smallSegmentsAreMerged() {
    try (PassageIndex index = build("exact", 1)) {
      for (int i = 1; i < 40; i++) {
        index.add(passages(i, i + 1), TinyIndex.TOKENIZER, TinyIndex::embed);
        try (IndexReader reader = index.reader()) {
          assertTrue(reader.segments() <= 6, i + ": " + reader.segments());
        }
      }
      try (IndexReader reader = index.reader()) {
        TinyIndex.Model model = new TinyIndex.Model();
        passages(0, 40).forEach(model::add);
        float[] query = TinyIndex.vector("query");
        assertEquals(model.best(query, 99), TinyIndex.best(reader, query, 99));
      }
    }
  }

  @Test
  void allMayGoAndComeAgain() {
    try (PassageIndex index = build("int8", 4)) {
      index.remove(List.of("p0", "p1", "p2", "p3"));
      try (IndexReader reader = index.reader()) {
        assertEquals(0, reader.size());
        assertEquals(0, reader.removed());
        assertTrue(TinyIndex.best(reader, TinyIndex.vector("query"), 3).isEmpty());
      }
      index.add(passages(2, 4), TinyIndex.TOKENIZER, TinyIndex::embed);
      try (IndexReader reader = index.reader()) {
        assertTrue(reader.size() >= 2);
      }
    }
  }

  /** The bytes of every file, the manifest's too, are under a checksum. */
  @Test
  void everyOneOfAThousandBitFlipsIsFound() throws IOException {
    try (PassageIndex index = build("ivf", 120)) {
      index.add(passages(120, 140), TinyIndex.TOKENIZER, TinyIndex::embed);
      index.remove(List.of("p3", "p77"));
    }
    List<Path> files = new ArrayList<>(files());
    files.add(dir.resolve("index/CURRENT"));
    long[] ends = new long[files.size()];
    long all = 0;
    for (int i = 0; i < ends.length; i++) {
      all += Files.size(files.get(i));
      ends[i] = all;
    }
    PassageIndex.check(dir.resolve("index"));
    int found = 0;
    for (int n = 0; n < 1000; n++) {
      long bit = Integer.toUnsignedLong(CounterRandom.mix(n * 31 + 7)) % (8 * all);
      int file = 0;
      while (bit / 8 >= ends[file]) {
        file++;
      }
      long at = bit / 8 - (file == 0 ? 0 : ends[file - 1]);
      flip(files.get(file), at, (int) (bit % 8));
      RealmException e =
          assertThrows(
              RealmException.class,
              () -> PassageIndex.check(dir.resolve("index")),
              files.get(file) + ", byte " + at);
      assertTrue(
          e instanceof RealmException.CorruptFile || e instanceof RealmException.Incompatible);
      found++;
      flip(files.get(file), at, (int) (bit % 8));
    }
    assertEquals(1000, found);
    PassageIndex.check(dir.resolve("index"));
  }

  private static void flip(Path file, long at, int bit) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      java.nio.ByteBuffer one = java.nio.ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) (one.get(0) ^ 1 << bit));
      channel.write(one.flip(), at);
    }
  }

  @Test
  void aFileCutAnywhereIsRefusedAtOpening() throws IOException {
    build("ivf", 30).close();
    int tried = 0;
    for (Path file : files()) {
      byte[] whole = Files.readAllBytes(file);
      for (int n = 0; n < 40; n++) {
        int length = (int) ((long) n * whole.length / 40);
        Files.write(file, java.util.Arrays.copyOf(whole, length));
        assertThrows(
            RealmException.CorruptFile.class,
            () -> PassageIndex.open(dir.resolve("index"), 1).close(),
            file + " of " + length);
        tried++;
      }
      Files.write(file, java.util.Arrays.copyOf(whole, whole.length + 1));
      assertThrows(
          RealmException.CorruptFile.class,
          () -> PassageIndex.open(dir.resolve("index"), 1).close());
      Files.delete(file);
      assertThrows(
          RealmException.CorruptFile.class,
          () -> PassageIndex.open(dir.resolve("index"), 1).close());
      Files.write(file, whole);
    }
    assertTrue(tried >= 300, "files: " + files());
    PassageIndex.open(dir.resolve("index"), 1).close();
  }

  /** A file of another build has the right length, and not the passages' fingerprint. */
  @Test
  void filesOfAnotherBuildAreRefused() throws IOException {
    build("exact", 30).close();
    Path other = dir.resolve("other");
    TinyIndex.build(other, "exact", passages(1, 31)).close();
    Path foreign = PublishedFolder.at(other).current().orElseThrow();
    Path mine = published().resolve("segment-1/vectors.data");
    byte[] bytes = Files.readAllBytes(foreign.resolve("segment-1/vectors.data"));
    assertEquals(Files.size(mine), bytes.length, "the test needs files of one length");
    Files.write(mine, bytes);
    RealmException e =
        assertThrows(
            RealmException.CorruptFile.class,
            () -> PassageIndex.open(dir.resolve("index"), 1).close());
    assertTrue(String.valueOf(e.getMessage()).contains("the passages "), e.getMessage());
  }

  @Test
  void badInputIsOneClearErrorAndTheOldServes() {
    try (PassageIndex index = build("int8", 20)) {
      float[] query = TinyIndex.vector("query");
      List<String> before;
      try (IndexReader reader = index.reader()) {
        before = TinyIndex.best(reader, query, 6);
        refused(
            "queries: expected 1 vectors of 12, found 11 values",
            () -> reader.search(new float[11], 1, 3));
        refused("k: expected at least 1, found 0", () -> reader.search(query, 1, 0));
        float[] nan = query.clone();
        nan[5] = Float.NaN;
        refused("queries: row 0, column 5 is NaN", () -> reader.search(nan, 1, 3));
        assertEquals(reader.size(), TinyIndex.best(reader, query, 1 << 30).size());
      }
      refused(
          "passage 'p99': expected one of the index, found none",
          () -> index.remove(List.of("p3", "p99")));
      refused(
          "passage 'p4': expected a new id, found one of the index: replace it",
          () -> index.add(passages(4, 5), TinyIndex.TOKENIZER, TinyIndex::embed));
      refused(
          "the id 'p50' was already used",
          () ->
              index.add(
                  List.of(TinyIndex.passage("p50", 1), TinyIndex.passage("p50", 2)),
                  TinyIndex.TOKENIZER,
                  TinyIndex::embed));
      refused(
          "vectors: row 1, column 3 is NaN",
          () ->
              index.add(
                  List.of(TinyIndex.passage("p50", 1), TinyIndex.passage("p51", 1)),
                  TinyIndex.TOKENIZER,
                  (store, sink) -> {
                    float[] rows = new float[store.size() * TinyIndex.DIMENSION];
                    rows[TinyIndex.DIMENSION + 3] = Float.NaN;
                    sink.put(rows, store.size());
                  }));
      RealmException.CorruptFile few =
          assertThrows(
              RealmException.CorruptFile.class,
              () ->
                  index.add(
                      passages(50, 53),
                      TinyIndex.TOKENIZER,
                      (store, sink) -> sink.put(new float[TinyIndex.DIMENSION], 1)));
      assertTrue(String.valueOf(few.getMessage()).contains("vectors of 12"), few.getMessage());
      index.remove(List.of("p3"));
      refused(
          "passage 'p3': expected one of the index, found none", () -> index.remove(List.of("p3")));
      index.replace(List.of(TinyIndex.passage("p3", 3)), TinyIndex.TOKENIZER, TinyIndex::embed);
      try (IndexReader reader = index.reader()) {
        assertEquals(
            before.stream().sorted().toList(),
            TinyIndex.best(reader, query, 6).stream().sorted().toList());
      }
      RealmException.Incompatible other =
          assertThrows(
              RealmException.Incompatible.class, () -> index.checkBelongsTo("f".repeat(32)));
      assertTrue(String.valueOf(other.getMessage()).contains("made with another model"));
    }
  }

  private static void refused(String message, org.junit.jupiter.api.function.Executable action) {
    RealmException e = assertThrows(RealmException.BadInput.class, action);
    assertTrue(String.valueOf(e.getMessage()).contains(message), e.getMessage());
  }

  @Test
  void aSecondWriterIsRefusedAndReadersGoOn() {
    try (PassageIndex index = build("exact", 10);
        PassageIndex second = PassageIndex.open(dir.resolve("index"), 1)) {
      try (FolderLock lock = FolderLock.acquire(dir.resolve("index"))) {
        refused("", () -> index.remove(List.of("p1")));
      }
      index.remove(List.of("p1"));
      // it would undo what the first has done
      refused("another writer changed it", () -> second.remove(List.of("p2")));
      try (IndexReader reader = second.reader()) {
        assertTrue(reader.row("p1") >= 0 || reader.row("p1#1") >= 0);
      }
    }
    assertThrows(RealmException.BadInput.class, () -> PassageIndex.open(dir.resolve("none"), 1));
  }

  /** Wherever the embedding stops, nothing has happened. */
  @Test
  void anInterruptedChangeLeavesTheOldGeneration() throws IOException {
    try (PassageIndex index = build("ivf", 20)) {
      Path before = published();
      for (int stop = 0; stop < 5; stop++) {
        int at = stop;
        IllegalStateException e =
            assertThrows(
                IllegalStateException.class,
                () ->
                    index.add(
                        passages(20, 25),
                        TinyIndex.TOKENIZER,
                        (store, sink) -> {
                          for (int i = 0; i < at; i++) {
                            sink.put(new float[TinyIndex.DIMENSION], 1);
                          }
                          throw new IllegalStateException("stopped");
                        }));
        assertEquals("stopped", e.getMessage());
        assertEquals(before, published());
        try (Stream<Path> left = Files.list(dir.resolve("index"))) {
          assertEquals(
              List.of("CURRENT", "generation-1", "writer.lock"),
              left.map(path -> path.getFileName().toString()).sorted().toList());
        }
      }
      index.add(passages(20, 25), TinyIndex.TOKENIZER, TinyIndex::embed);
      PassageIndex.check(dir.resolve("index"));
    }
  }

  /** Eight readers while it changes two hundred times: each answer is that of one generation. */
  @Test
  void readersSeeOneGenerationEach() throws Exception {
    Map<String, TinyIndex.Model> models = new ConcurrentHashMap<>();
    AtomicBoolean done = new AtomicBoolean();
    AtomicInteger answers = new AtomicInteger();
    try (PassageIndex index = build("int8", 30);
        ExecutorService pool = Executors.newFixedThreadPool(8)) {
      TinyIndex.Model model = new TinyIndex.Model();
      passages(0, 30).forEach(model::add);
      models.put(id(index), model);
      List<Future<?>> readers = new ArrayList<>();
      for (int r = 0; r < 8; r++) {
        int reader = r;
        readers.add(
            pool.submit(
                () -> {
                  for (int n = 0; !done.get(); n++) {
                    float[] query = TinyIndex.vector(reader + " asks " + n);
                    try (IndexReader held = index.reader()) {
                      List<String> best = TinyIndex.best(held, query, 4);
                      TinyIndex.Model then = models.get(held.id());
                      if (then != null) { // the writer has not yet said what it holds
                        assertEquals(then.best(query, 4), best);
                        answers.incrementAndGet();
                      }
                    }
                  }
                }));
      }
      for (int n = 0; n < 200; n++) {
        TinyIndex.Model next = new TinyIndex.Model();
        model.all().forEach(next::add);
        if (n % 2 == 0) {
          Passage passage = TinyIndex.passage("n" + n, n);
          index.add(List.of(passage), TinyIndex.TOKENIZER, TinyIndex::embed);
          next.add(passage);
        } else {
          String id = model.ids().get(n % model.ids().size());
          index.remove(List.of(id));
          next.remove(id);
        }
        models.put(id(index), next); // read by all of them: never changed again
        model = next;
      }
      done.set(true);
      for (Future<?> reader : readers) {
        reader.get();
      }
    }
    assertTrue(answers.get() > 200, "too few answers to tell: " + answers);
  }

  private static String id(PassageIndex index) {
    try (IndexReader reader = index.reader()) {
      return reader.id();
    }
  }

  /** Whoever holds it keeps it; the last to give it back closes it, once. */
  @Test
  void aSharedThingIsFreedOnceAndNeverWhileItIsHeld() throws Exception {
    try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
      for (int round = 0; round < 2000; round++) {
        AtomicInteger freed = new AtomicInteger();
        Shared shared =
            new Shared() {
              @Override
              void free() {
                freed.incrementAndGet();
              }
            };
        List<Future<?>> all = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
          all.add(
              pool.submit(
                  () -> {
                    for (int i = 0; i < 20 && shared.take(); i++) {
                      assertEquals(0, freed.get(), "freed while it was held");
                      shared.giveBack();
                    }
                  }));
        }
        all.add(pool.submit(shared::giveBack));
        for (Future<?> one : all) {
          one.get();
        }
        assertEquals(1, freed.get());
        assertFalse(shared.take());
      }
    }
  }

  /** An interrupt closes a channel, but nothing that is mapped. */
  @Test
  void anInterruptStopsOpeningButNoSearch() {
    try (PassageIndex index = build("int8", 10);
        IndexReader reader = index.reader()) {
      float[] query = TinyIndex.vector("query");
      List<String> before = TinyIndex.best(reader, query, 3);
      Thread.currentThread().interrupt();
      try {
        assertEquals(before, TinyIndex.best(reader, query, 3));
        RealmException e =
            assertThrows(
                RealmException.class, () -> PassageIndex.open(dir.resolve("index"), 1).close());
        assertFalse(e instanceof RealmException.CorruptFile, e.getMessage());
      } finally {
        Thread.interrupted();
      }
      assertEquals(before, TinyIndex.best(reader, query, 3));
      PassageIndex.open(dir.resolve("index"), 1).close();
    }
  }

  @Test
  void useAfterCloseThrows() {
    PassageIndex index = build("exact", 3);
    IndexReader reader = index.reader();
    index.close();
    index.close();
    assertThrows(IllegalStateException.class, index::reader);
    assertEquals(3, TinyIndex.best(reader, TinyIndex.vector("q"), 3).size());
    reader.close();
    reader.close();
    assertThrows(IllegalStateException.class, reader::size);
  }
}
