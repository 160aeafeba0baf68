package org.realm4j.retrieval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.text.Passage;

/** What tests run in a JVM of their own, to kill it or to give it little memory. */
public final class IndexProcess {
  private static final int DIMENSION = 128;

  private IndexProcess() {}

  /**
   * @param args {@code add DIR FIRST} adds passages one by one and tells each; {@code large DIR
   *     ROWS KIND} builds an index of so many vectors, larger than the heap, and searches it
   */
  public static void main(String[] args) {
    if (args[0].equals("add")) {
      add(Path.of(args[1]), Integer.parseInt(args[2]));
    } else {
      large(Path.of(args[1]), Integer.parseInt(args[2]), args[3]);
    }
  }

  /** Starts it with this test's class path. */
  static Process start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    int options = 0;
    while (arguments[options].startsWith("-")) {
      command.add(arguments[options++]);
    }
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(IndexProcess.class.getName());
    command.addAll(List.of(arguments).subList(options, arguments.length));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static void add(Path dir, int first) {
    try (PassageIndex index = PassageIndex.open(dir, 1)) {
      for (int n = first; ; n++) {
        Passage passage = TinyIndex.passage("k" + n, 2);
        index.add(List.of(passage), TinyIndex.TOKENIZER, TinyIndex::embed);
        System.out.println("added " + n);
      }
    }
  }

  static float value(int row, int column) {
    return CounterRandom.gaussian(17, row * DIMENSION + column);
  }

  private static void large(Path dir, int rows, String kind) {
    Corpus corpus =
        new Corpus() {
          @Override
          public void forEach(Consumer<Passage> consumer) {
            for (int row = 0; row < rows; row++) {
              consumer.accept(new Passage("" + row, "", "ada"));
            }
          }

          @Override
          public String describe() {
            return rows + " small passages";
          }
        };
    long begun = System.nanoTime();
    PassageStore.build(dir.resolve("corpus"), corpus, TinyIndex.TOKENIZER, 20).close();
    IndexSettings settings = new IndexSettings("model", DIMENSION, 20, kind, Map.of());
    try (PassageStore store = PassageStore.open(dir.resolve("corpus"))) {
      PassageIndex.build(dir.resolve("index"), settings, store, IndexProcess::vectors, 2).close();
    }
    long built = System.nanoTime();
    try (PassageIndex index = PassageIndex.open(dir.resolve("index"), 2);
        IndexReader reader = index.reader()) {
      long opened = System.nanoTime();
      float[] query = new float[DIMENSION];
      for (int i = 0; i < DIMENSION; i++) {
        query[i] = CounterRandom.gaussian(18, i);
      }
      int best = reader.search(query, 1, 1)[0].rows()[0];
      long searched = System.nanoTime();
      int expected = slowly(query, rows);
      Runtime runtime = Runtime.getRuntime();
      System.out.printf(
          "%s: best %d, expected %d; heap at most %d MiB; %.1f s to build, %.1f ms to open,"
              + " %.1f ms to search%n",
          best == expected ? "ok" : "wrong",
          best,
          expected,
          runtime.maxMemory() >> 20,
          (built - begun) * 1e-9,
          (opened - built) * 1e-6,
          (searched - opened) * 1e-6);
    }
  }

  private static void vectors(PassageStore store, VectorSink sink) {
    float[] some = new float[64 * DIMENSION];
    for (int row = 0; row < store.size(); row += 64) {
      int count = Math.min(64, store.size() - row);
      for (int i = 0; i < count * DIMENSION; i++) {
        some[i] = value(row + i / DIMENSION, i % DIMENSION);
      }
      sink.put(some, count);
    }
  }

  private static int slowly(float[] query, int rows) {
    int best = -1;
    double largest = Double.NEGATIVE_INFINITY;
    for (int row = 0; row < rows; row++) {
      double score = 0;
      for (int i = 0; i < DIMENSION; i++) {
        score += (double) query[i] * value(row, i);
      }
      if (score > largest) {
        largest = score;
        best = row;
      }
    }
    return best;
  }
}
