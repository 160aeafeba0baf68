package org.realm4j.corpus;

import java.util.List;
import java.util.function.Consumer;
import org.realm4j.text.Passage;

/** Passages in memory. */
record ListCorpus(List<Passage> passages) implements Corpus {

  ListCorpus {
    passages = List.copyOf(passages);
    DistinctIds ids = new DistinctIds("list of " + passages.size() + " passages", "position");
    long position = 0;
    for (Passage passage : passages) {
      ids.add(passage.id(), ++position);
    }
  }

  @Override
  public void forEach(Consumer<Passage> consumer) {
    passages.forEach(consumer);
  }

  @Override
  public String describe() {
    return "list of " + passages.size() + " passages";
  }
}
