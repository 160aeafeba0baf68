package org.realm4j.pretrain;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.ArrayList;
import java.util.List;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import org.realm4j.tensor.Tensor;
import org.realm4j.text.SentenceSplitter;
import org.realm4j.text.Span;
import org.realm4j.train.Optimizer;
import org.realm4j.train.OptimizerSettings;
import org.realm4j.train.RandomStream;
import org.realm4j.train.Schedule;

/**
 * The retriever's warm start (section 3.4; Lee et al. 2019): a sentence is the query, the passage
 * that it was taken from the answer, the other passages of the batch the wrong ones. In nine cases
 * of ten the sentence is removed from its passage. Passages of one sentence are taken apart at
 * their semicolons; those with fewer than two parts are left out.
 */
public final class InverseClozeTask {
  /** Probability that the sentence is removed. */
  private static final float REMOVED = 0.9f;

  private static final Schedule RAMP_UP = Schedule.rampUp(10);

  /**
   * @param trunk learning rate of the BERT
   * @param projection learning rate of what comes after it
   */
  public record Settings(int steps, int batch, float trunk, float projection, long seed) {
    /** Gentle, for a sentence encoder that retrieves well already. */
    public static Settings of(int steps) {
      return new Settings(steps, 32, 2e-5f, 2e-4f, 1);
    }
  }

  /**
   * A pair of the task.
   *
   * @param query wordpieces of the sentence
   * @param rest wordpieces of its passage, without it where it was removed
   */
  public record Pair(int passage, int[] query, int[] rest, boolean removed) {}

  private final RealmModel model;
  private final PassageStore store;
  private final int[] usable;

  /**
   * @throws RealmException.BadInput if fewer than two passages have two parts
   */
  public InverseClozeTask(RealmModel model, PassageStore store) {
    this.model = model;
    this.store = store;
    IntArrayList found = new IntArrayList();
    for (int p = 0; p < store.size(); p++) {
      if (units(store.passage(p).text()).size() >= 2) {
        found.add(p);
      }
    }
    if (found.size() < 2) {
      throw new RealmException.BadInput(
          "inverse cloze task: expected at least 2 passages of two sentences or parts, found "
              + found.size()
              + " of "
              + store.size());
    }
    usable = found.toIntArray();
  }

  /** Passages that the task can use. */
  public int size() {
    return usable.length;
  }

  /** Sentences, or the parts between semicolons where there is only one. */
  static List<Span> units(String text) {
    List<Span> sentences = SentenceSplitter.split(text);
    if (sentences.size() != 1) {
      return sentences;
    }
    List<Span> parts = new ArrayList<>();
    int start = sentences.getFirst().start();
    int end = sentences.getFirst().end();
    for (int i = start; i <= end; i++) {
      if (i == end || text.charAt(i) == ';') {
        Span part = trimmed(text, start, i);
        if (part.length() > 0) {
          parts.add(part);
        }
        start = i + 1;
      }
    }
    return parts;
  }

  private static Span trimmed(String text, int start, int end) {
    int from = start;
    int to = end;
    while (from < to && Character.isWhitespace(text.charAt(from))) {
      from++;
    }
    while (to > from && Character.isWhitespace(text.charAt(to - 1))) {
      to--;
    }
    return new Span(from, to);
  }

  /** The n-th pair of a run: a pure function of seed and number. */
  public Pair pair(long seed, long number) {
    int key = RandomStream.INVERSE_CLOZE.key(seed, number);
    long epoch = number / usable.length;
    // A multiplicative walk visits every passage once an epoch without a stored permutation.
    int passage = usable[walk(usable.length, number % usable.length, seed + epoch)];
    String text = store.passage(passage).text();
    List<Span> units = units(text);
    Span unit = units.get(CounterRandom.below(units.size(), key, 0));
    boolean removed = CounterRandom.uniform(key, 1) < REMOVED;
    int[] query = model.tokenizer().ids(unit.of(text));
    String rest =
        removed ? text.substring(0, unit.start()) + " " + text.substring(unit.end()) : text;
    return new Pair(passage, query, model.tokenizer().ids(rest), removed);
  }

  private static int walk(int n, long i, long seed) {
    long stride = 1L + CounterRandom.below(n, CounterRandom.key(seed, n), 0);
    while (gcd(stride, n) != 1) {
      stride++;
    }
    return (int) (i * stride % n);
  }

  private static long gcd(long a, long b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  /**
   * logits = Q D^T, loss = mean over i of -log softmax(logits_i)_i: the other passages of the batch
   * are the wrong ones.
   *
   * @param queries {@code [batch, projection]}
   * @param passages {@code [batch, projection]}
   */
  public static Tensor loss(Session s, Tensor queries, Tensor passages) {
    int n = queries.rows();
    int[] q = new int[n * n];
    int[] d = new int[n * n];
    int[] groups = new int[n + 1];
    float[] weights = new float[n * n];
    for (int i = 0; i < n; i++) {
      groups[i + 1] = (i + 1) * n;
      weights[i * n + i] = -1f / n;
      for (int j = 0; j < n; j++) {
        q[i * n + j] = i;
        d[i * n + j] = j;
      }
    }
    return s.weightedSum(s.logSoftmax(s.innerProducts(queries, passages, q, d), groups), weights);
  }

  /** Told the loss of each step. */
  @FunctionalInterface
  public interface Listener {
    void step(int step, double loss);
  }

  /** Trains the retriever's towers in place. */
  public void run(Settings settings, Session session, Listener listener) {
    Optimizer optimizer =
        new Optimizer(
            OptimizerSettings.adamW(),
            List.of(
                new Optimizer.Group(model.retrieverTrunk(), settings.trunk()),
                new Optimizer.Group(model.retrieverHead(), settings.projection())));
    for (int step = 0; step < settings.steps(); step++) {
      List<InputSequence> queries = new ArrayList<>();
      List<InputSequence> passages = new ArrayList<>();
      for (int b = 0; b < settings.batch(); b++) {
        Pair pair = pair(settings.seed(), (long) step * settings.batch() + b);
        queries.add(model.query(pair.query()));
        passages.add(model.document(store.titleIds(pair.passage()), pair.rest()));
      }
      double value;
      try (Tape tape = session.record()) {
        Tensor loss =
            loss(
                session,
                model.queries().embed(session, TokenBatch.of(queries), null),
                model.documents().embed(session, TokenBatch.of(passages), null));
        value = loss.scalar();
        session.backward(loss);
      }
      optimizer.step(session, RAMP_UP.at(step));
      listener.step(step, value);
    }
  }
}
