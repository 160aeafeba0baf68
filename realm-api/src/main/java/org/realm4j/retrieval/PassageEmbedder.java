package org.realm4j.retrieval;

import java.util.ArrayList;
import java.util.List;
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
    List<InputSequence> batch = new ArrayList<>();
    int tokens = 0;
    int next = from;
    while (next < to) {
      InputSequence input = input(next);
      if (!batch.isEmpty() && tokens + input.length() > BATCH_TOKENS) {
        break;
      }
      batch.add(input);
      tokens += input.length();
      next++;
    }
    try (Tape tape = session.infer()) {
      float[] rows = tower.embed(session, TokenBatch.of(batch), null).toArray();
      System.arraycopy(rows, 0, vectors, from * tower.config().projection(), rows.length);
    }
    return next;
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

  /** Told how far an embedding has come. */
  @FunctionalInterface
  public interface Progress {
    Progress NONE = (done, all) -> {};

    void at(int done, int all);
  }
}
