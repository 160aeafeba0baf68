package org.realm4j.retrieval;

import it.unimi.dsi.fastutil.ints.IntList;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.realm4j.corpus.PassageStore;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;

/** Turns passages into vectors, some thousand tokens at a time. */
public final class PassageEmbedder {
  /** Tokens of a packed batch: enough to fill the kernels, little enough to stay in memory. */
  static final int BATCH_TOKENS = 2048;

  private final RealmModel model;
  private final PassageStore store;

  public PassageEmbedder(RealmModel model, PassageStore store) {
    this.model = model;
    this.store = store;
  }

  public InputSequence input(int passage) {
    return model.document(store.titleIds(passage), store.textIds(passage));
  }

  /**
   * Embeds passages from {@code from} on, at least one, until a batch of tokens is full or {@code
   * to} is reached.
   *
   * @param tower a document tower, often a snapshot
   * @param vectors {@code [passages, projection]}; rows from {@code from} on are written
   * @return the first passage that was not embedded
   */
  public int embedBatch(Session session, Embedder tower, int from, int to, float[] vectors) {
    List<InputSequence> batch = batch(from, to, i -> i);
    try (Tape tape = session.infer()) {
      float[] rows = tower.embed(session, TokenBatch.of(batch), null).toArray();
      System.arraycopy(rows, 0, vectors, from * tower.config().projection(), rows.length);
    }
    return from + batch.size();
  }

  /** The i-th passages from {@code from} on, at least one, until there are enough tokens. */
  private List<InputSequence> batch(int from, int to, IntUnaryOperator passage) {
    List<InputSequence> batch = new ArrayList<>();
    int tokens = 0;
    for (int next = from; next < to; next++) {
      InputSequence input = input(passage.applyAsInt(next));
      if (!batch.isEmpty() && tokens + input.length() > BATCH_TOKENS) {
        break;
      }
      batch.add(input);
      tokens += input.length();
    }
    return batch;
  }

  /** All passages at once. {@code [passages, projection]} */
  public float[] embedAll(Session session, Embedder tower, Progress progress) {
    float[] vectors = new float[Math.multiplyExact(store.size(), tower.config().projection())];
    for (int next = 0; next < store.size(); ) {
      next = embedBatch(session, tower, next, store.size(), vectors);
      progress.at(next, store.size());
    }
    return vectors;
  }

  /** Some passages, without gradients or dropout. {@code [passages, projection]} */
  public float[] embed(Session session, Embedder tower, IntList chosen) {
    int d = tower.config().projection();
    float[] vectors = new float[Math.multiplyExact(chosen.size(), d)];
    for (int i = 0; i < chosen.size(); ) {
      List<InputSequence> batch = batch(i, chosen.size(), chosen::getInt);
      try (Tape tape = session.infer()) {
        float[] rows = tower.embed(session, TokenBatch.of(batch), null).toArray();
        System.arraycopy(rows, 0, vectors, i * d, rows.length);
      }
      i += batch.size();
    }
    return vectors;
  }

  /** All passages, some at a time: nothing of them stays in memory. */
  public void embedAll(Session session, Embedder tower, VectorSink sink, Progress progress) {
    for (int next = 0; next < store.size(); ) {
      List<InputSequence> batch = batch(next, store.size(), i -> i);
      try (Tape tape = session.infer()) {
        sink.put(tower.embed(session, TokenBatch.of(batch), null).toArray(), batch.size());
      }
      next += batch.size();
      progress.at(next, store.size());
    }
  }

  /** Told how far an embedding has come. */
  @FunctionalInterface
  public interface Progress {
    Progress NONE = (done, all) -> {};

    void at(int done, int all);
  }
}
