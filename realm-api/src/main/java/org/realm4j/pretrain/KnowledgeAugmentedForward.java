package org.realm4j.pretrain;

import it.unimi.dsi.fastutil.ints.Int2IntLinkedOpenHashMap;
import it.unimi.dsi.fastutil.ints.Int2IntOpenHashMap;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.DropoutPlan;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.retrieval.MipsIndex;
import org.realm4j.retrieval.PassageEmbedder;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;
import org.realm4j.train.RandomStream;

/**
 * One forward pass of REALM (figure 2): masked queries are embedded, passages retrieved, both
 * encoded again with the parameters of now, and the masked tokens predicted from each candidate.
 * The index only selects; it is never part of the loss.
 */
final class KnowledgeAugmentedForward {
  /** The candidate that stands for the null document. */
  static final int NULL_DOCUMENT = -1;

  private final RealmModel model;
  private final PassageStore store;
  private final PassageEmbedder passages;

  KnowledgeAugmentedForward(RealmModel model, PassageStore store) {
    this.model = model;
    this.store = store;
    this.passages = new PassageEmbedder(model, store);
  }

  /**
   * How one pass is run.
   *
   * @param candidates K, the null document included
   * @param overRetrieve passages that the index gives before the best are taken by fresh vectors;
   *     if no more than K - 1, the order of the index stands
   * @param retrieverGradient whether the towers are trained; otherwise scores come from the index
   * @param dropout 0 outside of training; what is dropped follows from seed, step, example
   * @param firstExample the number of the first query within its batch
   */
  record Settings(
      int candidates,
      int overRetrieve,
      Marginal marginal,
      boolean retrieverGradient,
      float dropout,
      long seed,
      long step,
      int firstExample) {}

  /**
   * @param candidates passages of each query, the null document first. {@code [queries][K]}
   * @param states at the masked tokens, ordered by query, candidate, token
   * @param tokens that went through a network
   */
  record Result(MarginalLikelihood likelihood, int[][] candidates, Tensor states, long tokens) {}

  Result run(Session s, List<MaskedQuery> queries, KnowledgeIndex index, Settings settings) {
    List<InputSequence> inputs = queries.stream().map(q -> model.query(q.ids())).toList();
    TokenBatch queryBatch = TokenBatch.of(inputs);
    Tensor queryVectors; // [queries, projection]
    if (settings.retrieverGradient()) {
      queryVectors =
          model
              .queries()
              .embed(
                  s,
                  queryBatch,
                  dropout(
                      settings, RandomStream.QUERY_DROPOUT, examples(queries.size(), 1, settings)));
    } else {
      queryVectors = detachedQueries(s, queryBatch);
    }
    int[][] candidates = candidates(s, queries, queryVectors.toArray(), index, settings);
    IntArrayList distinct = new IntArrayList();
    int[] rows = vectorRows(candidates, distinct);
    List<InputSequence> documents = new ArrayList<>();
    distinct.forEach(p -> documents.add(passages.input(p)));
    Tensor documentVectors = // [1 + distinct, projection], the null document first
        settings.retrieverGradient()
            ? model.withNullDocument(
                s, documents, dropout(settings, RandomStream.DOCUMENT_DROPOUT, byPassage(distinct)))
            : fromIndex(s, distinct, index);
    Joint joint = joint(queries, candidates);
    CandidateReading reading =
        CandidateReading.of(
            s,
            model.encoder(),
            queryVectors,
            documentVectors,
            new CandidateReading.Candidates(
                settings.candidates(),
                rows,
                joint.batch,
                joint.rows,
                joint.targets,
                queries.stream().mapToInt(q -> q.masked().length).toArray()),
            settings.marginal(),
            dropout(
                settings,
                RandomStream.ENCODER_DROPOUT,
                examples(queries.size(), settings.candidates(), settings)));
    long through = joint.batch.tokens();
    if (settings.retrieverGradient()) {
      through += queryBatch.tokens() + documents.stream().mapToInt(InputSequence::length).sum();
    }
    return new Result(reading.likelihood(), candidates, reading.states(), through);
  }

  private static @Nullable DropoutPlan dropout(
      Settings settings, RandomStream stream, int[] examples) {
    return settings.dropout() == 0
        ? null
        : new DropoutPlan(
            settings.dropout(), stream.key(settings.seed(), settings.step()), examples);
  }

  private static int[] examples(int queries, int perQuery, Settings settings) {
    int[] examples = new int[queries * perQuery];
    Arrays.setAll(examples, i -> settings.firstExample() * perQuery + i);
    return examples;
  }

  /** By number of the passage, so that the parts of a batch drop what the whole batch drops. */
  private static int[] byPassage(IntArrayList distinct) {
    int[] examples = new int[1 + distinct.size()]; // the null document first
    Arrays.setAll(examples, i -> i == 0 ? 0 : 1 + distinct.getInt(i - 1));
    return examples;
  }

  private Tensor detachedQueries(Session s, TokenBatch batch) {
    int dimension = model.config().embedder().projection();
    float[] values;
    try (var tape = s.infer()) {
      values = model.queries().embed(s, batch, null).toArray();
    }
    return s.constant(values, batch.sequences(), dimension);
  }

  private Tensor fromIndex(Session s, IntArrayList distinct, KnowledgeIndex index) {
    int d = index.dimension();
    float[] values = new float[(1 + distinct.size()) * d];
    try (var tape = s.infer()) {
      float[] empty = model.withNullDocument(s, List.of(), null).toArray();
      System.arraycopy(empty, 0, values, 0, d);
    }
    for (int i = 0; i < distinct.size(); i++) {
      System.arraycopy(index.vectors(), distinct.getInt(i) * d, values, (1 + i) * d, d);
    }
    return s.constant(values, 1 + distinct.size(), d);
  }

  private int[][] candidates(
      Session s,
      List<MaskedQuery> queries,
      float[] vectors,
      KnowledgeIndex index,
      Settings settings) {
    int k = settings.candidates();
    int[] own = queries.stream().mapToInt(MaskedQuery::passage).toArray();
    if (index.size() < k) {
      throw new RealmException.BadInput(
          "corpus: expected at least "
              + k
              + " passages for "
              + k
              + " candidates, found "
              + index.size());
    }
    int[][] candidates = new int[own.length][k];
    MipsIndex.Hits[] hits = k == 1 ? null : retrieve(s, vectors, own, index, settings);
    for (int b = 0; b < own.length; b++) {
      candidates[b][0] = NULL_DOCUMENT;
      if (hits != null) {
        System.arraycopy(hits[b].rows(), 0, candidates[b], 1, k - 1);
      }
    }
    return candidates;
  }

  private MipsIndex.Hits[] retrieve(
      Session s, float[] vectors, int[] own, KnowledgeIndex index, Settings settings) {
    int wanted = settings.candidates() - 1;
    if (settings.overRetrieve() <= wanted) {
      return index.search(vectors, own, wanted);
    }
    int some = Math.min(settings.overRetrieve(), index.size() - 1);
    MipsIndex.Hits[] stale = index.search(vectors, own, some);
    IntArrayList distinct = new IntArrayList();
    Int2IntOpenHashMap at = new Int2IntOpenHashMap();
    for (MipsIndex.Hits hits : stale) {
      for (int passage : hits.rows()) {
        if (!at.containsKey(passage)) {
          at.put(passage, distinct.size());
          distinct.add(passage);
        }
      }
    }
    int d = index.dimension();
    float[] fresh = passages.embed(s, model.documents(), distinct);
    for (int q = 0; q < stale.length; q++) {
      float[] scores = new float[stale[q].rows().length];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = dot(vectors, q * d, fresh, at.get(stale[q].rows()[i]) * d, d);
      }
      stale[q] = reordered(stale[q].rows(), scores);
    }
    return stale;
  }

  private static float dot(float[] a, int aAt, float[] b, int bAt, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += (double) a[aAt + i] * b[bAt + i];
    }
    return (float) sum;
  }

  /** Best first; equal ones as the index had them. */
  private static MipsIndex.Hits reordered(int[] rows, float[] scores) {
    int[] order =
        IntStream.range(0, rows.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -scores[i]))
            .mapToInt(i -> i)
            .toArray();
    float[] sorted = new float[scores.length];
    for (int i = 0; i < sorted.length; i++) {
      sorted[i] = scores[order[i]];
    }
    return new MipsIndex.Hits(Arrays.stream(order).map(i -> rows[i]).toArray(), sorted);
  }

  /**
   * Each passage is embedded once, however many queries retrieved it; row 0 is the null document.
   */
  private static int[] vectorRows(int[][] candidates, IntArrayList distinct) {
    Int2IntLinkedOpenHashMap rowOf = new Int2IntLinkedOpenHashMap();
    rowOf.put(NULL_DOCUMENT, 0);
    int k = candidates[0].length;
    int[] rows = new int[candidates.length * k];
    for (int i = 0; i < rows.length; i++) {
      int passage = candidates[i / k][i % k];
      if (!rowOf.containsKey(passage)) {
        rowOf.put(passage, rowOf.size());
        distinct.add(passage);
      }
      rows[i] = rowOf.get(passage);
    }
    return rows;
  }

  /**
   * @param rows of the masked tokens, ordered by query, candidate, token
   */
  record Joint(TokenBatch batch, int[] rows, int[] targets) {}

  /** The encoder's inputs, [CLS] x [SEP] z [SEP], for each query and candidate. */
  Joint joint(List<MaskedQuery> queries, int[][] candidates) {
    List<InputSequence> sequences = new ArrayList<>();
    IntArrayList rows = new IntArrayList();
    IntArrayList targets = new IntArrayList();
    int offset = 0;
    for (int b = 0; b < queries.size(); b++) {
      MaskedQuery q = queries.get(b);
      for (int passage : candidates[b]) {
        int[] body = passage == NULL_DOCUMENT ? new int[0] : store.textIds(passage);
        InputSequence sequence = model.joint(q.ids(), body);
        sequences.add(sequence);
        for (int j = 0; j < q.masked().length; j++) {
          rows.add(offset + q.position(j));
          targets.add(q.targets()[j]);
        }
        offset += sequence.length();
      }
    }
    return new Joint(TokenBatch.of(sequences), rows.toIntArray(), targets.toIntArray());
  }
}
