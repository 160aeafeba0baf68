package org.realm4j.pretrain;

import it.unimi.dsi.fastutil.ints.Int2ObjectOpenHashMap;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import org.jspecify.annotations.Nullable;
import org.realm4j.corpus.PassageStore;
import org.realm4j.text.Vocabulary;

/**
 * Which passages hold a span, compared as wordpieces of their text, whole words only; titles do not
 * count, since the encoder does not see them. Immutable, thread-safe.
 */
public final class SpanOccurrences {
  private final PassageStore store;
  private final boolean[] continues;
  private final Int2ObjectOpenHashMap<IntArrayList> passagesOf = new Int2ObjectOpenHashMap<>();

  public SpanOccurrences(PassageStore store, Vocabulary vocabulary) {
    this.store = store;
    continues = new boolean[vocabulary.size()];
    for (int id = 0; id < continues.length; id++) {
      continues[id] = vocabulary.token(id).startsWith("##");
    }
    for (int p = 0; p < store.size(); p++) {
      for (int id : store.textIds(p)) {
        IntArrayList list = passagesOf.computeIfAbsent(id, k -> new IntArrayList(2));
        if (list.isEmpty() || list.getInt(list.size() - 1) != p) {
          list.add(p);
        }
      }
    }
  }

  /** Whether the passage's text holds the span. */
  public boolean contains(int passage, int[] span) {
    return find(store.textIds(passage), span);
  }

  private boolean find(int[] text, int[] span) {
    for (int i = 0; i + span.length <= text.length; i++) {
      int j = 0;
      while (j < span.length && text[i + j] == span[j]) {
        j++;
      }
      if (j == span.length && (i + j == text.length || !continues[text[i + j]])) {
        return true;
      }
    }
    return false;
  }

  /** All passages but {@code own} that hold the span, ascending. */
  public int[] passagesWith(int[] span, int own) {
    IntArrayList found = new IntArrayList();
    IntArrayList rarest = rarest(span);
    if (rarest != null) {
      for (int p : rarest) {
        if (p != own && contains(p, span)) {
          found.add(p);
        }
      }
    }
    return found.toIntArray();
  }

  private @Nullable IntArrayList rarest(int[] span) {
    IntArrayList best = null;
    for (int id : span) {
      IntArrayList list = passagesOf.get(id);
      if (list == null) {
        return null;
      }
      if (best == null || list.size() < best.size()) {
        best = list;
      }
    }
    return best;
  }
}
