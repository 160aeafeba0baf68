package org.realm4j.retrieval;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.io.RealmException;
import org.realm4j.nn.RealmModel;
import org.realm4j.tensor.Session;
import org.realm4j.text.Passage;

/**
 * Passages and the vector of each, as they are held to train with.
 *
 * @param vectors {@code [passages, projection]}
 */
public record EmbeddedCorpus(PassageStore store, float[] vectors) {
  /**
   * The same with some passages removed and others added behind those that are left. Only what is
   * new is split and embedded.
   *
   * @param dir where the new store is published; it is the caller's to close
   * @param removed ids; a passage that was split goes with all its parts
   * @throws RealmException.BadInput if an id to be removed is not there, one to be added is, or
   *     nothing would be left
   */
  public EmbeddedCorpus with(
      Path dir,
      RealmModel model,
      Session session,
      List<Passage> added,
      Collection<String> removed) {
    BitSet gone = new BitSet();
    removed.forEach(id -> remove(id, gone));
    int[] left = IntStream.range(0, store.size()).filter(i -> !gone.get(i)).toArray();
    if (left.length == 0 && added.isEmpty()) {
      throw new RealmException.BadInput("corpus: expected a passage to be left, found none");
    }
    PassageStore.Selection kept = new PassageStore.Selection(store, left);
    PassageStore changed;
    if (added.isEmpty()) {
      changed = PassageStore.select(dir.resolve("corpus"), List.of(kept), store.source());
    } else {
      try (PassageStore fresh =
          PassageStore.build(
              dir.resolve("added"), Corpus.of(added), model.tokenizer(), store.limit())) {
        added.forEach(passage -> refuseKnown(passage.id(), gone));
        fresh.passages().forEach(part -> refuseKnown(part.id(), gone));
        int[] all = IntStream.range(0, fresh.size()).toArray();
        changed =
            PassageStore.select(
                dir.resolve("corpus"),
                List.of(kept, new PassageStore.Selection(fresh, all)),
                store.source());
      }
    }
    try {
      return new EmbeddedCorpus(changed, vectors(changed, left, model, session));
    } catch (RuntimeException | Error e) {
      changed.close();
      throw e;
    }
  }

  private void remove(String id, BitSet gone) {
    if (!holds(id, gone)) {
      throw new RealmException.BadInput(
          "passage '%s': expected one of the corpus, found none".formatted(id));
    }
    for (int number : store.partsOf(id)) {
      gone.set(number);
    }
  }

  private boolean holds(String id, BitSet gone) {
    return IntStream.of(store.partsOf(id)).anyMatch(number -> !gone.get(number));
  }

  private void refuseKnown(String id, BitSet gone) {
    if (holds(id, gone)) {
      throw new RealmException.BadInput(
          "passage '%s': expected a new id, found one of the corpus: replace it".formatted(id));
    }
  }

  private float[] vectors(PassageStore changed, int[] left, RealmModel model, Session session) {
    int d = model.config().embedder().projection();
    float[] all = new float[Math.multiplyExact(changed.size(), d)];
    for (int i = 0; i < left.length; i++) {
      System.arraycopy(vectors, left[i] * d, all, i * d, d);
    }
    PassageEmbedder embedder = new PassageEmbedder(model, changed);
    for (int next = left.length; next < changed.size(); ) {
      next = embedder.embedBatch(session, model.documents(), next, changed.size(), all);
    }
    return all;
  }

  /** Whether passages of this id, or parts of one, are there. */
  public boolean holds(String id) {
    return holds(id, new BitSet());
  }
}
