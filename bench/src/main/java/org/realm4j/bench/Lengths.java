package org.realm4j.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmConfig;
import org.realm4j.tensor.Activation;
import org.realm4j.tensor.CounterRandom;

/**
 * How long real text is: the wordpieces of some thousand passages of Wikipedia, their titles, and
 * of questions. Numbers only, which {@link LengthsTool} took from the text.
 *
 * @param titles of each passage
 * @param bodies of each passage
 * @param questions of each question
 */
record Lengths(int[] titles, int[] bodies, int[] questions) {
  private static final String RESOURCE = "lengths.txt";

  /** What the library does with longer ones: it cuts them. */
  private static final RealmConfig LIMITS =
      RealmConfig.fromSentenceEncoder(Networks.miniLm(Activation.GELU));

  static Lengths load() {
    try (InputStream in =
        Objects.requireNonNull(Lengths.class.getResourceAsStream(RESOURCE), RESOURCE)) {
      return read(new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE, e);
    }
  }

  /** Three lines of numbers, each after its name; lines that begin with # say what they are. */
  static Lengths read(BufferedReader in) throws IOException {
    List<String> lines = in.lines().filter(l -> !l.startsWith("#")).toList();
    if (lines.size() != 3) {
      throw new RealmException.CorruptFile(
          RESOURCE + ": expected 3 lines of numbers, found " + lines.size());
    }
    Lengths lengths =
        new Lengths(
            line(lines.get(0), "titles"),
            line(lines.get(1), "bodies"),
            line(lines.get(2), "questions"));
    if (lengths.titles.length != lengths.bodies.length) {
      throw new RealmException.CorruptFile(
          "%s: expected as many titles as bodies, found %d and %d"
              .formatted(RESOURCE, lengths.titles.length, lengths.bodies.length));
    }
    return lengths;
  }

  static int[] line(String line, String name) {
    List<String> words = List.of(line.split(" "));
    if (!words.getFirst().equals(name)) {
      throw new RealmException.CorruptFile(
          "%s: expected %s, found %s".formatted(RESOURCE, name, words.getFirst()));
    }
    return words.stream().skip(1).mapToInt(Integer::parseInt).toArray();
  }

  int passages() {
    return bodies.length;
  }

  /** [CLS] title [SEP] body [SEP] */
  int document(int passage) {
    return Math.min(3 + titles[passage] + bodies[passage], LIMITS.passageLimit());
  }

  /** [CLS] x [SEP] */
  int query(int question) {
    return Math.min(2 + questions[question], LIMITS.queryLimit());
  }

  /** [CLS] x [SEP] body [SEP] */
  int joint(int question, int passage) {
    return query(question) + Math.min(bodies[passage], LIMITS.passageLimit() - 2) + 1;
  }

  /** A batch of random questions and passages, the same for the same seed. */
  RealmBatch batch(int queries, int candidates, int seed) {
    RealmBatch batch = RealmBatch.even(queries, candidates, 0, 0, 0, 0);
    for (int b = 0; b < queries; b++) {
      int question = CounterRandom.below(questions.length, CounterRandom.key(seed, 0), b);
      batch.queries()[b] = query(question);
      batch.masks()[b] = Math.max(1, Math.round(0.15f * questions[question]));
      batch.joint()[b * candidates] = query(question) + 1; // the null document: an empty body
      for (int k = 1; k < candidates; k++) {
        int document = b * (candidates - 1) + k - 1;
        int passage = CounterRandom.below(passages(), CounterRandom.key(seed, 1), document);
        batch.documents()[document] = document(passage);
        batch.joint()[b * candidates + k] = joint(question, passage);
      }
    }
    return batch;
  }

  /** The documents of random passages. */
  int[] documents(int n, int seed) {
    int[] lengths = new int[n];
    int key = CounterRandom.key(seed, 2);
    Arrays.setAll(lengths, i -> document(CounterRandom.below(passages(), key, i)));
    return lengths;
  }
}
