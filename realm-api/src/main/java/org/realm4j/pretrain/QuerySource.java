package org.realm4j.pretrain;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.CounterRandom;
import org.realm4j.text.Entity;
import org.realm4j.text.EntityTagger;
import org.realm4j.text.SentenceSplitter;
import org.realm4j.text.Span;
import org.realm4j.text.WordPiece;
import org.realm4j.train.RandomStream;

/**
 * The sentences of a corpus that can be masked, and the order in which they come. A draw is a pure
 * function of (seed, number of the draw): passages in a new permutation each epoch, one span of the
 * passage chosen uniformly. Immutable, thread-safe.
 *
 * <p>A span is left out if it has no wordpiece of its own, more than {@value #MAX_MASKS}, would be
 * cut off by the query limit, or stands a second time in its sentence, which would tell it.
 */
public final class QuerySource {
  /** Wordpieces of a masked span at most, as in the released code. */
  public static final int MAX_MASKS = 10;

  private final PassageStore store;
  private final WordPiece tokenizer;
  private final int queryLimit;
  private final Masking masking;
  // Passage passages[i] has spans first[i] to first[i + 1]; a span is 4 offsets into its text:
  // sentence start and end, span start and end.
  private final int[] passages;
  private final int[] first;
  private final int[] spans;
  // The permutation asked for last: thousands of draws in a row ask for the same one.
  private volatile @Nullable Order lastOrder;

  private QuerySource(
      PassageStore store,
      WordPiece tokenizer,
      int queryLimit,
      Masking masking,
      int[] passages,
      int[] first,
      int[] spans) {
    this.store = store;
    this.tokenizer = tokenizer;
    this.queryLimit = queryLimit;
    this.masking = masking;
    this.passages = passages;
    this.first = first;
    this.spans = spans;
  }

  /**
   * Finds everything in a corpus that can be masked.
   *
   * @throws RealmException.BadInput if there is nothing
   */
  public static QuerySource of(
      PassageStore store,
      WordPiece tokenizer,
      EntityTagger tagger,
      Masking masking,
      int queryLimit) {
    IntArrayList passages = new IntArrayList();
    IntArrayList first = new IntArrayList(new int[] {0});
    IntArrayList spans = new IntArrayList();
    for (int p = 0; p < store.size(); p++) {
      String text = store.passage(p).text();
      int before = spans.size();
      List<Entity> entities = masking == Masking.SALIENT_SPAN ? tagger.tag(text) : List.of();
      for (Span sentence : SentenceSplitter.split(text)) {
        collect(text, sentence, entities, tokenizer, masking, queryLimit, spans);
      }
      if (spans.size() > before) {
        passages.add(p);
        first.add(spans.size() / 4);
      }
    }
    if (passages.isEmpty()) {
      throw new RealmException.BadInput(
          "corpus of "
              + store.size()
              + " passages: expected sentences with something to mask ("
              + masking
              + "), found none");
    }
    return new QuerySource(
        store,
        tokenizer,
        queryLimit,
        masking,
        passages.toIntArray(),
        first.toIntArray(),
        spans.toIntArray());
  }

  private static void collect(
      String text,
      Span sentence,
      List<Entity> entities,
      WordPiece tokenizer,
      Masking masking,
      int queryLimit,
      IntArrayList spans) {
    if (masking != Masking.SALIENT_SPAN) {
      if (tokenizer.encode(sentence.of(text)).size() > 1) {
        add(spans, sentence, sentence);
      }
      return;
    }
    WordPiece.@Nullable Encoding tokens = null;
    for (Entity e : entities) {
      if (sentence.contains(e.span())) {
        if (tokens == null) {
          tokens = tokenizer.encode(sentence.of(text));
        }
        int from = e.span().start() - sentence.start();
        if (fits(text, sentence, e.span())
            && usable(covered(tokens, from, from + e.span().length()), queryLimit)) {
          add(spans, sentence, e.span());
        }
      }
    }
  }

  private static void add(IntArrayList spans, Span sentence, Span span) {
    spans.add(sentence.start());
    spans.add(sentence.end());
    spans.add(span.start());
    spans.add(span.end());
  }

  /** Whether the span stands only once in its sentence. */
  private static boolean fits(String text, Span sentence, Span span) {
    String s = sentence.of(text);
    String what = span.of(text);
    int found = s.indexOf(what);
    return found == span.start() - sentence.start() && s.indexOf(what, found + 1) < 0;
  }

  private static boolean usable(int[] masked, int queryLimit) {
    return masked.length > 0
        && masked.length <= MAX_MASKS
        && masked[masked.length - 1] < queryLimit - 2;
  }

  /** Tokens that lie entirely inside of the range. */
  private static int[] covered(WordPiece.Encoding tokens, int from, int to) {
    IntArrayList inside = new IntArrayList();
    for (int t = 0; t < tokens.size(); t++) {
      if (tokens.starts()[t] >= from && tokens.ends()[t] <= to) {
        inside.add(t);
      }
    }
    return inside.toIntArray();
  }

  /** Passages that have something to mask. */
  public int size() {
    return passages.length;
  }

  /** Spans, or sentences for random masking, over all passages. */
  public int spans() {
    return spans.length / 4;
  }

  /** What is chosen from, in a few words: the same for the same choice, but not only for it. */
  String describe() {
    return "%s, %,d spans of %,d passages, number %d"
        .formatted(masking, spans(), size(), Arrays.hashCode(passages) ^ Arrays.hashCode(spans));
  }

  /**
   * Splits off a share of the passages. Passages of one title, such as the readings of one story,
   * fall to the same side.
   *
   * @param share of the passages that are held out, in (0, 1)
   * @return what stays, and what is held out
   */
  public List<QuerySource> split(float share, long seed) {
    IntArrayList stay = new IntArrayList();
    IntArrayList out = new IntArrayList();
    int key = RandomStream.EVALUATION.key(seed, 0);
    for (int i = 0; i < passages.length; i++) {
      var passage = store.passage(passages[i]);
      String group = passage.title().isEmpty() ? passage.id() : passage.title();
      (CounterRandom.uniform(key, group.hashCode()) < share ? out : stay).add(i);
    }
    if (stay.isEmpty() || out.isEmpty()) {
      throw new RealmException.BadInput(
          "held-out share "
              + share
              + " of "
              + passages.length
              + " passages: expected both parts to have some, found "
              + stay.size()
              + " and "
              + out.size());
    }
    return List.of(subset(stay), subset(out));
  }

  /** Only the spans that another passage holds; this whole source if there are none. */
  public QuerySource heldElsewhere(SpanOccurrences occurrences) {
    IntArrayList p = new IntArrayList();
    IntArrayList f = new IntArrayList(new int[] {0});
    IntArrayList s = new IntArrayList();
    for (int i = 0; i < passages.length; i++) {
      for (int span = first[i]; span < first[i + 1]; span++) {
        MaskedQuery q = query(i, span, 0);
        if (occurrences.passagesWith(q.targets(), q.passage()).length > 0) {
          s.addElements(s.size(), spans, 4 * span, 4);
        }
      }
      if (s.size() / 4 > f.getInt(f.size() - 1)) {
        p.add(passages[i]);
        f.add(s.size() / 4);
      }
    }
    if (p.isEmpty()) {
      return this;
    }
    return new QuerySource(
        store, tokenizer, queryLimit, masking, p.toIntArray(), f.toIntArray(), s.toIntArray());
  }

  private QuerySource subset(IntArrayList chosen) {
    int[] p = new int[chosen.size()];
    IntArrayList f = new IntArrayList(new int[] {0});
    IntArrayList s = new IntArrayList();
    for (int i = 0; i < p.length; i++) {
      int from = chosen.getInt(i);
      p[i] = passages[from];
      s.addElements(s.size(), spans, 4 * first[from], 4 * (first[from + 1] - first[from]));
      f.add(s.size() / 4);
    }
    return new QuerySource(
        store, tokenizer, queryLimit, masking, p, f.toIntArray(), s.toIntArray());
  }

  /**
   * The n-th query of a run.
   *
   * @param seed of the run
   * @param number from 0
   */
  public MaskedQuery draw(long seed, long number) {
    long epoch = number / passages.length;
    int place = (int) (number % passages.length);
    int passage = order(seed, epoch)[place];
    int count = first[passage + 1] - first[passage];
    int span = first[passage] + CounterRandom.below(count, RandomStream.SPAN.key(seed, number), 0);
    return query(passage, span, RandomStream.MASK.key(seed, number));
  }

  /** Queries 0 to count - 1 of a run with this seed, at most one a passage. */
  public List<MaskedQuery> sample(int count, long seed) {
    List<MaskedQuery> queries = new ArrayList<>();
    for (int i = 0; i < Math.min(count, size()); i++) {
      queries.add(draw(seed, i));
    }
    return queries;
  }

  private MaskedQuery query(int passage, int span, int maskKey) {
    String text = store.passage(passages[passage]).text();
    String sentence = text.substring(spans[4 * span], spans[4 * span + 1]);
    WordPiece.Encoding tokens = tokenizer.encode(sentence);
    int from = spans[4 * span + 2] - spans[4 * span];
    int to = spans[4 * span + 3] - spans[4 * span];
    int limit = Math.min(tokens.size(), queryLimit - 2);
    int[] masked =
        switch (masking) {
          case SALIENT_SPAN -> covered(tokens, from, to);
          case RANDOM_TOKENS -> randomTokens(limit, maskKey);
          case RANDOM_SPAN -> randomSpan(tokens, limit, maskKey);
        };
    int[] ids = tokens.ids().clone();
    int[] targets = new int[masked.length];
    for (int j = 0; j < masked.length; j++) {
      targets[j] = ids[masked[j]];
      ids[masked[j]] = tokenizer.vocabulary().mask();
    }
    return new MaskedQuery(passages[passage], ids, masked, targets, sentence);
  }

  private static int[] randomTokens(int limit, int key) {
    IntArrayList chosen = new IntArrayList();
    for (int t = 0; t < limit && chosen.size() < MAX_MASKS; t++) {
      if (CounterRandom.uniform(key, t) < 0.15f) {
        chosen.add(t);
      }
    }
    if (chosen.isEmpty()) {
      chosen.add(CounterRandom.below(limit, key, limit));
    }
    return chosen.toIntArray();
  }

  private int[] randomSpan(WordPiece.Encoding tokens, int limit, int key) {
    IntArrayList words = new IntArrayList(); // where they begin, and the end of the last one
    for (int t = 0; t < limit; t++) {
      if (t == 0 || !continues(tokens.ids()[t])) {
        words.add(t);
      }
    }
    words.add(limit);
    int first = CounterRandom.below(words.size() - 1, key, 100);
    int last = Math.min(first + spanLength(CounterRandom.uniform(key, 1)), words.size() - 1);
    int from = words.getInt(first);
    while (last > first + 1 && words.getInt(last) - from > MAX_MASKS) {
      last--; // whole words: those that do not fit are left out
    }
    int[] chosen = new int[Math.min(words.getInt(last) - from, MAX_MASKS)];
    Arrays.setAll(chosen, i -> from + i);
    return chosen;
  }

  /** Geometric with p = 0.2 among 1 to 10 words, 3.8 on average. */
  static int spanLength(float uniform) {
    double u = uniform * (1 - StrictMath.pow(0.8, 10));
    return 1 + (int) (StrictMath.log(1 - u) / StrictMath.log(0.8));
  }

  private boolean continues(int id) {
    return tokenizer.vocabulary().token(id).startsWith("##");
  }

  private int[] order(long seed, long epoch) {
    int key = RandomStream.SHUFFLE.key(seed, epoch);
    Order order = lastOrder;
    if (order == null || order.key != key) {
      order = new Order(key, CounterRandom.permutation(passages.length, key));
      lastOrder = order;
    }
    return order.passages;
  }

  private record Order(int key, int[] passages) {}
}
